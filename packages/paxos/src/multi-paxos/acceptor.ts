/**
 * The acceptor (Paxos Made Simple §2.2): promises a ballot unless it promised a higher one, votes unless it promised a
 * higher one, and says either only when it is durable. It also refuses, for the sake of progress alone, to promise while
 * a leader is alive: so a node that was cut off deposes nobody.
 */
import type { LogIndex, Term } from '@synod/core';
import { markDecided, rememberReplaced } from './decisions.js';
import { mustKeepLease } from './leasing.js';
import { holdsMembership } from './memberships.js';
import type { Accept, Heartbeat, MultiPaxosMessage, Prepare, Vote } from './messages.js';
import { slotsAheadMax } from './options.js';
import { adoptBallot, becomeFollower, haltForDataLoss, ignore, report, resetElectionClock } from './roles.js';
import { entryBytes } from './slots.js';
import { offerSnapshot } from './snapshots.js';
import type { PaxosState } from './state.js';

/** Phase 1: promises the ballot, and reports votes from a slot on. */
export function receivePrepare(state: PaxosState, message: Prepare): void {
  if (message.ballot === state.proposer.ballot)
    return ignore(state, message, `ballot ${message.ballot} is this node's own`);
  const refusal = reasonToRefuse(state, message);
  // A proposer that goes on asking for votes was promised the ballot before.
  if (message.ballot !== state.promised) {
    report(state, {
      type: 'voteAnswered',
      candidate: message.from,
      term: message.ballot,
      preVote: false,
      granted: refusal === undefined,
      reason: refusal ?? 'no higher ballot was promised',
    });
  }
  if (refusal !== undefined) return refuseBallot(state, message);
  if (message.ballot > state.promised) promise(state, message);
  reportVotes(state, message);
}

function reasonToRefuse(state: PaxosState, message: Prepare): string | undefined {
  if (message.ballot < state.promised) return `ballot ${state.promised} was promised`;
  if (message.ballot === state.promised) return undefined;
  // A leader that was deposed without knowing it can hand over nothing of what a later one holds.
  if (message.handedOver > 0 && message.handedOver >= state.promised) return undefined;
  if (message.from === state.leader) return undefined;
  if (mustKeepLease(state)) return `a leader heard ${state.ticksSinceLeader} ticks ago may hold a lease`;
  if (hearsLeader(state)) return `${state.leader} leads and was heard ${state.electionElapsed} ticks ago`;
  return undefined;
}

/** Whether a leader was heard within the least election timeout. */
export function hearsLeader(state: PaxosState): boolean {
  if (state.leader === state.id) return true;
  return state.leader !== undefined && state.electionElapsed < state.settings.electionTicks;
}

/** A leader that raises its own ballot stays known as the leader. */
function promise(state: PaxosState, { ballot, from }: Prepare): void {
  const reason = `${from} asked for a promise`;
  const isOfLeader = from === state.leader;
  adoptBallot(state, ballot, reason);
  becomeFollower(state, isOfLeader ? from : undefined, reason);
  resetElectionClock(state);
}

/** Says that a higher ballot was promised, or that a leader is alive. */
function refuseBallot(state: PaxosState, message: MultiPaxosMessage & { readonly ballot: Term }): void {
  state.outbox.sendAfterSave.push({
    from: state.id,
    to: message.from,
    type: 'nack',
    ballot: state.promised,
    refused: message.ballot,
  });
}

/** Reports votes, as many as fit into one message. What is discarded here goes as a snapshot. */
function reportVotes(state: PaxosState, message: Prepare): void {
  const { slots, settings } = state;
  const first = Math.max(message.slot, slots.firstIndex);
  const votes: Vote[] = [];
  let bytes = 0;
  let next: LogIndex | undefined;
  for (let index = first; index <= slots.lastIndex; index++) {
    const entry = slots.entryAt(index);
    if (entry === undefined) continue;
    bytes += entryBytes(entry);
    if (bytes > settings.acceptBytesMax && votes.length > 0) {
      next = index;
      break;
    }
    votes.push({ entry, ballot: slots.ballotAt(index) });
  }
  if (first > message.slot) offerSnapshot(state, message.from);
  state.outbox.sendAfterSave.push({
    from: state.id,
    to: message.from,
    type: 'promise',
    ballot: message.ballot,
    slot: message.slot,
    first,
    decided: state.commitIndex,
    votes,
    next,
  });
}

/** Phase 2: votes for the values of a ballot, unless a higher one was promised. */
export function receiveAccept(state: PaxosState, message: Accept): void {
  const malformed = reasonMalformed(message);
  if (malformed !== undefined) return ignore(state, message, malformed);
  if (!heed(state, message)) return;
  state.owesAnswer = true;
  let first: LogIndex = 0;
  let last: LogIndex = 0;
  const { entries } = message;
  // By position, here and below: lists of two kinds are gone through with an object for each step.
  for (let position = 0; position < entries.length; position++) {
    const entry = entries[position];
    if (entry === undefined) break;
    const { index } = entry;
    if (index <= state.commitIndex) continue;
    if (index > state.commitIndex + slotsAheadMax) break;
    const replaced = state.slots.vote(entry, message.ballot);
    if (replaced !== undefined) rememberReplaced(state, replaced);
    if (first === 0) first = index;
    if (last !== 0 && index !== last + 1) {
      state.acknowledgements.add(first, last);
      first = index;
    }
    last = index;
  }
  if (last > 0) {
    state.acknowledgements.add(first, last);
    report(state, { type: 'entriesAppended', from: first, to: last, term: message.ballot });
  }
  markDecided(state, message.decided);
}

function reasonMalformed(message: Accept): string | undefined {
  const { entries } = message;
  let before = 0;
  for (let position = 0; position < entries.length; position++) {
    const entry = entries[position];
    if (entry === undefined) break;
    const { index, term, kind, data } = entry;
    if (index <= before) return `slot ${index} stands after slot ${before}`;
    if (term > message.ballot || term === 0) return `the value of slot ${index} is of ballot ${term}`;
    if (kind === 'membership' && !holdsMembership(data)) return `slot ${index} holds no membership`;
    before = index;
  }
  return undefined;
}

/** A leader spoke: follow it and wait anew. Tells whether its message may be acted upon. */
function heed(state: PaxosState, message: Accept | Heartbeat): boolean {
  if (message.ballot < state.promised) {
    refuseBallot(state, message);
    return false;
  }
  if (message.ballot === state.proposer.ballot) {
    ignore(state, message, `ballot ${message.ballot} is this node's own`);
    return false;
  }
  const follows = (state.role === 'follower' || state.role === 'learner') && state.leader === message.from;
  if (message.ballot > state.promised || !follows) {
    const reason = `${message.from} leads ballot ${message.ballot}`;
    if (message.ballot > state.promised) adoptBallot(state, message.ballot, reason);
    if (!follows) becomeFollower(state, message.from, reason);
  }
  state.electionElapsed = 0;
  state.ticksSinceLeader = 0;
  return true;
}

/** Notes that the leader lives and what is decided. */
export function receiveHeartbeat(state: PaxosState, message: Heartbeat): void {
  if (!heed(state, message)) return;
  const { slots } = state;
  // The leader names no slot beyond what this node acknowledged to it.
  if (message.held > slots.lastIndex) {
    return haltForDataLoss(
      state,
      `this node acknowledged all slots through ${message.held}, but holds none beyond ${slots.lastIndex}: ` +
        'its disk went back. If an older copy of its data directory was put back, take it out of the cluster',
    );
  }
  markDecided(state, message.decided);
  const decided = durablyDecided(state);
  state.outbox.sendNow.push({
    from: state.id,
    to: message.from,
    type: 'heartbeatAnswer',
    ballot: message.ballot,
    decided,
    accepted: slots.runOf(message.ballot, decided + 1, slots.lastIndex, true),
    received: Math.max(
      state.commitIndex,
      slots.runOf(message.ballot, state.commitIndex + 1, slots.lastIndex, false),
    ),
    round: message.round,
  });
}

/** Through where decisions are known here and their values are durable. */
function durablyDecided(state: PaxosState): LogIndex {
  return Math.min(state.commitIndex, state.slots.durableIndex);
}

/** Acknowledges all votes since the last time, in one message that leaves when they are durable. */
export function acknowledge(state: PaxosState): void {
  if (!state.owesAnswer || state.leader === undefined || state.leader === state.id) return;
  state.owesAnswer = false;
  state.outbox.sendAfterSave.push({
    from: state.id,
    to: state.leader,
    type: 'accepted',
    ballot: state.promised,
    decided: durablyDecided(state),
    ranges: state.acknowledgements.take(),
  });
}
