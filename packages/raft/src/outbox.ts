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
import type { RaftMessage } from './messages.js';

/** Everything that waits to be taken. */
export class Outbox {
  sendNow: RaftMessage[] = [];
  sendAfterSave: RaftMessage[] = [];
  committed: Entry[] = [];
  reads: ReadReady[] = [];
  refused: Refusal[] = [];
  snapshots: SnapshotWork<RaftMessage>[] = [];
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
  take(save: DurableWrite | undefined): Effects<RaftMessage> | undefined {
    const nothing =
      save === undefined &&
      this.sendNow.length === 0 &&
      this.sendAfterSave.length === 0 &&
      this.committed.length === 0 &&
      this.reads.length === 0 &&
      this.refused.length === 0 &&
      this.snapshots.length === 0 &&
      this.events.length === 0;
    if (nothing) return undefined;
    const { sendNow, sendAfterSave, committed, reads, refused, snapshots, events } = this;
    this.sendNow = [];
    this.sendAfterSave = [];
    this.committed = [];
    this.reads = [];
    this.refused = [];
    this.snapshots = [];
    this.events = [];
    return { save, sendNow, sendAfterSave, committed, reads, refused, snapshots, events };
  }
}
