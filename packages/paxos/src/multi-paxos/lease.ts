/**
 * Since when a leader holds its lease: from the sending of the latest heartbeats that a quorum has answered, never from
 * when the answers came (Raft dissertation §6.4.1).
 */
import type { FingerprintBuilder, FingerprintView } from '@synod/core';

interface SentRounds {
  /** First of the rounds that were sent at this tick. */
  readonly round: number;
  readonly tick: number;
}

/** The lease of one leadership. */
export class Lease {
  /** Tick of the latest heartbeats that a quorum has answered. */
  since: number | undefined;
  /** Whether another node was told to take over in this term. */
  ended = false;
  #sent: SentRounds[] = [];

  clone(): Lease {
    const copy = new Lease();
    copy.since = this.since;
    copy.ended = this.ended;
    copy.#sent = [...this.#sent];
    return copy;
  }

  /** Folds in everything, with ticks as how long ago they were. */
  addTo(digest: FingerprintBuilder, ticks: number, view: FingerprintView): void {
    digest.boolean(this.ended).boolean(this.since === undefined);
    if (view.untimed === true) return;
    digest.number(this.since === undefined ? 0 : ticks - this.since).number(this.#sent.length);
    for (const { round, tick } of this.#sent) digest.number(round).number(ticks - tick);
  }

  /** Notes that heartbeats of a round leave. */
  sent(round: number, tick: number): void {
    const last = this.#sent[this.#sent.length - 1];
    if (last?.tick !== tick) this.#sent.push({ round, tick });
  }

  /** Notes that a quorum has answered a round. */
  confirmed(round: number): void {
    for (let next = this.#sent[1]; next !== undefined && next.round <= round; next = this.#sent[1])
      this.#sent.shift();
    const newest = this.#sent[0];
    if (newest !== undefined && newest.round <= round) this.since = newest.tick;
  }

  /** Other members govern: a quorum of them has to answer first. */
  restart(): void {
    this.since = undefined;
  }
}
