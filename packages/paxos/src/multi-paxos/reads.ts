/**
 * Linearizable reads: from a caller's wish to a slot that is safe to read at. A leader knows what is decided once it has
 * decided everything that its phase 1 brought to light; that no later ballot has decided more is confirmed by a phase-2
 * quorum that answers a later heartbeat in this ballot, since every phase-1 quorum of a later ballot meets it.
 */
import type { ReadContext, ReadMode } from '@synod/core';
import { answerFollower, leaderCode, leaderHint, refuseRead } from './callers.js';
import { leaseTicksLeft } from './leasing.js';
import type { ReadAnswer, ReadRequest } from './messages.js';
import { expireQuorumReads } from './quorum-reads.js';
import { ignore, report } from './roles.js';
import type { PaxosState } from './state.js';

/** A caller of this node wants to read. */
export function requestRead(state: PaxosState, context: ReadContext, mode: ReadMode): void {
  if (mode === 'lease' && answersByLease(state)) {
    report(state, { type: 'readConfirmed', index: state.commitIndex, reads: 1 });
    state.outbox.reads.push({ context, index: state.commitIndex });
  } else if (pendingReads(state) >= state.settings.pendingReadsMax) {
    state.outbox.refused.push({
      subject: { type: 'read', context },
      code: 'OVERLOADED',
      effect: 'none',
      reason: `${pendingReads(state)} reads wait for a barrier: at most ${state.settings.pendingReadsMax} may`,
    });
  } else if (mode === 'quorum') {
    state.quorumReads.waiting.push(context);
  } else {
    readByLeader(state, context);
  }
}

/** Reads that wait for a barrier of either kind. */
export function pendingReads({ reads, quorumReads }: PaxosState): number {
  return reads.pending + quorumReads.pending;
}

function readByLeader(state: PaxosState, context: ReadContext): void {
  if (state.role === 'leader') {
    state.reads.waiting.push({ type: 'local', context });
  } else if (state.leader === undefined) {
    state.outbox.refused.push({
      subject: { type: 'read', context },
      code: leaderCode(state),
      effect: 'none',
      ...leaderHint(state),
      reason: 'nobody is known to lead, so nobody can confirm that a read is up to date',
    });
  } else {
    state.reads.unforwarded.push(context);
  }
}

/** Whether this leader knows what is decided: everything that its phase 1 brought to light is. */
export function knowsDecisions({ role, proposer, commitIndex }: PaxosState): boolean {
  return role === 'leader' && proposer.established && commitIndex >= proposer.adoptedThrough;
}

function answersByLease(state: PaxosState): boolean {
  return knowsDecisions(state) && state.transfer === undefined && leaseTicksLeft(state) > 0;
}

/**
 * Starts a round for the reads that wait, once this leader knows what is decided.
 *
 * @returns Whether heartbeats must now carry the round.
 */
export function startReadRound(state: PaxosState): boolean {
  if (state.reads.waiting.length === 0 || !knowsDecisions(state)) return false;
  state.reads.startRound(state.commitIndex);
  return true;
}

/** Hands out the reads whose round a phase-2 quorum has answered. */
export function confirmReads(state: PaxosState): void {
  const { reads, quorums, progress, id, lease } = state;
  const rounds = [reads.round, ...[...progress.values()].map((peer) => peer.answeredRound)];
  let answered = 0;
  for (const round of rounds) {
    if (round <= answered) continue;
    const result = quorums.phase2(
      (voter) => voter === id || (progress.get(voter)?.answeredRound ?? 0) >= round,
    );
    if (result === 'won') answered = round;
  }
  lease?.confirmed(answered);
  for (const { index, readers } of reads.confirm(answered)) {
    report(state, { type: 'readConfirmed', index, reads: readers.length });
    for (const reader of readers) {
      if (reader.type === 'follower') answerFollower(state, reader, index);
      else state.outbox.reads.push({ context: reader.context, index });
    }
  }
}

/** Sends a follower's reads to the leader, all in one request. */
export function forwardReads(state: PaxosState): void {
  if (state.reads.unforwarded.length === 0 || state.leader === undefined) return;
  const box = state.lifeDurable ? state.outbox.sendNow : state.outbox.sendAfterSave;
  box.push({
    from: state.id,
    to: state.leader,
    type: 'readRequest',
    ballot: state.promised,
    life: state.life,
    request: state.reads.forward(),
  });
}

/** A follower asks for a barrier. */
export function receiveReadRequest(state: PaxosState, message: ReadRequest): void {
  const { from: id, life, request } = message;
  const reader = { type: 'follower', id, life, request } as const;
  const possible = state.role === 'leader' && pendingReads(state) < state.settings.pendingReadsMax;
  if (possible) state.reads.waiting.push(reader);
  else answerFollower(state, reader, undefined);
}

/** The leader answered a forwarded request: its confirmation came after the reads did, so it holds in any ballot. */
export function receiveReadAnswer(state: PaxosState, message: ReadAnswer): void {
  if (message.life !== state.life)
    return ignore(
      state,
      message,
      `it answers life ${message.life} of this node, which is in life ${state.life}`,
    );
  for (const context of state.reads.answered(message.request)) {
    if (message.index === undefined)
      refuseRead(state, context, `${message.from} cannot confirm that it leads`);
    else state.outbox.reads.push({ context, index: message.index });
  }
}

/** One tick for reads that wait on other nodes' answers. */
export function tickWaitingReads(state: PaxosState): void {
  for (const context of expireQuorumReads(state)) readByLeader(state, context);
  for (const context of state.reads.expireForwarded(state.settings.electionTicks))
    refuseRead(state, context, `the leader did not answer within ${state.settings.electionTicks} ticks`);
}
