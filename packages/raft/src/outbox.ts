/** Collects the effects of the inputs that were stepped since effects were last taken. */
import type {
  DurableWrite,
  Effects,
  EngineEvent,
  Entry,
  FingerprintBuilder,
  LogIndex,
  ReadReady,
  Refusal,
  SnapshotWork,
} from '@synod/core';
import type { RaftMessage } from './messages.js';

const nothing: readonly never[] = Object.freeze([]);

/** Everything that waits to be taken. */
export class Outbox {
  sendNow: RaftMessage[] = [];
  sendAfterSave: RaftMessage[] = [];
  committed: readonly Entry[] = [];
  reads: ReadReady[] = [];
  refused: Refusal[] = [];
  snapshots: SnapshotWork<RaftMessage>[] = [];
  events: EngineEvent[] = [];

  /** A message that may leave at once. */
  send(message: RaftMessage): void {
    this.sendNow = withItem(this.sendNow, message);
  }

  /** A message that waits for the save that it relies on. */
  sendWhenSaved(message: RaftMessage): void {
    this.sendAfterSave = withItem(this.sendAfterSave, message);
  }

  /** Entries to apply. */
  handOut(entries: readonly Entry[]): void {
    this.committed = this.committed.length === 0 ? entries : [...this.committed, ...entries];
  }

  /** Something that happened. */
  report(event: EngineEvent): void {
    this.events = withItem(this.events, event);
  }

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

  /**
   * Takes acknowledgements back that nobody has sent yet, since entries that they speak of were dropped: when the save
   * that they wait for is durable, the disk holds those entries no more. To their leader they are lost messages.
   */
  withdrawAcknowledgements(from: LogIndex): void {
    if (this.sendAfterSave.length === 0) return;
    this.sendAfterSave = this.sendAfterSave.filter(
      (message) => message.type !== 'appendAccepted' || message.matchIndex < from,
    );
  }

  /** Folds in everything that waits. Whoever takes effects before asking for a fingerprint pays for empty lists only. */
  addTo(digest: FingerprintBuilder): void {
    const { sendNow, sendAfterSave, committed, reads, refused, snapshots, events } = this;
    for (const list of [sendNow, sendAfterSave, committed, reads, refused, snapshots, events])
      digest.plain(list);
  }

  /** Hands everything over, with the save that goes with it, and starts empty. */
  take(save: DurableWrite | undefined): Effects<RaftMessage> | undefined {
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

/** Most turns have one or two of a kind, and a list that is pushed to when it is empty reserves room for seventeen. */
function withItem<Item>(list: Item[], item: Item): Item[] {
  const [first] = list;
  if (first === undefined) return [item];
  if (list.length === 1) return [first, item];
  list.push(item);
  return list;
}
