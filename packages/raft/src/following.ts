/** What a node does with a leader's messages: append, heartbeat, snapshot (Raft §5.3, §7). */
import { type Entry, isSynodError, type LogIndex } from '@synod/core';
import { commitThrough, forgetDroppedThrough, rememberDropped } from './commitment.js';
import { decodeMembership } from './memberships.js';
import type { AppendEntries, Heartbeat, InstallSnapshot } from './messages.js';
import { becomeFollower, governByLatest, haltForDataLoss, ignore, type RaftState, report } from './state.js';

/** A leader of this term spoke: follow it and wait anew. Tells whether its message may be acted upon. */
function heed(state: RaftState, message: AppendEntries | Heartbeat | InstallSnapshot): boolean {
  if (state.role === 'leader') {
    ignore(state, message, `this node leads term ${state.term} itself`);
    return false;
  }
  const follows = (state.role === 'follower' || state.role === 'learner') && state.leader === message.from;
  if (!follows) becomeFollower(state, message.from, `${message.from} leads term ${state.term}`);
  state.electionElapsed = 0;
  state.ticksSinceLeader = 0;
  return true;
}

/** Appends a leader's entries where the logs agree, or says where they may. */
export function receiveAppendEntries(state: RaftState, message: AppendEntries): void {
  const malformed = reasonMalformed(message);
  if (malformed !== undefined) return ignore(state, message, malformed);
  if (!heed(state, message)) return;
  const { log } = state;
  // What is committed agrees with every later leader (leader completeness, §5.4.3): no need to compare it.
  if (message.prevLogIndex < log.discarded.index || message.prevLogIndex < state.commitIndex) {
    const lastNew = message.prevLogIndex + message.entries.length;
    if (lastNew <= state.commitIndex) return accept(state, message, state.commitIndex);
  } else if (!log.matches({ index: message.prevLogIndex, term: message.prevLogTerm })) {
    if (message.prevLogIndex > state.commitIndex) return refuse(state, message);
    return haltForDataLoss(
      state,
      `the entry committed here at index ${state.commitIndex} is not the one that ${message.from} has there`,
    );
  }
  const lastNew = appendMissing(state, message);
  if (lastNew === undefined) return;
  accept(state, message, lastNew);
  commitThrough(state, Math.min(message.commitIndex, lastNew));
}

function reasonMalformed(message: AppendEntries): string | undefined {
  let index = message.prevLogIndex;
  let term = message.prevLogTerm;
  if (index === 0 && term !== 0) return 'the start of the log has no term';
  if (term > message.term) return 'the entry before its entries has a later term than it has itself';
  for (const entry of message.entries) {
    if (entry.index !== ++index) return `entry ${entry.index} stands where ${index} is expected`;
    if (entry.term < term || entry.term > message.term)
      return `entry ${index} has term ${entry.term}, out of order`;
    if (entry.kind === 'membership' && !holdsMembership(entry)) return `entry ${index} holds no membership`;
    term = entry.term;
  }
  return undefined;
}

function holdsMembership(entry: Entry): boolean {
  try {
    decodeMembership(entry.data);
    return true;
  } catch (error) {
    if (isSynodError(error)) return false;
    throw error;
  }
}

/**
 * Appends what is missing. Entries that stand here already are left alone: only a real conflict truncates, since an
 * append that is shorter or late says nothing about what follows it (§5.3, step 3 of figure 2).
 *
 * @returns Index through which the log now agrees with the leader's, or `undefined` for a message that contradicts
 *   what is committed.
 */
function appendMissing(state: RaftState, message: AppendEntries): LogIndex | undefined {
  const { log } = state;
  const { entries } = message;
  const lastNew = message.prevLogIndex + entries.length;
  const missing = firstMissing(state, entries);
  const first = entries[missing];
  if (first === undefined) return lastNew;
  if (first.index > log.lastIndex + 1) {
    ignore(state, message, `its entries begin at ${first.index}, after the end of the log`);
    return undefined;
  }
  if (first.index <= log.lastIndex) {
    rememberDropped(state, log.truncate(first.index));
    state.outbox.withdrawAcknowledgements(first.index);
    report(state, {
      type: 'logTruncated',
      from: first.index,
      reason: `${message.from} has an entry of term ${first.term} at index ${first.index}`,
    });
  }
  for (const entry of missing === 0 ? entries : entries.slice(missing)) log.append(entry);
  report(state, { type: 'entriesAppended', from: first.index, to: lastNew, term: state.term });
  followMemberships(state, message, first.index);
  return lastNew;
}

/** Position of the first entry that does not stand in the log, or how many there are when all do. */
function firstMissing({ log, commitIndex }: RaftState, entries: readonly Entry[]): number {
  let position = 0;
  for (const { index, term } of entries) {
    if (index > commitIndex && log.termAt(index) !== term) break;
    position++;
  }
  return position;
}

/** Membership entries govern from where they stand in the log, and no longer than they stand there (§6). */
function followMemberships(state: RaftState, message: AppendEntries, from: LogIndex): void {
  if (state.memberships.truncate(from))
    governByLatest(state, `${message.from} has other entries from index ${from} on`);
  for (const entry of message.entries) {
    if (entry.kind !== 'membership' || entry.index < from) continue;
    state.memberships.append(entry);
    governByLatest(state, `${message.from} sent the entry`);
  }
}

type Answered = AppendEntries | InstallSnapshot;

function accept(state: RaftState, { from: leader, session }: Answered, matchIndex: LogIndex): void {
  state.outbox.sendWhenSaved({
    from: state.id,
    to: leader,
    type: 'appendAccepted',
    term: state.term,
    matchIndex,
    session,
  });
}

/** The hint skips all entries of later terms in one step, however many there are (§5.3, last paragraphs). */
function refuse(state: RaftState, message: AppendEntries): void {
  const hintIndex = state.log.lastIndexWithTermAtMost(message.prevLogTerm, message.prevLogIndex);
  state.outbox.send({
    from: state.id,
    to: message.from,
    type: 'appendRefused',
    term: state.term,
    refusedIndex: message.prevLogIndex,
    hintIndex,
    hintTerm: state.log.termAt(hintIndex) ?? 0,
    session: message.session,
  });
}

/** Notes that the leader lives and through where this log is committed. */
export function receiveHeartbeat(state: RaftState, message: Heartbeat): void {
  if (!heed(state, message)) return;
  // The leader names no index beyond what this node acknowledged to it in this term.
  if (message.commitIndex > state.log.lastIndex) {
    return haltForDataLoss(
      state,
      `this node acknowledged entries through index ${message.commitIndex}, but its log ends at ${state.log.lastIndex}: ` +
        'its disk went back. If an older copy of its data directory was put back, take it out of the cluster',
    );
  }
  commitThrough(state, message.commitIndex);
  state.outbox.send({
    from: state.id,
    to: message.from,
    type: 'heartbeatAnswer',
    term: state.term,
    round: message.round,
    session: message.session,
    snapshotWanted: state.snapshotWanted ? state.emittedIndex + 1 : undefined,
  });
}

/** The state machine is damaged: the leader is asked for its snapshot with every answer, until one has come. */
export function requestSnapshot(state: RaftState): void {
  if (state.role !== 'leader') state.snapshotWanted = true;
}

/** Replaces the log by a snapshot that is durable here already, unless the log holds as much itself. */
export function receiveInstallSnapshot(state: RaftState, message: InstallSnapshot): void {
  if (!heed(state, message)) return;
  const { meta } = message;
  const at = { index: meta.index, term: meta.term };
  if (state.snapshotWanted && meta.index > state.emittedIndex && state.log.matches(at))
    return replaceState(state, message);
  if (meta.index <= state.commitIndex) return accept(state, message, state.commitIndex);
  forgetDroppedThrough(state, meta.index);
  if (state.log.matches(at)) {
    commitThrough(state, meta.index);
    return accept(state, message, meta.index);
  }
  const dropped: readonly Entry[] = state.log.reset(at);
  rememberDropped(state, dropped);
  state.outbox.withdrawAcknowledgements(meta.index + 1);
  forgetDroppedThrough(state, meta.index);
  report(state, { type: 'snapshotInstalled', at, from: message.from });
  state.snapshotWanted = false;
  state.snapshot = meta;
  state.memberships.reset({ index: meta.index, membership: meta.membership });
  governByLatest(state, `${message.from} sent a snapshot through index ${meta.index}`);
  report(state, { type: 'commitAdvanced', from: state.commitIndex, to: meta.index });
  state.commitIndex = meta.index;
  state.emittedIndex = meta.index;
  state.outbox.workOn({ type: 'install', meta });
  accept(state, message, meta.index);
}

/** A snapshot that this node asked for: the log stays, with what it acknowledged behind the snapshot. */
function replaceState(state: RaftState, message: InstallSnapshot): void {
  const { meta } = message;
  commitThrough(state, meta.index);
  rememberDropped(state, entriesBetween(state, state.emittedIndex, meta.index));
  forgetDroppedThrough(state, meta.index);
  report(state, {
    type: 'snapshotInstalled',
    at: { index: meta.index, term: meta.term },
    from: message.from,
  });
  state.snapshotWanted = false;
  state.snapshot = meta;
  state.memberships.forgetBefore(meta.index);
  state.emittedIndex = meta.index;
  state.outbox.workOn({ type: 'install', meta });
  accept(state, message, meta.index);
}

function entriesBetween({ log }: RaftState, after: LogIndex, through: LogIndex): readonly Entry[] {
  const entries: Entry[] = [];
  for (let index = after + 1; index <= through; index++) {
    const entry = log.entryAt(index);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}
