/**
 * From replicated to committed to handed out (Raft §5.3, §5.4.2): a leader commits by counting only what it wrote in
 * its own term, and no node hands out an entry that its own disk does not hold yet.
 */
import { type Entry, InvariantViolation, type LogIndex } from '@synod/core';
import { entryBytes } from './log.js';
import { type RaftState, report, restAfterCommit } from './state.js';

/** Moves a leader's commit index to what a quorum holds durably, if that entry is of its own term (figure 8). */
export function commitByCounting(state: RaftState): void {
  const replicated = state.quorum.reachedByMajority((id) =>
    id === state.id ? state.log.durableIndex : (state.progress.get(id)?.matchIndex ?? 0),
  );
  if (replicated > state.commitIndex && state.log.termAt(replicated) === state.term) {
    commitThrough(state, replicated);
  }
}

/** Commits everything through an index. */
export function commitThrough(state: RaftState, index: LogIndex): void {
  if (index <= state.commitIndex) return;
  if (index > state.log.lastIndex) {
    throw new InvariantViolation(
      `commit index ${index} lies within the log, which ends at ${state.log.lastIndex}`,
    );
  }
  report(state, { type: 'commitAdvanced', from: state.commitIndex, to: index });
  if (state.role === 'leader') {
    for (let at = state.commitIndex + 1; at <= index; at++)
      state.uncommittedBytes -= entryBytes(state.log.entryAt(at));
    if (state.uncommittedBytes < 0) state.uncommittedBytes = 0;
  }
  const before = state.commitIndex;
  state.commitIndex = index;
  const { latest } = state.memberships;
  if (latest.index > before && latest.index <= index) restAfterCommit(state);
}

/** Hands out what is committed and durable here. */
export function emitCommitted(state: RaftState): void {
  // What is damaged applies nothing more: a snapshot takes its place.
  if (state.snapshotWanted) return;
  const through = Math.min(state.commitIndex, state.log.durableIndex);
  if (through <= state.emittedIndex) return;
  const entries = state.log.between(state.emittedIndex + 1, through);
  state.outbox.handOut(state.dropped.size === 0 ? entries : entries.map((entry) => reunite(state, entry)));
  state.emittedIndex = through;
}

/**
 * The index of a dropped proposal is decided: either another node kept the entry and it came back, or another entry
 * took its place for good.
 */
function reunite(state: RaftState, entry: Entry): Entry {
  const dropped = state.dropped.get(entry.index);
  if (dropped === undefined) return entry;
  state.dropped.delete(entry.index);
  if (dropped.term === entry.term) return { ...entry, proposal: dropped.proposal };
  state.outbox.refuse({
    subject: { type: 'proposal', proposal: dropped.proposal },
    code: 'SUPERSEDED',
    effect: 'none',
    reason: `another leader's entry of term ${entry.term} was committed at index ${entry.index} in its place`,
  });
  return entry;
}

/** Remembers this node's own proposals among entries that left its log. */
export function rememberDropped(state: RaftState, entries: readonly Entry[]): void {
  for (const { index, term, kind, proposal } of entries) {
    if (proposal === undefined || index <= state.emittedIndex) continue;
    if (kind === 'membership') loseSight(state, proposal, index);
    else state.dropped.set(index, { term, proposal });
  }
}

/** What its own entry began, or another leader may complete in its place, cannot be told from the entry alone. */
function loseSight(state: RaftState, proposal: number, index: LogIndex): void {
  state.outbox.refuse({
    subject: { type: 'proposal', proposal },
    code: 'OUTCOME_UNKNOWN',
    effect: 'unknown',
    reason: `another leader dropped the change of membership at index ${index}, but may complete it with an entry of its own`,
  });
}

/** Gives up on dropped proposals at indexes that a snapshot covers: what was decided there is no longer seen here. */
export function forgetDroppedThrough(state: RaftState, index: LogIndex): void {
  for (const [at, { proposal }] of state.dropped) {
    if (at > index) continue;
    state.dropped.delete(at);
    state.outbox.refuse({
      subject: { type: 'proposal', proposal },
      code: 'OUTCOME_UNKNOWN',
      effect: 'unknown',
      reason: `a snapshot through index ${index} took the place of the log before the entry at ${at} was seen decided`,
    });
  }
}
