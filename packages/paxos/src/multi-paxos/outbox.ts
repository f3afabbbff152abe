/** Collects the effects of the inputs that were stepped since effects were last taken. */
import type {
  DurableWrite,
  Effects,
  EngineEvent,
  Entry,
  FingerprintBuilder,
  ReadReady,
  Refusal,
  SnapshotWork,
} from '@synod/core';
import type { MultiPaxosMessage } from './messages.js';

const nothing: readonly never[] = Object.freeze([]);

/** Everything that waits to be taken. */
export class Outbox {
  sendNow: MultiPaxosMessage[] = [];
  sendAfterSave: MultiPaxosMessage[] = [];
  committed: Entry[] = [];
  reads: ReadReady[] = [];
  refused: Refusal[] = [];
  snapshots: SnapshotWork<MultiPaxosMessage>[] = [];
  events: EngineEvent[] = [];

  clone(): Outbox {
    const copy = new Outbox();
    copy.sendNow = [...this.sendNow];
    copy.sendAfterSave = [...this.sendAfterSave];
    copy.committed = [...this.committed];
    copy.reads = [...this.reads];
    copy.refused = [...this.refused];
    copy.snapshots = [...this.snapshots];
    copy.events = [...this.events];
    return copy;
  }

  /** Folds in everything that waits. Whoever takes effects before asking for a fingerprint pays for empty lists only. */
  addTo(digest: FingerprintBuilder): void {
    const { sendNow, sendAfterSave, committed, reads, refused, snapshots, events } = this;
    for (const list of [sendNow, sendAfterSave, committed, reads, refused, snapshots, events])
      digest.plain(list);
  }

  /** Hands everything over, with the save that goes with it, and starts empty. */
  take(save: DurableWrite | undefined): Effects<MultiPaxosMessage> | undefined {
    const isEmpty =
      save === undefined &&
      this.sendNow.length === 0 &&
      this.sendAfterSave.length === 0 &&
      this.committed.length === 0 &&
      this.reads.length === 0 &&
      this.refused.length === 0 &&
      this.snapshots.length === 0 &&
      this.events.length === 0;
    if (isEmpty) return undefined;
    const { sendNow, sendAfterSave, committed, reads, refused, snapshots, events } = this;
    // What is empty stays here, so that most turns make a few new lists only.
    if (sendNow.length > 0) this.sendNow = [];
    if (sendAfterSave.length > 0) this.sendAfterSave = [];
    if (committed.length > 0) this.committed = [];
    if (reads.length > 0) this.reads = [];
    if (refused.length > 0) this.refused = [];
    if (snapshots.length > 0) this.snapshots = [];
    if (events.length > 0) this.events = [];
    return {
      save,
      sendNow: sendNow.length > 0 ? sendNow : nothing,
      sendAfterSave: sendAfterSave.length > 0 ? sendAfterSave : nothing,
      committed: committed.length > 0 ? committed : nothing,
      reads: reads.length > 0 ? reads : nothing,
      refused: refused.length > 0 ? refused : nothing,
      snapshots: snapshots.length > 0 ? snapshots : nothing,
      events: events.length > 0 ? events : nothing,
    };
  }
}
