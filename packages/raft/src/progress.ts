/**
 * What a leader knows of one follower (Raft §5.3: nextIndex and matchIndex), and how it feeds it:
 * `probe` sends one append and waits, to find where the logs agree; `replicate` streams ahead of the answers; and
 * `snapshot` waits for a snapshot to arrive.
 */
import { type FingerprintBuilder, type FingerprintView, invariant, type LogIndex } from '@synod/core';

/** State of the replication to one follower. */
export type ProgressState = 'probe' | 'replicate' | 'snapshot';

/** One follower as the leader sees it. */
export class Progress {
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
  /** Last index of each unanswered append, oldest first. */
  #inFlight: LogIndex[] = [];

  constructor(nextIndex: LogIndex) {
    this.nextIndex = nextIndex;
  }

  clone(): Progress {
    const copy = new Progress(this.nextIndex);
    Object.assign(copy, this);
    copy.#inFlight = [...this.#inFlight];
    return copy;
  }

  /** Folds in all that can influence how the follower is fed. */
  addTo(digest: FingerprintBuilder, view: FingerprintView): void {
    digest.text(this.state).number(this.matchIndex).number(this.nextIndex).boolean(this.probeSent);
    digest.number(this.sentCommit).number(this.answeredRound).number(this.matchAtHeartbeat);
    if (view.untimed !== true) digest.boolean(this.heard).number(this.silentTicks);
    digest.number(this.#inFlight.length);
    for (const last of this.#inFlight) digest.number(last);
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  /** Whether another append may leave now. */
  ready(appendsInFlightMax: number): boolean {
    switch (this.state) {
      case 'probe':
        return !this.probeSent;
      case 'replicate':
        return this.#inFlight.length < appendsInFlightMax;
      case 'snapshot':
        return false;
    }
  }

  /** Notes that entries through `last` left. */
  sent(last: LogIndex): void {
    if (this.state === 'probe') {
      this.probeSent = true;
      return;
    }
    invariant(last >= this.nextIndex, 'a streamed append brings entries that were not sent before');
    this.nextIndex = last + 1;
    this.#inFlight.push(last);
  }

  /** Notes that the follower has everything through `index`. Tells whether that is news. */
  accepted(index: LogIndex): boolean {
    while ((this.#inFlight[0] ?? Number.POSITIVE_INFINITY) <= index) this.#inFlight.shift();
    if (this.nextIndex <= index) this.nextIndex = index + 1;
    if (index <= this.matchIndex) return false;
    this.matchIndex = index;
    return true;
  }

  probeFrom(nextIndex: LogIndex): void {
    this.state = 'probe';
    this.nextIndex = Math.max(nextIndex, this.matchIndex + 1);
    this.probeSent = false;
    this.#inFlight = [];
  }

  replicate(): void {
    this.state = 'replicate';
    this.nextIndex = this.matchIndex + 1;
    this.probeSent = false;
    this.#inFlight = [];
  }

  awaitSnapshot(index: LogIndex): void {
    this.state = 'snapshot';
    this.nextIndex = index + 1;
    this.probeSent = false;
    this.#inFlight = [];
  }
}
