/**
 * A leader's lease (Raft dissertation §6.4.1, which holds for ballots as for terms): acceptors that hear a leader promise
 * nobody else for an election timeout, and every phase-1 quorum meets the phase-2 quorum that has just answered, so the
 * leader may answer reads alone for nearly as long. It counts from when the answered heartbeats were sent.
 *
 * - An acceptor keeps to it whoever asks, also when it was restarted since, and when it is asked to stand itself.
 * - The lease is shorter than that by a stated bound of drift, which also covers that ticks are counted whole.
 * - Once a leader has told another node to take over, there is no lease in that ballot any more.
 * - Time in which the process stood still counts (`missed` of a tick).
 */
import type { PaxosState } from './state.js';

/** Ticks for which this leader may answer reads alone; 0 without a lease. */
export function leaseTicksLeft(state: PaxosState): number {
  const { lease, settings } = state;
  if (lease === undefined || settings.lease === undefined || lease.since === undefined) return 0;
  if (lease.ended) return 0;
  return Math.max(0, lease.since + settings.electionTicks - settings.lease.driftTicks - state.ticks);
}

/** Whether a leader may hold a lease that this node's promise would break. */
export function mustKeepLease(state: PaxosState): boolean {
  return state.settings.lease !== undefined && state.ticksSinceLeader < state.settings.electionTicks;
}
