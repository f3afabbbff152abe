/**
 * Decisions from anybody who knows more (a learner of Paxos Made Simple §2.3): for nodes that no leader feeds, because
 * it cannot reach them or because they are members no more and do not know it.
 */
import type { Entry, LogIndex, NodeId } from '@synod/core';
import { learn } from './decisions.js';
import { holdsMembership } from './memberships.js';
import type { Learn, Learned } from './messages.js';
import { becomeFollower, ignore, mayLead } from './roles.js';
import { offerSnapshot } from './snapshots.js';
import type { PaxosState } from './state.js';

/** Another node knows more decisions. Asks for them if nobody else brings them; once in a while only. */
export function askToLearn(state: PaxosState, from: NodeId, decided: LogIndex): void {
  if (decided <= state.commitIndex || isFed(state) || state.learnPause > 0) return;
  state.learnPause = state.settings.heartbeatTicks;
  pushLearn(state, from);
}

/** Whether a leader brings the decisions; a leader itself has none. */
function isFed({ leader, id }: PaxosState): boolean {
  return leader !== undefined && leader !== id;
}

function pushLearn(state: PaxosState, to: NodeId): void {
  state.outbox.sendNow.push({
    from: state.id,
    to,
    type: 'learn',
    ballot: state.promised,
    slot: state.commitIndex + 1,
  });
}

/** Tells what is decided from a slot on, as much as fits into one message, or offers the snapshot in its place. */
export function receiveLearn(state: PaxosState, message: Learn): void {
  const { slots, commitIndex, settings } = state;
  if (message.slot > commitIndex) return;
  if (message.slot < slots.firstIndex) {
    offerSnapshot(state, message.from);
    return;
  }
  const { entries } = slots.slice(message.slot, commitIndex, settings.acceptBytesMax);
  state.outbox.sendNow.push({
    from: state.id,
    to: message.from,
    type: 'learned',
    ballot: state.promised,
    entries,
    decided: commitIndex,
  });
}

/**
 * Tells the voters that govern how much is decided, from a node that is none of them. A stop-sign is decided by the old
 * members alone: if their leader is gone, they may be the only ones who know who governs. They say so until a voter
 * answers that it knows.
 */
export function announce(state: PaxosState): void {
  const { memberships, quorums } = state;
  if (memberships.latest.index === 0 || state.votersKnow) return;
  for (const peer of state.peers) if (quorums.isVoter(peer)) tellDecided(state, peer);
}

function tellDecided(state: PaxosState, to: NodeId): void {
  const { id: from, promised: ballot, commitIndex: decided } = state;
  state.outbox.sendNow.push({ from, to, type: 'learned', ballot, entries: [], decided });
}

/** A node says how much it knows: whoever knows less asks, whoever knows more answers. */
function hearDecided(state: PaxosState, { from, decided }: Learned): void {
  const { commitIndex, memberships, quorums, membership } = state;
  if (quorums.isVoter(from) && decided >= memberships.latest.index) state.votersKnow = true;
  askToLearn(state, from, decided);
  const isOver = mayLead(state) && !membership.members.some((member) => member.id === from);
  if (decided < commitIndex || (decided === commitIndex && isOver)) tellDecided(state, from);
}

/** Takes over decisions, and asks for more if there are. */
export function receiveLearned(state: PaxosState, message: Learned): void {
  if (message.entries.length === 0) return hearDecided(state, message);
  const malformed = reasonMalformed(message.entries, message.decided);
  if (malformed !== undefined) return ignore(state, message, malformed);
  const before = state.commitIndex;
  if (!learn(state, message.entries))
    return becomeFollower(state, undefined, `a higher ballot decided what ${message.from} knows`);
  const isMore = state.commitIndex > before && state.commitIndex < message.decided;
  if (isMore && !isFed(state)) pushLearn(state, message.from);
}

function reasonMalformed(entries: readonly Entry[], decided: LogIndex): string | undefined {
  let before: LogIndex | undefined;
  for (const { index, term, kind, data } of entries) {
    if (index > decided || term === 0) return `slot ${index} of ballot ${term} is no decision`;
    if (before !== undefined && index !== before + 1) return `slot ${index} stands after slot ${before}`;
    if (kind === 'membership' && !holdsMembership(data)) return `slot ${index} holds no membership`;
    before = index;
  }
  return undefined;
}
