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
import type { RaftState } from './state.js';

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
