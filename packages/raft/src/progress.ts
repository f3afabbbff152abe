/**
 * What a leader knows of one follower (Raft §5.3: nextIndex and matchIndex), and how it feeds it:
 * `probe` sends one append and waits, to find where the logs agree; `replicate` streams ahead of the answers; and
 * `snapshot` waits for a snapshot to arrive.
 */
import {
  type FingerprintBuilder,
  type FingerprintView,
  invariant,
  type LogIndex,
  type NodeId,
} from '@synod/core';
import { NumberPairs } from './number-pairs.js';

/** State of the replication to one follower. */
export type ProgressState = 'probe' | 'replicate' | 'snapshot';

/** One follower as the leader sees it. */
export class Progress {
  /** The follower. */
  readonly id: NodeId;
  state: ProgressState = 'probe';
  matchIndex: LogIndex = 0;
  nextIndex: LogIndex;
  /** Whether a probe is out and unanswered. */
  probeSent = false;
  /** Commit index of the latest append or heartbeat sent. */
  sentCommit: LogIndex = 0;
  /** Latest read round that the follower answered. */
  answeredRound = 0;
  /** Heard since the last check of the quorum. */
  heard = true;
  /** Ticks since it was last heard. */
  silentTicks = 0;
  /** Match index at the last heartbeat answer: when it stands still, appends may have been lost. */
  matchAtHeartbeat: LogIndex = 0;
  /** Whether a snapshot that the follower asked for is on its way, while it is fed as before. */
  wishUnderWay = false;
  /** Which replication session this is; answers of another one are not its own (see `AppendEntries.session`). */
  readonly session: number | undefined;
  /** Last index of each unanswered append, oldest first, and its bytes. */
  #inFlight = new NumberPairs();
  #inFlightBytes = 0;

  constructor(id: NodeId, nextIndex: LogIndex, session?: number) {
    this.id = id;
    this.nextIndex = nextIndex;
    this.session = session;
  }

  clone(): Progress {
    const copy = new Progress(this.id, this.nextIndex, this.session);
    Object.assign(copy, this);
    copy.#inFlight = this.#inFlight.clone();
    copy.#inFlightBytes = this.#inFlightBytes;
    return copy;
  }

  /** Folds in all that can influence how the follower is fed. */
  addTo(digest: FingerprintBuilder, view: FingerprintView): void {
    digest.text(this.state).number(this.matchIndex).number(this.nextIndex);
    digest.boolean(this.probeSent).boolean(this.wishUnderWay);
    digest.number(this.sentCommit).number(this.answeredRound).number(this.matchAtHeartbeat);
    if (view.untimed !== true) digest.boolean(this.heard).number(this.silentTicks);
    digest.number(this.session ?? -1).number(this.#inFlight.length);
    for (let each = 0; each < this.#inFlight.length; each++) digest.number(this.#inFlight.first(each));
    for (let each = 0; each < this.#inFlight.length; each++) digest.number(this.#inFlight.second(each));
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** Whether another append may leave now. One may always be under way, however large. */
  ready(appendsInFlightMax: number, bytesInFlightMax: number): boolean {
    switch (this.state) {
      case 'probe':
        return !this.probeSent;
      case 'replicate':
        return this.#inFlight.length < appendsInFlightMax && this.#inFlightBytes < bytesInFlightMax;
      case 'snapshot':
        return false;
    }
  }

  /** Notes that entries through `last` left, so many bytes of them. */
  sent(last: LogIndex, bytes: number): void {
    if (this.state === 'probe') {
      this.probeSent = true;
      return;
    }
    invariant(last >= this.nextIndex, 'a streamed append brings entries that were not sent before');
    this.nextIndex = last + 1;
    this.#inFlight.push(last, bytes);
    this.#inFlightBytes += bytes;
  }

  /** Notes that the follower has everything through `index`. Tells whether that is news. */
  accepted(index: LogIndex): boolean {
    while (this.#inFlight.length > 0 && this.#inFlight.first(0) <= index) {
      this.#inFlightBytes -= this.#inFlight.second(0);
      this.#inFlight.shift();
    }
    if (this.nextIndex <= index) this.nextIndex = index + 1;
    if (index <= this.matchIndex) return false;
    this.matchIndex = index;
    return true;
  }

  probeFrom(nextIndex: LogIndex): void {
    this.state = 'probe';
    this.nextIndex = Math.max(nextIndex, this.matchIndex + 1);
    this.probeSent = false;
    this.#forgetInFlight();
  }

  replicate(): void {
    this.state = 'replicate';
    this.nextIndex = this.matchIndex + 1;
    this.probeSent = false;
    this.#forgetInFlight();
  }

  awaitSnapshot(index: LogIndex): void {
    this.state = 'snapshot';
    this.nextIndex = index + 1;
    this.probeSent = false;
    this.#forgetInFlight();
  }

  #forgetInFlight(): void {
    this.#inFlight.clear();
    this.#inFlightBytes = 0;
  }
}

/** The followers of a leader, in the order in which they came. */
export class Followers {
  readonly #byId = new Map<NodeId, Progress>();
  /** The same: whoever goes through a map is given a new list for each of its entries. */
  #all: Progress[] = [];

  clone(): Followers {
    const copy = new Followers();
    for (const progress of this.#all) copy.add(progress.clone());
    return copy;
  }

  get size(): number {
    return this.#all.length;
  }

  get all(): readonly Progress[] {
    return this.#all;
  }

  get(id: NodeId): Progress | undefined {
    return this.#byId.get(id);
  }

  has(id: NodeId): boolean {
    return this.#byId.has(id);
  }

  /** Feeds another follower from now on. */
  add(progress: Progress): void {
    invariant(!this.#byId.has(progress.id), 'a follower is fed once');
    this.#byId.set(progress.id, progress);
    this.#all.push(progress);
  }

  /** Feeds only those followers from now on that a test lets stay. */
  keep(stays: (id: NodeId) => boolean): void {
    this.#all = this.#all.filter(({ id }) => stays(id));
    for (const id of [...this.#byId.keys()]) if (!stays(id)) this.#byId.delete(id);
  }

  /** Feeds nobody any more. */
  clear(): void {
    this.#byId.clear();
    this.#all = [];
  }
}
