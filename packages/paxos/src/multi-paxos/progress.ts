/**
 * What a leader knows of one acceptor, and how it feeds it. `probe` waits for the acceptor's first word, which says
 * where to begin; `replicate` sends ahead without waiting for answers; `snapshot` waits for a snapshot to arrive.
 */
import type { FingerprintBuilder, FingerprintView, LogIndex, Term } from '@synod/core';
import { SlotRanges } from './slot-ranges.js';

/** State of the feeding of one acceptor. */
export type ProgressState = 'probe' | 'replicate' | 'snapshot';

interface Sent {
  readonly from: LogIndex;
  readonly through: LogIndex;
  readonly bytes: number;
}

/** One acceptor as the leader sees it. */
export class Progress {
  state: ProgressState = 'probe';
  /** Through where it knows the decisions, durably. */
  decided: LogIndex = 0;
  nextIndex: LogIndex = 1;
  /** Decided index of the latest accept message. */
  sentDecided: LogIndex = 0;
  /** Latest read round that it answered. */
  answeredRound = 0;
  /** Ticks since it was last heard. */
  silentTicks = 0;
  /** Highest ballot above the leader's that it said it had promised. */
  promisedAbove: Term = 0;
  /** A round of heartbeats before which everything through `markedThrough` was sent; 0 when none is marked. */
  markedRound = 0;
  markedThrough: LogIndex = 0;
  /** Slots with a durable vote of the leader's ballot. */
  #accepted = new SlotRanges();
  #inFlight: Sent[] = [];
  #inFlightBytes = 0;

  clone(): Progress {
    const copy = new Progress();
    Object.assign(copy, this);
    copy.#accepted = this.#accepted.clone();
    copy.#inFlight = [...this.#inFlight];
    copy.#inFlightBytes = this.#inFlightBytes;
    return copy;
  }

  /** Folds in all that can influence how the acceptor is fed and its votes are counted. */
  addTo(digest: FingerprintBuilder, view: FingerprintView): void {
    digest.text(this.state).number(this.decided).number(this.nextIndex).number(this.sentDecided);
    digest.number(this.answeredRound).number(this.promisedAbove);
    digest.number(this.markedRound).number(this.markedThrough);
    if (view.untimed !== true) digest.number(this.silentTicks);
    digest.number(this.#accepted.ranges.length);
    for (const { from, through } of this.#accepted.ranges) digest.number(from).number(through);
    digest.number(this.#inFlight.length);
    for (const { from, through, bytes } of this.#inFlight) digest.number(from).number(through).number(bytes);
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** Through where it holds everything durably. */
  get matchIndex(): LogIndex {
    return this.#accepted.runFrom(this.decided + 1);
  }

  /** Whether it voted in a slot, durably and in the leader's ballot. */
  hasAccepted(slot: LogIndex): boolean {
    return this.#accepted.has(slot);
  }

  /** Through where it voted, durably and in the leader's ballot, in every slot after one. */
  votedThrough(after: LogIndex): LogIndex {
    return this.decided > after ? after : this.#accepted.runFrom(after + 1);
  }

  /** Whether another accept message may leave now. One may always be under way, however large. */
  ready(acceptsInFlightMax: number, bytesInFlightMax: number): boolean {
    return this.#inFlight.length < acceptsInFlightMax && this.#inFlightBytes < bytesInFlightMax;
  }

  /** Notes that values left. */
  sent(from: LogIndex, through: LogIndex, bytes: number): void {
    this.nextIndex = through + 1;
    this.#inFlight.push({ from, through, bytes });
    this.#inFlightBytes += bytes;
  }

  /** Notes votes. */
  accept(from: LogIndex, through: LogIndex): void {
    if (through >= from) this.#accepted.add(from, through);
  }

  /** Notes through where it knows the decisions, and what of the messages in flight was answered by now. */
  settle(decided: LogIndex): void {
    if (decided > this.decided) this.decided = decided;
    this.#accepted.forgetThrough(this.decided);
    if (this.nextIndex <= this.decided) this.nextIndex = this.decided + 1;
    for (let oldest = this.#inFlight[0]; oldest !== undefined; oldest = this.#inFlight[0]) {
      const from = Math.max(oldest.from, this.decided + 1);
      if (oldest.through >= from && this.#accepted.runFrom(from) < oldest.through) return;
      this.#inFlight.shift();
      this.#inFlightBytes -= oldest.bytes;
    }
  }

  /** Its first word in this leadership, or the first one after a snapshot: feeds it from what it lacks on. */
  replicate(): void {
    this.state = 'replicate';
    this.rewind(this.matchIndex + 1);
  }

  /** Sends again from a slot on: what was sent beyond it is taken for lost. */
  rewind(nextIndex: LogIndex): void {
    this.nextIndex = nextIndex;
    this.#inFlight = [];
    this.#inFlightBytes = 0;
    this.markedRound = 0;
  }

  /**
   * It lacks slots from one on, though it may have said otherwise: what it knows to be decided need not be durable, and
   * is forgotten by a restart.
   */
  lackFrom(index: LogIndex): void {
    if (this.decided >= index) this.decided = index - 1;
    this.rewind(index);
  }

  /** Waits for its next word. */
  probe(): void {
    this.state = 'probe';
    this.rewind(this.matchIndex + 1);
  }

  awaitSnapshot(index: LogIndex): void {
    this.state = 'snapshot';
    this.rewind(index + 1);
  }
}
