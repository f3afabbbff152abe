/**
 * Handing leadership over (dissertation §3.10): take no more commands, wait until the other node has the whole log,
 * tell it to campaign at once; give up after an election timeout. Its vote requests say that the leader wished it, so
 * voters do not refuse them for the leader's sake.
 */
import type { NodeId, Refusal } from '@synod/core';
import { standForElection } from './election.js';
import type { TimeoutNow } from './messages.js';
import {
  becomeFollower,
  endTransfer,
  ignore,
  leaderHint,
  type RaftState,
  reasonNotLeader,
  report,
} from './state.js';

/** Begins a transfer, or refuses it with the reason. */
export function transferLeadership(state: RaftState, to: NodeId | undefined): void {
  const target = to ?? mostAdvancedVoter(state);
  const refusal = reasonToRefuse(state, to, target);
  if (refusal !== undefined || target === undefined) {
    if (refusal !== undefined)
      state.outbox.refuse({
        subject: { type: 'transfer' },
        effect: 'none',
        ...leaderHint(state),
        ...refusal,
      });
    return;
  }
  if (state.transfer !== undefined) return;
  const reason = to === undefined ? 'it is the most advanced voter' : 'it was asked for by name';
  state.transfer = { to: target, ticks: 0, told: false };
  report(state, { type: 'transferStarted', to: target, reason });
}

function reasonToRefuse(
  state: RaftState,
  to: NodeId | undefined,
  target: NodeId | undefined,
): Pick<Refusal, 'code' | 'reason'> | undefined {
  if (state.role !== 'leader') return reasonNotLeader(state);
  if (to === state.id) return { code: 'INVALID', reason: `${to} leads already` };
  if (to !== undefined && !state.peers.includes(to))
    return { code: 'INVALID', reason: `${to} is no member of the group` };
  if (to !== undefined && !state.quorum.isVoter(to))
    return { code: 'INVALID', reason: `${to} is a learner: only a voter can lead` };
  if (target === undefined) return { code: 'NOT_READY', reason: 'no other voter was heard lately' };
  if (state.transfer !== undefined && to !== undefined && state.transfer.to !== to)
    return { code: 'NOT_READY', reason: `the leadership is being handed to ${state.transfer.to} already` };
  return undefined;
}

/** The voter of the present members that holds most of the log, if any was heard within an election timeout. */
function mostAdvancedVoter(state: RaftState): NodeId | undefined {
  let best: NodeId | undefined;
  let bestMatch = -1;
  for (const { id, role } of state.membership.members) {
    const progress = state.progress.get(id);
    if (role !== 'voter' || progress === undefined) continue;
    if (progress.silentTicks > state.settings.electionTicks || progress.matchIndex <= bestMatch) continue;
    best = id;
    bestMatch = progress.matchIndex;
  }
  return best;
}

/** Tells the other node to campaign, once it has the whole log. */
export function advanceTransfer(state: RaftState): void {
  const { transfer } = state;
  if (transfer === undefined || transfer.told) return;
  if (state.progress.get(transfer.to)?.matchIndex !== state.log.lastIndex) return;
  transfer.told = true;
  tellToCampaign(state, transfer.to);
}

function tellToCampaign(state: RaftState, to: NodeId): void {
  if (state.lease !== undefined) state.lease.ended = true;
  state.outbox.send({ from: state.id, to, type: 'timeoutNow', term: state.term });
}

/** One tick of a transfer: tells again in case the word was lost, and gives up in the end. */
export function tickTransfer(state: RaftState): void {
  const { transfer } = state;
  if (transfer === undefined) return;
  transfer.ticks++;
  const { electionTicks, heartbeatTicks } = state.settings;
  if (transfer.ticks < electionTicks) {
    if (transfer.told && transfer.ticks % heartbeatTicks === 0) tellToCampaign(state, transfer.to);
    return;
  }
  const reason = transfer.told
    ? `${transfer.to} was told to campaign, but nothing came of it for ${electionTicks} ticks`
    : `${transfer.to} did not have the whole log within ${electionTicks} ticks`;
  endTransfer(state, true, reason);
  state.outbox.refuse({
    subject: { type: 'transfer' },
    code: 'ABORTED',
    effect: transfer.told ? 'unknown' : 'none',
    reason,
  });
}

/** Stops leading at once, and names whoever is fittest as the successor. */
export function handOver(state: RaftState, reason: string): void {
  const successor = mostAdvancedVoter(state);
  if (successor !== undefined) {
    report(state, { type: 'transferStarted', to: successor, reason });
    tellToCampaign(state, successor);
  }
  becomeFollower(state, undefined, reason);
  if (successor !== undefined)
    report(state, { type: 'transferEnded', to: successor, stillLeads: false, reason });
}

/** The leader hands over to this node: it campaigns at once, without asking first whether it would win. */
export function receiveTimeoutNow(state: RaftState, message: TimeoutNow): void {
  if (state.role === 'leader' || message.from !== state.leader)
    return ignore(state, message, `${message.from} does not lead this node`);
  if (!state.quorum.isVoter(state.id)) return ignore(state, message, 'this node has no vote');
  standForElection(state, `${message.from} hands its leadership over`, true);
}
