/** A replica as far as sleep is concerned: whether it gets ticks, and where it rests. */
import type { EngineStatus, GroupId, LogIndex, Membership, NodeId, Term } from '@synod/core';

/** Where a replica stands when nothing at all is pending there. */
export interface Rest {
  /** Who leads. */
  readonly leader: NodeId;
  readonly term: Term;
  /** Last entry of the log: durable, committed and applied here, and everywhere if this node leads. */
  readonly index: LogIndex;
  readonly membership: Membership;
}

/** Whether a replica gets ticks, and whether what reaches it must wake it. */
export type Posture = 'awake' | 'offering' | 'asleep';

/** A replica, as far as sleep is concerned. */
export interface Sleeper {
  readonly group: GroupId;
  /** Where it rests, or `undefined` when anything is pending. */
  rest(): Rest | undefined;
  /** Tells it how it lies. Waking also ends its trust in leases. */
  lie(posture: Posture): void;
}

/**
 * Where an engine rests that has everything durable, committed and applied, on every member if it leads.
 *
 * @param status - What the engine says of itself.
 * @param appliedIndex - Through where the state machine has applied.
 */
export function restOf(status: EngineStatus, appliedIndex: LogIndex): Rest | undefined {
  const { id, role, leader, term, lastIndex: index, membership, peers } = status;
  const isLevel = [status.commitIndex, status.durableIndex, status.appliedIndex, appliedIndex].every(
    (reached) => reached === index,
  );
  if (!isLevel || leader === undefined || status.pendingReads > 0) return undefined;
  if (membership.outgoingVoters.length > 0 || status.transferTo !== undefined) return undefined;
  if (role === 'follower' || role === 'learner') return { leader, term, index, membership };
  if (role !== 'leader' || leader !== id) return undefined;
  const isEverywhere = membership.members.every(({ id: member }) => {
    const progress = peers.find((peer) => peer.id === member);
    return member === id || (progress?.matchIndex === index && progress.inFlight === 0);
  });
  return isEverywhere ? { leader, term, index, membership } : undefined;
}
