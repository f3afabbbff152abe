/**
 * Elections (Raft §5.2, §5.4.1) with pre-vote (dissertation §9.6): a node first asks whether it would be elected, so
 * that one which cannot win never raises anybody's term. A voter that hears from a leader refuses both kinds of vote
 * (§6, last paragraph), and a leader that hears no quorum steps down: together they keep a cluster live when links
 * fail one way or in part.
 */
import { invariant, type VoteResult } from '@synod/core';
import { Lease } from './lease.js';
import { mustKeepLease } from './leasing.js';
import { entryBytes } from './log.js';
import type { RequestVote, Vote } from './messages.js';
import { Progress } from './progress.js';
import {
  adoptTerm,
  becomeFollower,
  changeRole,
  ignore,
  mayLead,
  type RaftState,
  report,
  resetElectionClock,
  setLeader,
} from './state.js';

/** One tick of a node that does not lead. */
export function tickElection(state: RaftState): void {
  state.electionElapsed++;
  if (state.electionElapsed < state.electionTimeout) return;
  campaign(state, 'the election timeout passed without a leader');
}

/** Asks for pre-votes, if this node may lead at all. */
export function campaign(state: RaftState, reason: string): void {
  resetElectionClock(state);
  if (state.role === 'leader' || mustKeepLease(state)) return;
  if (!mayLead(state) || diskStalls(state)) return setLeader(state, undefined);
  setLeader(state, undefined);
  if (!state.settings.preVote) return standForElection(state, reason, false);
  changeRole(state, 'pre-candidate', reason);
  askForVotes(state, true, reason, false);
}

function askForVotes(state: RaftState, preVote: boolean, reason: string, transfer: boolean): void {
  const term = preVote ? state.term + 1 : state.term;
  report(state, { type: 'campaignStarted', term, preVote, reason });
  state.votes.set(state.id, true);
  for (const peer of state.peers) {
    if (!state.quorum.isVoter(peer)) continue;
    const request: RequestVote = {
      from: state.id,
      to: peer,
      type: 'requestVote',
      term,
      preVote,
      lastLogIndex: state.log.lastIndex,
      lastLogTerm: state.log.lastTerm,
      transfer: transfer ? true : undefined,
    };
    // A vote asked for in a term that is not durable could be asked for again after a crash, with a shorter log.
    if (preVote) state.outbox.send(request);
    else state.outbox.sendWhenSaved(request);
  }
  countVotes(state);
}

function countVotes(state: RaftState): void {
  const result: VoteResult = state.quorum.voteResult((id) => state.votes.get(id));
  if (result === 'pending') return;
  if (result === 'lost') {
    becomeFollower(
      state,
      undefined,
      `a majority refused its ${state.role === 'candidate' ? 'vote' : 'pre-vote'}`,
    );
  } else if (state.role === 'pre-candidate') {
    standForElection(state, 'a majority would vote for this node', false);
  } else {
    becomeLeader(state);
  }
}

/** Claims the next term and asks for votes in it. */
export function standForElection(state: RaftState, reason: string, transfer: boolean): void {
  report(state, { type: 'termChanged', from: state.term, to: state.term + 1, reason });
  state.term++;
  state.votedFor = state.id;
  state.hardStateChanged = true;
  changeRole(state, 'candidate', reason);
  setLeader(state, undefined);
  askForVotes(state, false, reason, transfer);
}

/** Leads from here on, beginning with a no-op that lets entries of earlier terms commit (§5.4.2, §8). */
function becomeLeader(state: RaftState): void {
  changeRole(state, 'leader', 'a majority voted for this node');
  setLeader(state, state.id);
  const nextIndex = state.log.lastIndex + 1;
  for (const peer of state.peers) state.progress.add(new Progress(peer, nextIndex));
  if (state.settings.lease !== undefined) state.lease = new Lease();
  state.log.append({ index: nextIndex, term: state.term, kind: 'noop', data: new Uint8Array(0) });
  for (let index = state.commitIndex + 1; index <= nextIndex; index++)
    state.uncommittedBytes += entryBytes(state.log.entryAt(index));
  report(state, { type: 'entriesAppended', from: nextIndex, to: nextIndex, term: state.term });
}

/** Answers a request for this node's vote or pre-vote. Its term was adopted before, if it was a real one. */
export function receiveRequestVote(state: RaftState, message: RequestVote): void {
  const refusal = reasonToRefuse(state, message);
  const granted = refusal === undefined;
  report(state, {
    type: 'voteAnswered',
    candidate: message.from,
    term: message.term,
    preVote: message.preVote,
    granted,
    reason: refusal ?? 'its log is at least as up to date as this one',
  });
  const vote: Vote = {
    from: state.id,
    to: message.from,
    type: 'vote',
    term: granted ? message.term : state.term,
    preVote: message.preVote,
    granted,
  };
  if (!granted || message.preVote) {
    state.outbox.send(vote);
    return;
  }
  if (state.votedFor === undefined) {
    state.votedFor = message.from;
    state.hardStateChanged = true;
  }
  resetElectionClock(state);
  state.outbox.sendWhenSaved(vote);
}

function reasonToRefuse(state: RaftState, message: RequestVote): string | undefined {
  if (message.term < state.term) return `term ${message.term} is over, this is term ${state.term}`;
  if (message.preVote) {
    if (message.term === state.term) return `term ${message.term} has begun already`;
  } else if (state.votedFor !== undefined && state.votedFor !== message.from) {
    return `this node voted for ${state.votedFor} in term ${state.term}`;
  } else if (state.votedFor === undefined && state.leader !== undefined) {
    return `${state.leader} leads term ${state.term}`;
  }
  const { lastTerm, lastIndex } = state.log;
  const upToDate =
    message.lastLogTerm > lastTerm || (message.lastLogTerm === lastTerm && message.lastLogIndex >= lastIndex);
  if (upToDate) return undefined;
  return (
    `its log ends at index ${message.lastLogIndex} of term ${message.lastLogTerm}, ` +
    `this one at index ${lastIndex} of term ${lastTerm}`
  );
}

/** Whether a save takes longer than a leader's disk may. */
export function diskStalls(state: RaftState): boolean {
  return state.stalledTicks >= state.settings.saveTicksMax;
}

/**
 * Whether a vote request must not even raise this node's term: it has heard from a leader within the least election
 * timeout, so whoever asks is cut off or was removed (§6).
 */
export function hearsALeader(state: RaftState, message: RequestVote): boolean {
  if (message.transfer === true) return false;
  if (mustKeepLease(state)) return true;
  return (
    message.term > state.term &&
    state.leader !== undefined &&
    state.electionElapsed < state.settings.electionTicks
  );
}

/** Waits for a leader as if none was heard, in the same term. Not where another node's lease may rest on this vote. */
export function forgetLeader(state: RaftState): void {
  if (state.leader === undefined || state.leader === state.id || state.settings.lease !== undefined) return;
  setLeader(state, undefined);
}

/** Refuses a request for a vote without looking at it further, because a leader is alive. */
export function refuseWhileLed(state: RaftState, message: RequestVote): void {
  report(state, {
    type: 'voteAnswered',
    candidate: message.from,
    term: message.term,
    preVote: message.preVote,
    granted: false,
    reason:
      state.leader === undefined
        ? `a leader heard ${state.ticksSinceLeader} ticks ago may hold a lease`
        : `${state.leader} leads term ${state.term} and was heard ${state.electionElapsed} ticks ago`,
  });
  state.outbox.send({
    from: state.id,
    to: message.from,
    type: 'vote',
    term: state.term,
    preVote: message.preVote,
    granted: false,
  });
}

/** Counts a vote of the campaign under way. */
export function receiveVote(state: RaftState, message: Vote): void {
  const awaited =
    (state.role === 'pre-candidate' && message.preVote) || (state.role === 'candidate' && !message.preVote);
  const expectedTerm = message.preVote ? state.term + 1 : state.term;
  if (!awaited || (message.granted && message.term !== expectedTerm)) {
    ignore(state, message, `no such vote is awaited by a ${state.role} in term ${state.term}`);
    return;
  }
  report(state, {
    type: 'voteReceived',
    voter: message.from,
    term: message.term,
    preVote: message.preVote,
    granted: message.granted,
  });
  // A grant names its campaign by the term, a refusal names only the term of the voter: it may be late and answer an
  // earlier campaign, so it must not stand in the way of a grant.
  if (message.granted || !state.votes.has(message.from)) state.votes.set(message.from, message.granted);
  countVotes(state);
}

/** One tick of a leader: every least election timeout it must have heard a quorum, or it no longer leads. */
export function tickQuorumCheck(state: RaftState): void {
  invariant(state.role === 'leader', 'only a leader checks its quorum');
  for (const progress of state.progress.all) progress.silentTicks++;
  state.electionElapsed++;
  if (state.electionElapsed < state.settings.electionTicks) return;
  state.electionElapsed = 0;
  const heard = state.quorum.voteResult((id) =>
    id === state.id ? true : (state.progress.get(id)?.heard ?? false),
  );
  for (const progress of state.progress.all) progress.heard = false;
  if (heard !== 'won') {
    becomeFollower(state, undefined, `no quorum was heard for ${state.settings.electionTicks} ticks`);
  }
}

/** Adopts the term of a message that is ahead of this node's, where that is due. */
export function adoptTermOf(state: RaftState, term: number, from: string, type: string): void {
  if (term > state.term) adoptTerm(state, term, `${from} sent a ${type} of term ${term}`);
}
