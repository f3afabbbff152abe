/**
 * Changes of membership by a stop-sign (Lampson's alpha of one, as OmniPaxos has it): one entry in a slot of its own, and
 * nothing proposed beyond it before it is decided by the old members. The slots after it are governed by the new ones
 * alone, and their leader needs promises from a phase-1 quorum of them. No joint quorums, no window: a change costs the
 * pipeline one round trip, and at every slot exactly one membership can decide anything.
 */
import {
  checkMembership,
  isSynodError,
  type LogIndex,
  type Membership,
  type MembershipChange,
  type ProposalId,
  type Refusal,
  votersOf,
} from '@synod/core';
import { leaderHint, reasonNotLeader } from './callers.js';
import { isWithNewMembers } from './decisions.js';
import { encodeMembership, sameMembership } from './memberships.js';
import { reasonUnfit } from './quorums.js';
import { knowsDecisions } from './reads.js';
import type { PaxosState } from './state.js';
import { handOver } from './transfer.js';

/** Begins a change, or refuses it with the reason. */
export function changeMembership(state: PaxosState, change: MembershipChange, proposal: ProposalId): void {
  const refusal = reasonToRefuse(state, change);
  if (refusal !== undefined) {
    state.outbox.refused.push({
      subject: { type: 'proposal', proposal },
      effect: 'none',
      ...leaderHint(state),
      ...refusal,
    });
    return;
  }
  const { members } = change.target;
  const data = encodeMembership({ members, outgoingVoters: [] });
  state.uncommittedBytes += data.length + 16;
  state.proposer.queue.push({ kind: 'membership', proposal, data });
}

type Reason = Pick<Refusal, 'code' | 'reason'>;

function reasonToRefuse(state: PaxosState, change: MembershipChange): Reason | undefined {
  if (state.role !== 'leader') return reasonNotLeader(state);
  return (
    reasonConflict(state, change.ifMembershipIndex) ??
    reasonInvalid(state, change.target) ??
    reasonTooEarly(state) ??
    (change.admitLagging === true ? undefined : reasonLagging(state, change.target))
  );
}

/** Somebody else changed the members since the caller saw them. */
function reasonConflict(state: PaxosState, expected: LogIndex | undefined): Reason | undefined {
  const { index } = state.memberships.latest;
  if (expected === undefined || expected === index) return undefined;
  return {
    code: 'CONFLICT',
    reason: `the members that govern stand in entry ${index}, not ${expected}: look at them and decide anew`,
  };
}

function reasonInvalid(
  { membership: present, settings }: PaxosState,
  target: Membership,
): Reason | undefined {
  const invalid = (reason: string): Reason => ({ code: 'INVALID', reason });
  try {
    checkMembership(target);
  } catch (error) {
    if (isSynodError(error)) return invalid(error.message);
    throw error;
  }
  if (target.outgoingVoters.length > 0)
    return invalid('the target names outgoing voters: it must name only the members as they shall be');
  for (const { id, ordinal } of target.members) {
    const known = present.members.find((member) => member.id === id || member.ordinal === ordinal);
    if (known === undefined || (known.id === id && known.ordinal === ordinal)) continue;
    return invalid(
      known.id === id
        ? `${id} has ordinal ${known.ordinal} and cannot take ${ordinal}: an ordinal is for life`
        : `ordinal ${ordinal} belongs to ${known.id}: ${id} needs one that no member has had`,
    );
  }
  const unfit = reasonUnfit(target, settings.quorums);
  if (unfit !== undefined) return invalid(unfit);
  if (sameMembership(present, target)) return invalid('the members are as the target says already');
  return undefined;
}

function reasonTooEarly(state: PaxosState): Reason | undefined {
  const { proposer, commitIndex } = state;
  const isUnderWay =
    proposer.stopSign > commitIndex || proposer.queue.some(({ kind }) => kind === 'membership');
  if (isUnderWay)
    return { code: 'NOT_READY', reason: 'a change of membership is under way: wait until it is complete' };
  if (!knowsDecisions(state)) {
    return {
      code: 'NOT_READY',
      reason: `this leader has not decided yet all that it found in phase 1 of ballot ${proposer.ballot}`,
    };
  }
  if (state.transfer === undefined) return undefined;
  return { code: 'NOT_READY', reason: `the leadership is being handed to ${state.transfer.to}` };
}

function reasonLagging(state: PaxosState, target: Membership): Reason | undefined {
  const { promotionLagEntriesMax } = state.settings;
  for (const id of votersOf(target)) {
    if (state.quorums.isVoter(id)) continue;
    const progress = state.progress.get(id);
    const lag = state.proposer.nextSlot - 1 - (progress?.matchIndex ?? 0);
    if (progress === undefined) {
      if (id === state.id) continue;
      return {
        code: 'NOT_READY',
        reason: `${id} holds nothing of the log yet: add it as a learner first, or set admitLagging`,
      };
    }
    if (lag <= promotionLagEntriesMax) continue;
    return {
      code: 'NOT_READY',
      reason: `learner ${id} is ${lag} entries behind: at most ${promotionLagEntriesMax} are allowed for a voter to be`,
    };
  }
  return undefined;
}

/**
 * A leader that the decided members leave out, or keep as a learner, hands over, once a quorum of them holds what made
 * them govern: the old members alone have decided it. It has answered whoever asked for the change by then.
 */
export function leaveWhenRemoved(state: PaxosState): void {
  const { quorums, memberships, emittedIndex } = state;
  if (quorums.isVoter(state.id) || emittedIndex < memberships.latest.index || !isWithNewMembers(state))
    return;
  handOver(state, 'the members without this node as a voter are decided');
}

/** Stops feeding nodes that are no members any more, once they know it or do not answer. */
export function dismissLeavers(state: PaxosState): void {
  if (state.progress.size <= state.peers.length) return;
  const { index } = state.memberships.latest;
  for (const [id, progress] of state.progress) {
    if (state.peers.includes(id)) continue;
    if (progress.decided >= index || progress.silentTicks >= state.settings.electionTicks)
      state.progress.delete(id);
  }
}
