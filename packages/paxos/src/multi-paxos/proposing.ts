/**
 * The proposer (Paxos Made Simple §2.2, §3): one phase 1 for all slots after the decided ones, without an end; then, slot
 * by slot, the value of the highest ballot that was reported, a no-op where nobody in the quorum voted, and new values
 * after them. A membership is a stop-sign: nothing follows it before it is decided, and then a phase-1 quorum of the new
 * members must have promised too.
 */
import { type Entry, invariant, type LogIndex, type NodeId, type Term } from '@synod/core';
import { learn, rememberReplaced } from './decisions.js';
import { Lease } from './lease.js';
import { holdsMembership } from './memberships.js';
import type { Nack, PromiseGiven, Vote } from './messages.js';
import { slotsAheadMax } from './options.js';
import { Progress } from './progress.js';
import { becomeFollower, changeRole, ignore, noteBallot, report, setLeader, speakUp } from './roles.js';
import { entryBytes } from './slots.js';
import type { PaxosState, Promiser } from './state.js';

const nothing = new Uint8Array(0);

/** Asks all voters that have not reported everything for a promise, or for the rest of their votes. */
export function askForPromises(state: PaxosState, handedOver: Term = 0): void {
  const { proposer } = state;
  proposer.mustAsk = false;
  for (const peer of state.peers) {
    if (!state.quorums.isVoter(peer) || proposer.refusers.has(peer)) continue;
    let promiser = proposer.promisers.get(peer);
    if (promiser === undefined) {
      promiser = { position: state.commitIndex + 1, complete: false, decided: 0 };
      proposer.promisers.set(peer, promiser);
    }
    if (!promiser.complete) ask(state, peer, promiser, handedOver);
  }
  establish(state);
}

/** A ballot that is not durable could be asked for again after a crash, so the request waits for the save. */
function ask(state: PaxosState, to: NodeId, promiser: Promiser, handedOver: Term): void {
  promiser.position = Math.max(promiser.position, state.commitIndex + 1);
  state.outbox.sendAfterSave.push({
    from: state.id,
    to,
    type: 'prepare',
    ballot: state.proposer.ballot,
    slot: promiser.position,
    handedOver,
  });
}

/** Phase 1b: takes over decisions and votes, and goes on asking when there are more. */
export function receivePromise(state: PaxosState, message: PromiseGiven): void {
  const { proposer } = state;
  const promiser = proposer.promisers.get(message.from);
  if (message.ballot !== proposer.ballot || promiser === undefined || promiser.complete)
    return ignore(state, message, `ballot ${message.ballot} awaits no such promise`);
  const malformed = reasonMalformed(message);
  if (malformed !== undefined) return ignore(state, message, malformed);
  if (message.slot > promiser.position) return ignore(state, message, 'votes before it are not known yet');
  report(state, {
    type: 'voteReceived',
    voter: message.from,
    term: message.ballot,
    preVote: false,
    granted: true,
  });
  const facts: Entry[] = [];
  for (const { entry } of message.votes) if (entry.index <= message.decided) facts.push(entry);
  if (!learn(state, facts))
    return becomeFollower(state, undefined, `a higher ballot decided what ${message.from} reports`);
  // Learning of other members may have ended the candidacy.
  if (state.proposer !== proposer) return;
  for (const vote of message.votes) {
    if (vote.entry.index > Math.max(state.commitIndex, message.decided)) adopt(state, vote);
  }
  advancePromiser(state, message, promiser);
  establish(state);
}

function reasonMalformed({ ballot, first, slot, decided, votes, next }: PromiseGiven): string | undefined {
  if (first < slot) return `it reports from slot ${first}, though ${slot} was asked about`;
  let before = first - 1;
  for (const vote of votes) {
    const { index, term, kind, data } = vote.entry;
    if (index <= before || (index <= decided && index !== before + 1))
      return `slot ${index} stands after slot ${before}`;
    if (term === 0 || term > vote.ballot || (index > decided && vote.ballot > ballot))
      return `the vote in slot ${index} is of ballot ${vote.ballot}, its value of ballot ${term}`;
    if (kind === 'membership' && !holdsMembership(data)) return `slot ${index} holds no membership`;
    if (index > Math.max(slot, decided) + slotsAheadMax) return `slot ${index} is too far ahead`;
    before = index;
  }
  return next !== undefined && next <= before ? `it goes on at slot ${next}, after ${before}` : undefined;
}

/** Of all votes in a slot, the one of the highest ballot counts: its value may be decided (P2c). */
function adopt(state: PaxosState, vote: Vote): void {
  const { adopted, nextSlot } = state.proposer;
  if (state.role === 'leader' && vote.entry.index < nextSlot) return;
  const known = adopted.get(vote.entry.index);
  if (known === undefined || vote.ballot > known.ballot) adopted.set(vote.entry.index, vote);
}

function advancePromiser(state: PaxosState, message: PromiseGiven, promiser: Promiser): void {
  const needed = state.commitIndex + 1;
  promiser.decided = message.decided;
  // Slots that it has discarded come as a snapshot; until then it is asked again now and then.
  if (message.first > Math.max(needed, message.slot)) return;
  if (message.next === undefined) {
    // What it knows to be decided and does not report stands before its first slot: known here by now.
    promiser.complete = state.commitIndex >= message.decided;
    if (!promiser.complete) promiser.position = needed;
    return;
  }
  promiser.position = Math.max(needed, message.next);
  ask(state, message.from, promiser, 0);
}

/** Whether a phase-1 quorum of those that govern has promised; a candidate then leads, or gives up. */
export function establish(state: PaxosState): void {
  const { proposer, quorums, id } = state;
  const result = quorums.phase1((voter) => {
    // A ballot that the disk does not hold yet could be used again after a crash, with other values.
    if (voter === id) return proposer.save === 0 ? true : undefined;
    if (proposer.promisers.get(voter)?.complete === true) return true;
    return proposer.refusers.has(voter) ? false : undefined;
  });
  const wasEstablished = proposer.established;
  proposer.established = result === 'won';
  if (state.role === 'candidate') {
    if (result === 'won') becomeLeader(state);
    else if (result === 'lost') becomeFollower(state, undefined, 'its ballot was refused');
  } else if (result === 'won' && !wasEstablished) findAdopted(state);
}

function becomeLeader(state: PaxosState): void {
  const { proposer } = state;
  changeRole(state, 'leader', 'a phase-1 quorum promised its ballot');
  proposer.nextSlot = state.commitIndex + 1;
  // Whoever refused while it heard the old leader may promise now: other members may need it to.
  proposer.refusers.clear();
  setLeader(state, state.id);
  for (const peer of state.peers) {
    const progress = new Progress();
    state.progress.set(peer, progress);
    // Whoever has promised has said what it lacks; the others say so to the first heartbeat.
    const promiser = proposer.promisers.get(peer);
    if (promiser?.complete !== true) continue;
    progress.settle(Math.min(promiser.decided, state.commitIndex));
    progress.replicate();
  }
  speakUp(state);
  if (state.settings.lease !== undefined) state.lease = new Lease();
  findAdopted(state);
}

/** Through where votes are known: everything up to there must be decided in this ballot before anything else. */
function findAdopted(state: PaxosState): void {
  const { proposer, slots } = state;
  let through = Math.max(proposer.nextSlot - 1, slots.lastIndex);
  for (const slot of proposer.adopted.keys()) if (slot > through) through = slot;
  proposer.adoptedThrough = through;
}

/** Proposes in the next slots: first what was adopted, then what waits. Called once for all inputs of a turn. */
export function proposeNext(state: PaxosState): void {
  const { proposer, settings } = state;
  const from = proposer.nextSlot;
  let taken = 0;
  while (proposer.established && proposer.stopSign <= state.commitIndex) {
    const slot = proposer.nextSlot;
    if (slot <= proposer.adoptedThrough) {
      putAdopted(state, slot);
      continue;
    }
    if (slot > state.commitIndex + settings.windowSlotsMax) break;
    const next = proposer.queue[taken];
    if (next === undefined) break;
    taken++;
    const { kind = 'command', proposal, data } = next;
    put(state, { index: slot, term: proposer.ballot, kind, data, proposal });
  }
  if (taken > 0) proposer.queue.splice(0, taken);
  if (proposer.nextSlot > from) {
    report(state, {
      type: 'entriesAppended',
      from,
      to: proposer.nextSlot - 1,
      term: proposer.ballot,
    });
  }
}

/** The value of the highest ballot that anybody voted in, this node included; a no-op where nobody did. */
function putAdopted(state: PaxosState, slot: LogIndex): void {
  const { proposer, slots } = state;
  const reported = proposer.adopted.get(slot);
  const own = slots.entryAt(slot);
  const isReported = reported !== undefined && reported.ballot > slots.ballotAt(slot);
  const value = (isReported ? reported.entry : own) ?? {
    index: slot,
    term: proposer.ballot,
    kind: 'noop' as const,
    data: nothing,
  };
  state.uncommittedBytes += entryBytes(value);
  put(state, value);
}

function put(state: PaxosState, entry: Entry): void {
  const { proposer } = state;
  const { ballot } = proposer;
  invariant(entry.index === proposer.nextSlot, 'a value goes into the next slot');
  const replaced = state.slots.vote(entry, ballot);
  if (replaced !== undefined) rememberReplaced(state, replaced);
  proposer.nextSlot = entry.index + 1;
  if (entry.kind === 'membership') proposer.stopSign = entry.index;
}

/** A ballot was refused. */
export function receiveNack(state: PaxosState, message: Nack): void {
  noteBallot(state, message.ballot);
  const { proposer } = state;
  if (message.refused !== proposer.ballot)
    return ignore(state, message, `ballot ${message.refused} is not proposed any more`);
  report(state, {
    type: 'voteReceived',
    voter: message.from,
    term: message.refused,
    preVote: false,
    granted: false,
  });
  if (state.role === 'candidate') {
    if (proposer.promisers.get(message.from)?.complete === true) return;
    proposer.refusers.add(message.from);
    return establish(state);
  }
  const progress = state.progress.get(message.from);
  if (progress === undefined || message.ballot <= proposer.ballot) return;
  progress.promisedAbove = message.ballot;
  yieldIfPreempted(state, message.ballot);
}

/** A leader gives up when those that promised higher ballots leave it no phase-2 quorum. */
function yieldIfPreempted(state: PaxosState, by: Term): void {
  const result = state.quorums.phase2((voter) =>
    (state.progress.get(voter)?.promisedAbove ?? 0) > state.proposer.ballot ? false : undefined,
  );
  if (result === 'lost') becomeFollower(state, undefined, `ballot ${by} preempted it`);
}
