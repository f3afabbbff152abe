/** What callers and followers are told when this node cannot do what they asked for. */
import type { LogIndex, NodeId, ReadContext, Refusal } from '@synod/core';
import type { FollowerReader } from './read-barriers.js';
import type { PaxosState } from './state.js';

/** Refuses a read for good, naming whom to ask instead. */
export function refuseRead(state: PaxosState, context: ReadContext, reason: string): void {
  state.outbox.refused.push({
    subject: { type: 'read', context },
    code: leaderCode(state),
    effect: 'none',
    ...leaderHint(state),
    reason,
  });
}

/** Tells a follower through where its reads must be applied, or that they cannot be confirmed here. */
export function answerFollower(state: PaxosState, reader: FollowerReader, index: LogIndex | undefined): void {
  const { life, request } = reader;
  state.outbox.sendNow.push({
    from: state.id,
    to: reader.id,
    type: 'readAnswer',
    ballot: state.promised,
    life,
    request,
    index,
  });
}

/** Whether to send a caller elsewhere, or to ask for patience. */
export function leaderCode(state: PaxosState): 'NOT_LEADER' | 'NO_LEADER' {
  return state.leader === undefined || state.leader === state.id ? 'NO_LEADER' : 'NOT_LEADER';
}

/** Why this node, which does not lead, refuses what only a leader does. */
export function reasonNotLeader(state: PaxosState): Pick<Refusal, 'code' | 'reason'> {
  const hint = state.leader === undefined ? 'nobody is known to lead' : `${state.leader} leads`;
  return { code: leaderCode(state), reason: `this node is a ${state.role}: ${hint}` };
}

/** The leader to try, as a refusal names it. */
export function leaderHint(state: PaxosState): { readonly leader?: NodeId } {
  return state.leader === undefined || state.leader === state.id ? {} : { leader: state.leader };
}
