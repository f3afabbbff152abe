/**
 * Reads without a leader (Charapko, Ailijiang, Demirbas: Linearizable Quorum Reads in Paxos, HotStorage 2019). A node asks
 * the voters for the last slot in which they voted. What was decided before the read began has votes of a phase-2 quorum,
 * and every phase-1 quorum meets that: so the highest answer of a phase-1 quorum is no lower. The node then waits until
 * everything through there is decided ("rinse"), and reads. A slot that was voted for need never be decided while nobody
 * proposes: a read that waits for an election timeout goes by the leader instead.
 *
 * Other members may govern by then. Whoever was asked knew of the stop-sign, since a phase-2 quorum of the members that
 * were asked had voted for it: the read waits for it like for any slot, and then begins anew.
 */
import type { LogIndex, NodeId, ReadContext } from '@synod/core';
import type { VotesAnswer, VotesRequest } from './messages.js';
import type { QuorumRound } from './quorum-rounds.js';
import { ignore, report } from './roles.js';
import type { PaxosState } from './state.js';

/** Asks the voters for all reads that wait. Called once for all inputs of a turn. */
export function askForVotes(state: PaxosState): void {
  const { quorumReads, quorums, slots, id } = state;
  if (quorumReads.waiting.length === 0) return;
  const request = ++quorumReads.requests;
  const answers = new Map<NodeId, LogIndex>();
  if (quorums.isVoter(id)) answers.set(id, slots.lastIndex);
  const round: QuorumRound = {
    request,
    contexts: quorumReads.waiting,
    answers,
    governedSince: state.memberships.latest.index,
    through: undefined,
    ticks: 0,
  };
  quorumReads.waiting = [];
  quorumReads.rounds.push(round);
  const box = state.lifeDurable ? state.outbox.sendNow : state.outbox.sendAfterSave;
  for (const to of state.peers) {
    if (!quorums.isVoter(to)) continue;
    const { promised: ballot, life } = state;
    box.push({ from: id, to, type: 'votesRequest', ballot, life, request });
  }
  countAnswers(state, round);
}

/** Tells the last slot in which this node voted. */
export function receiveVotesRequest(state: PaxosState, { from: to, life, request }: VotesRequest): void {
  const { id: from, promised: ballot, slots } = state;
  state.outbox.sendNow.push({ from, to, type: 'votesAnswer', ballot, life, request, last: slots.lastIndex });
}

/** A voter answered. */
export function receiveVotesAnswer(state: PaxosState, message: VotesAnswer): void {
  const round = state.quorumReads.rounds.find(({ request }) => request === message.request);
  if (message.life !== state.life || round === undefined || round.through !== undefined)
    return ignore(state, message, `request ${message.request} of life ${message.life} awaits no answer`);
  round.answers.set(message.from, message.last);
  countAnswers(state, round);
}

function countAnswers(state: PaxosState, round: QuorumRound): void {
  const { quorums, memberships } = state;
  // Where other members govern already, the answers of those that were asked are not enough: the read begins anew.
  if (memberships.latest.index !== round.governedSince) return;
  if (quorums.phase1((voter) => round.answers.has(voter)) !== 'won') return;
  // Slots through the one that made them voters were decided by others.
  let through = round.governedSince;
  for (const [voter, last] of round.answers) if (quorums.isVoter(voter) && last > through) through = last;
  round.through = through;
}

/** Hands out reads through whose slot everything is decided, and asks again where other members govern by now. */
export function settleQuorumReads(state: PaxosState): void {
  const { quorumReads, commitIndex, memberships, outbox } = state;
  if (quorumReads.rounds.length === 0) return;
  const left: QuorumRound[] = [];
  for (const round of quorumReads.rounds) {
    const isChanged = memberships.latest.index !== round.governedSince;
    if (isChanged) quorumReads.waiting.push(...round.contexts);
    else if (round.through === undefined || round.through > commitIndex) left.push(round);
    else {
      report(state, { type: 'readConfirmed', index: round.through, reads: round.contexts.length });
      for (const context of round.contexts) outbox.reads.push({ context, index: round.through });
    }
  }
  quorumReads.rounds = left;
}

/** One tick: gives up rounds that waited for an election timeout, and gives their reads back. */
export function expireQuorumReads({ quorumReads, settings }: PaxosState): readonly ReadContext[] {
  const expired: ReadContext[] = [];
  for (const round of quorumReads.rounds)
    if (++round.ticks > settings.electionTicks) expired.push(...round.contexts);
  if (expired.length > 0)
    quorumReads.rounds = quorumReads.rounds.filter(({ ticks }) => ticks <= settings.electionTicks);
  return expired;
}
