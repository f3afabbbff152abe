/** Linearizable reads (Raft §8; dissertation §6.4): from a caller's wish to an index that is safe to read at. */
import type { ReadContext, ReadMode } from '@synod/core';
import { leaseTicksLeft } from './leasing.js';
import type { ReadAnswer, ReadRequest } from './messages.js';
import {
  answerFollower,
  ignore,
  leaderCode,
  leaderHint,
  type RaftState,
  refuseRead,
  report,
} from './state.js';

/** A caller of this node wants to read. */
export function requestRead(state: RaftState, context: ReadContext, mode: ReadMode): void {
  if (mode === 'lease' && answersByLease(state)) {
    report(state, { type: 'readConfirmed', index: state.commitIndex, reads: 1 });
    state.outbox.answer({ context, index: state.commitIndex });
  } else if (state.reads.pending >= state.settings.pendingReadsMax) {
    state.outbox.refuse({
      subject: { type: 'read', context },
      code: 'OVERLOADED',
      effect: 'none',
      reason: `${state.reads.pending} reads wait for a barrier: at most ${state.settings.pendingReadsMax} may`,
    });
  } else if (state.role === 'leader') {
    state.reads.waiting.push({ type: 'local', context });
  } else if (state.leader === undefined) {
    state.outbox.refuse({
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

/** Whether this leader may answer alone: it knows its commit index to be current (§8), and its lease lasts yet. */
function answersByLease(state: RaftState): boolean {
  return (
    state.role === 'leader' &&
    state.transfer === undefined &&
    state.log.termAt(state.commitIndex) === state.term &&
    leaseTicksLeft(state) > 0
  );
}

/**
 * Starts a round for the reads that wait, once this leader knows its commit index to be current: when an entry of its
 * own term is committed (§8).
 *
 * @returns Whether heartbeats must now carry the round.
 */
export function startReadRound(state: RaftState): boolean {
  if (state.reads.waiting.length === 0 || state.log.termAt(state.commitIndex) !== state.term) return false;
  state.reads.startRound(state.commitIndex);
  confirmReads(state); // A leader without other voters is its own quorum.
  return state.reads.batches.length > 0;
}

/** Hands out the reads whose round a quorum has answered. */
export function confirmReads(state: RaftState): void {
  const { reads } = state;
  const answered = state.quorum.reachedByMajority((id) =>
    id === state.id ? reads.round : (state.progress.get(id)?.answeredRound ?? 0),
  );
  state.lease?.confirmed(answered);
  for (const { index, readers } of reads.confirm(answered)) {
    report(state, { type: 'readConfirmed', index, reads: readers.length });
    for (const reader of readers) {
      if (reader.type === 'follower') answerFollower(state, reader, index);
      else state.outbox.answer({ context: reader.context, index });
    }
  }
}

/** Sends a follower's reads to the leader, all in one request. */
export function forwardReads(state: RaftState): void {
  if (state.reads.unforwarded.length === 0 || state.leader === undefined) return;
  const request: ReadRequest = {
    from: state.id,
    to: state.leader,
    type: 'readRequest',
    term: state.term,
    life: state.life,
    request: state.reads.forward(),
  };
  if (state.lifeDurable) state.outbox.send(request);
  else state.outbox.sendWhenSaved(request);
}

/** A follower asks for a barrier. */
export function receiveReadRequest(state: RaftState, message: ReadRequest): void {
  const { from: id, life, request } = message;
  const reader = { type: 'follower', id, life, request } as const;
  const possible = state.role === 'leader' && state.reads.pending < state.settings.pendingReadsMax;
  if (possible) state.reads.waiting.push(reader);
  else answerFollower(state, reader, undefined);
}

/** The leader answered a forwarded request: its confirmation came after the reads did, so it holds in any term. */
export function receiveReadAnswer(state: RaftState, message: ReadAnswer): void {
  if (message.life !== state.life) {
    ignore(state, message, `it answers life ${message.life} of this node, which is in life ${state.life}`);
    return;
  }
  for (const context of state.reads.answered(message.request)) {
    if (message.index === undefined)
      refuseRead(state, context, `${message.from} cannot confirm that it leads`);
    else state.outbox.answer({ context, index: message.index });
  }
}

/** One tick for reads that wait on another node's answer. */
export function tickForwardedReads(state: RaftState): void {
  for (const context of state.reads.expireForwarded(state.settings.electionTicks)) {
    refuseRead(state, context, `the leader did not answer within ${state.settings.electionTicks} ticks`);
  }
}
