/**
 * Handing leadership over: take no more commands, wait until the other node has voted in every slot, ask it to stand at
 * once; give up after an election timeout. Its requests say that the leader wished it, so acceptors do not refuse them
 * for the leader's sake.
 */
import type { NodeId, Refusal } from '@synod/core';
import { leaderHint, reasonNotLeader } from './callers.js';
import { nominate } from './leadership.js';
import { becomeFollower, endTransfer, report } from './roles.js';
import type { PaxosState } from './state.js';

/** Begins a transfer, or refuses it with the reason. */
export function transferLeadership(state: PaxosState, to: NodeId | undefined): void {
  const target = to ?? mostAdvancedVoter(state);
  const refusal = reasonToRefuse(state, to, target);
  if (refusal !== undefined) {
    state.outbox.refused.push({
      subject: { type: 'transfer' },
      effect: 'none',
      ...leaderHint(state),
      ...refusal,
    });
    return;
  }
  if (state.transfer !== undefined || target === undefined) return;
  const reason = to === undefined ? 'it is the most advanced voter' : 'it was asked for by name';
  state.transfer = { to: target, ticks: 0, told: false };
  report(state, { type: 'transferStarted', to: target, reason });
}

function reasonToRefuse(
  state: PaxosState,
  to: NodeId | undefined,
  target: NodeId | undefined,
): Pick<Refusal, 'code' | 'reason'> | undefined {
  if (state.role !== 'leader') return reasonNotLeader(state);
  if (to === state.id) return { code: 'INVALID', reason: `${to} leads already` };
  if (to !== undefined && !state.peers.includes(to))
    return { code: 'INVALID', reason: `${to} is no member of the group` };
  if (to !== undefined && !state.quorums.isVoter(to))
    return { code: 'INVALID', reason: `${to} is a learner: only a voter can lead` };
  if (target === undefined) return { code: 'NOT_READY', reason: 'no other voter was heard lately' };
  if (state.transfer !== undefined && to !== undefined && state.transfer.to !== to)
    return { code: 'NOT_READY', reason: `the leadership is being handed to ${state.transfer.to} already` };
  return undefined;
}

/** The voter that holds most, if any was heard within an election timeout. */
function mostAdvancedVoter(state: PaxosState): NodeId | undefined {
  let best: NodeId | undefined;
  let bestMatch = -1;
  for (const { id, role } of state.membership.members) {
    const progress = state.progress.get(id);
    if (role !== 'voter' || progress === undefined) continue;
    if (progress.silentTicks >= state.settings.electionTicks || progress.matchIndex <= bestMatch) continue;
    best = id;
    bestMatch = progress.matchIndex;
  }
  return best;
}

/** Asks the other node to stand, once it has voted in every slot. */
export function advanceTransfer(state: PaxosState): void {
  const { transfer, proposer } = state;
  if (transfer === undefined || transfer.told || proposer.queue.length > 0) return;
  if ((state.progress.get(transfer.to)?.matchIndex ?? 0) < proposer.nextSlot - 1) return;
  transfer.told = true;
  tellToStand(state, transfer.to);
}

function tellToStand(state: PaxosState, to: NodeId): void {
  if (state.lease !== undefined) state.lease.ended = true;
  nominate(state, to, true);
}

/** One tick of a transfer: tells again in case the word was lost, and gives up in the end. */
export function tickTransfer(state: PaxosState): void {
  const { transfer } = state;
  if (transfer === undefined) return;
  transfer.ticks++;
  const { electionTicks, heartbeatTicks } = state.settings;
  if (transfer.ticks < electionTicks) {
    if (transfer.told && transfer.ticks % heartbeatTicks === 0) tellToStand(state, transfer.to);
    return;
  }
  const reason = transfer.told
    ? `${transfer.to} was asked to stand, but nothing came of it for ${electionTicks} ticks`
    : `${transfer.to} had not voted in every slot within ${electionTicks} ticks`;
  endTransfer(state, true, reason);
  state.outbox.refused.push({
    subject: { type: 'transfer' },
    code: 'ABORTED',
    effect: transfer.told ? 'unknown' : 'none',
    reason,
  });
}

/** Stops leading at once, and names whoever is fittest as the successor. */
export function handOver(state: PaxosState, reason: string): void {
  const successor = mostAdvancedVoter(state);
  if (successor !== undefined) {
    report(state, { type: 'transferStarted', to: successor, reason });
    tellToStand(state, successor);
  }
  becomeFollower(state, undefined, reason);
  if (successor !== undefined)
    report(state, { type: 'transferEnded', to: successor, stillLeads: false, reason });
}
