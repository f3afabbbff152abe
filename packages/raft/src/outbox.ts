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

/** Everything that waits to be taken. What is empty is absent, so that a turn makes only the lists that it fills. */
export class Outbox {
  sendNow: RaftMessage[] | undefined;
  sendAfterSave: RaftMessage[] | undefined;
  committed: readonly Entry[] | undefined;
  reads: ReadReady[] | undefined;
  refused: Refusal[] | undefined;
  snapshots: SnapshotWork<RaftMessage>[] | undefined;
  events: EngineEvent[] | undefined;

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
    this.committed = this.committed === undefined ? entries : [...this.committed, ...entries];
  }

  /** A read whose barrier is through. */
  answer(read: ReadReady): void {
    this.reads = withItem(this.reads, read);
  }

  /** Something that will not be done. */
  refuse(refusal: Refusal): void {
    this.refused = withItem(this.refused, refusal);
  }

  /** A snapshot to send or install. */
  workOn(snapshot: SnapshotWork<RaftMessage>): void {
    this.snapshots = withItem(this.snapshots, snapshot);
  }

  /** Something that happened. */
  report(event: EngineEvent): void {
    this.events = withItem(this.events, event);
  }

  clone(): Outbox {
    const copy = new Outbox();
    copy.sendNow = copyOf(this.sendNow);
    copy.sendAfterSave = copyOf(this.sendAfterSave);
    copy.committed = copyOf(this.committed);
    copy.reads = copyOf(this.reads);
    copy.refused = copyOf(this.refused);
    copy.snapshots = copyOf(this.snapshots);
    copy.events = copyOf(this.events);
    return copy;
  }

  /**
   * Takes acknowledgements back that nobody has sent yet, since entries that they speak of were dropped: when the save
   * that they wait for is durable, the disk holds those entries no more. To their leader they are lost messages.
   */
  withdrawAcknowledgements(from: LogIndex): void {
    const kept = this.sendAfterSave?.filter(
      (message) => message.type !== 'appendAccepted' || message.matchIndex < from,
    );
    this.sendAfterSave = kept?.length === 0 ? undefined : kept;
  }

  /** Folds in everything that waits. Whoever takes effects before asking for a fingerprint pays for empty lists only. */
  addTo(digest: FingerprintBuilder): void {
    const { sendNow, sendAfterSave, committed, reads, refused, snapshots, events } = this;
    for (const list of [sendNow, sendAfterSave, committed, reads, refused, snapshots, events])
      digest.plain(list ?? nothing);
  }

  /** Hands everything over, with the save that goes with it, and starts empty. */
  take(save: DurableWrite | undefined): Effects<RaftMessage> | undefined {
    const { sendNow, sendAfterSave, committed, reads, refused, snapshots, events } = this;
    const isEmpty =
      save === undefined &&
      sendNow === undefined &&
      sendAfterSave === undefined &&
      committed === undefined &&
      reads === undefined &&
      refused === undefined &&
      snapshots === undefined &&
      events === undefined;
    if (isEmpty) return undefined;
    this.sendNow = undefined;
    this.sendAfterSave = undefined;
    this.committed = undefined;
    this.reads = undefined;
    this.refused = undefined;
    this.snapshots = undefined;
    this.events = undefined;
    return {
      save,
      sendNow: sendNow ?? nothing,
      sendAfterSave: sendAfterSave ?? nothing,
      committed: committed ?? nothing,
      reads: reads ?? nothing,
      refused: refused ?? nothing,
      snapshots: snapshots ?? nothing,
      events: events ?? nothing,
    };
  }
}

/** Most turns have one or two of a kind, and a list that is pushed to when it is empty reserves room for seventeen. */
function withItem<Item>(list: Item[] | undefined, item: Item): Item[] {
  if (list === undefined) return [item];
  const [first] = list;
  if (list.length === 1 && first !== undefined) return [first, item];
  list.push(item);
  return list;
}

function copyOf<Item>(list: readonly Item[] | undefined): Item[] | undefined {
  return list === undefined ? undefined : [...list];
}
