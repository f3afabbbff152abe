/**
 * A leader's lease (dissertation §6.4.1): since voters that hear a leader elect nobody else for an election timeout, a
 * leader that a quorum has just answered may answer reads alone for nearly as long. It counts from when the answered
 * heartbeats were sent, never from when the answers came.
 *
 * What makes it sound here, beyond the dissertation:
 * - a voter gives no vote within `electionTicks` of a leader's last word, whatever term it is asked for, also when it
 *   was restarted since (it then waits as long) or is asked to campaign;
 * - the lease is shorter than that by a stated bound of drift, which also covers that ticks are counted whole;
 * - once a leader has told another node to take over, that node may be elected at any time: no lease in that term any
 *   more;
 * - time in which the process stood still counts (`missed` of a tick).
 */
import type { FingerprintBuilder, FingerprintView } from '@synod/core';
import type { RequestVote } from './messages.js';
import type { RaftState } from './state.js';

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

/** Ticks for which this leader may answer reads alone; 0 without a lease. */
export function leaseTicksLeft(state: RaftState): number {
  const { lease, settings } = state;
  if (lease === undefined || settings.lease === undefined || lease.since === undefined) return 0;
  if (lease.ended) return 0;
  return Math.max(0, lease.since + settings.electionTicks - settings.lease.driftTicks - state.ticks);
}

/** Whether a leader may hold a lease that this node's vote would break. */
export function mustKeepLease(state: RaftState): boolean {
  return state.settings.lease !== undefined && state.ticksSinceLeader < state.settings.electionTicks;
}

/** Whether a vote request may be looked at in spite of a lease: its holder itself handed over. */
export function breaksLease(state: RaftState, message: RequestVote): boolean {
  return message.transfer !== true && mustKeepLease(state);
}
