/**
 * Changes of membership by joint consensus (Raft §6; dissertation §4.3): first an entry under which decisions need a
 * majority of the old voters and one of the new, then, once it is committed, an entry with the new ones alone. Any
 * number of nodes may change at once, since no two majorities of neighbouring configurations can miss each other. A
 * change that leaves the voters as they are needs one entry only.
 */
import {
  checkMembership,
  isSynodError,
  type LogIndex,
  type Membership,
  type MembershipChange,
  type NodeId,
  type ProposalId,
  type Refusal,
  votersOf,
} from '@synod/core';
import { entryBytes } from './log.js';
import { encodeMembership, sameMembership } from './memberships.js';
import { governByLatest, leaderHint, type RaftState, reasonNotLeader, report } from './state.js';
import { handOver } from './transfer.js';

/** Begins a change, or refuses it with the reason. */
export function changeMembership(state: RaftState, change: MembershipChange, proposal: ProposalId): void {
  dismissLeavers(state);
  const refusal = reasonToRefuse(state, change);
  if (refusal !== undefined) {
    state.outbox.refuse({
      subject: { type: 'proposal', proposal },
      effect: 'none',
      ...leaderHint(state),
      ...refusal,
    });
    return;
  }
  const { members } = change.target;
  const outgoingVoters = votersOf(state.membership);
  if (sameVoters(outgoingVoters, votersOf(change.target))) {
    appendMembership(state, { members, outgoingVoters: [] }, proposal, 'a change of learners was asked for');
    return;
  }
  appendMembership(state, { members, outgoingVoters }, undefined, 'a change of voters was asked for');
  state.changeProposal = proposal;
}

type Reason = Pick<Refusal, 'code' | 'reason'>;

function reasonToRefuse(state: RaftState, change: MembershipChange): Reason | undefined {
  if (state.role !== 'leader') return reasonNotLeader(state);
  return (
    reasonConflict(state, change.ifMembershipIndex) ??
    reasonInvalid(state.membership, change.target) ??
    reasonTooEarly(state) ??
    (change.admitLagging === true ? undefined : reasonLagging(state, change.target))
  );
}

/** Somebody else changed the members since the caller saw them. */
function reasonConflict(state: RaftState, expected: LogIndex | undefined): Reason | undefined {
  const { index } = state.memberships.latest;
  if (expected === undefined || expected === index) return undefined;
  return {
    code: 'CONFLICT',
    reason: `the members that govern stand in entry ${index}, not ${expected}: look at them and decide anew`,
  };
}

function reasonInvalid(present: Membership, target: Membership): Reason | undefined {
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
  if (sameMembership(present, target)) return invalid('the members are as the target says already');
  return undefined;
}

/** One change at a time, and none before this leader knows that all changes before it are decided (Ongaro, 2015). */
function reasonTooEarly(state: RaftState): Reason | undefined {
  const { index } = state.memberships.latest;
  if (state.membership.outgoingVoters.length > 0 || index > state.commitIndex) {
    return {
      code: 'NOT_READY',
      reason: `a change of membership is under way since index ${index}: wait until it is complete`,
    };
  }
  if (state.log.termAt(state.commitIndex) !== state.term) {
    return {
      code: 'NOT_READY',
      reason: `this leader has committed nothing in its term ${state.term} yet: wait until it has`,
    };
  }
  if (state.transfer === undefined) return undefined;
  return { code: 'NOT_READY', reason: `the leadership is being handed to ${state.transfer.to}` };
}

function reasonLagging(state: RaftState, target: Membership): Reason | undefined {
  const { promotionLagEntriesMax } = state.settings;
  for (const id of votersOf(target)) {
    if (state.quorum.isVoter(id)) continue;
    const progress = state.progress.get(id);
    if (progress === undefined) {
      return {
        code: 'NOT_READY',
        reason: `${id} holds nothing of the log yet: add it as a learner first, or set admitLagging`,
      };
    }
    const lag = state.log.lastIndex - progress.matchIndex;
    if (lag <= promotionLagEntriesMax) continue;
    return {
      code: 'NOT_READY',
      reason: `learner ${id} is ${lag} entries behind: at most ${promotionLagEntriesMax} are allowed for a voter to be`,
    };
  }
  return undefined;
}

function sameVoters(left: readonly NodeId[], right: readonly NodeId[]): boolean {
  return left.length === right.length && left.every((id) => right.includes(id));
}

function appendMembership(
  state: RaftState,
  membership: Membership,
  proposal: ProposalId | undefined,
  reason: string,
): void {
  const index = state.log.lastIndex + 1;
  const entry = {
    index,
    term: state.term,
    kind: 'membership',
    data: encodeMembership(membership),
    ...(proposal === undefined ? {} : { proposal }),
  } as const;
  state.uncommittedBytes += entryBytes(entry);
  state.log.append(entry);
  report(state, { type: 'entriesAppended', from: index, to: index, term: state.term });
  state.memberships.append(entry);
  governByLatest(state, reason);
}

/** Goes on with a change whose entry is committed: leaves the joint state, or lets those go who are out. */
export function advanceChange(state: RaftState): void {
  if (state.memberships.latest.index > state.commitIndex) return;
  if (state.membership.outgoingVoters.length > 0) {
    if (state.log.termAt(state.commitIndex) !== state.term) return;
    // Another entry would put the node that takes over behind again; the next leader leaves the joint state as well.
    if (state.transfer !== undefined) return;
    const proposal = state.changeProposal;
    state.changeProposal = undefined;
    const { members } = state.membership;
    appendMembership(state, { members, outgoingVoters: [] }, proposal, 'the joint membership is committed');
  } else if (!state.quorum.isVoter(state.id)) {
    handOver(state, 'the members without this node as a voter are committed');
  }
}

/** Stops feeding nodes that are no members any more, once that is committed and they were told so. */
export function dismissLeavers(state: RaftState): void {
  if (state.progress.size <= state.peers.length || state.memberships.latest.index > state.commitIndex) return;
  state.progress.keep((id) => state.peers.includes(id));
}
