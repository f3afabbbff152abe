/** What a leader does: takes proposals, feeds its followers, and counts what they hold (Raft §5.3). */
import type { Entry, LogIndex, NodeId, ProposedCommand, Refusal, SnapshotMeta, Term } from '@synod/core';
import { commitByCounting } from './commitment.js';
import { entryBytes } from './log.js';
import type { AppendAccepted, AppendRefused, HeartbeatAnswer } from './messages.js';
import type { Progress } from './progress.js';
import { confirmReads } from './reads.js';
import { leaderHint, type RaftState, reasonNotLeader, report } from './state.js';

/** Puts commands at the end of the log, or refuses them. */
export function propose(state: RaftState, commands: readonly ProposedCommand[]): void {
  const from = state.log.lastIndex + 1;
  for (const command of commands) {
    const refusal = reasonToRefuse(state, command);
    if (refusal !== undefined) {
      state.outbox.refuse({
        subject: { type: 'proposal', proposal: command.proposal },
        effect: 'none',
        ...leaderHint(state),
        ...refusal,
      });
      continue;
    }
    const entry = {
      index: state.log.lastIndex + 1,
      term: state.term,
      kind: 'command',
      data: command.data,
      proposal: command.proposal,
    } as const;
    state.uncommittedBytes += entryBytes(entry);
    state.log.append(entry);
  }
  if (state.log.lastIndex >= from) {
    report(state, { type: 'entriesAppended', from, to: state.log.lastIndex, term: state.term });
  }
}

function reasonToRefuse(
  state: RaftState,
  command: ProposedCommand,
): Pick<Refusal, 'code' | 'reason'> | undefined {
  const { entryBytesMax, uncommittedBytesMax } = state.settings;
  if (state.role !== 'leader') return reasonNotLeader(state);
  if (state.transfer !== undefined) {
    return {
      code: 'NO_LEADER',
      reason: `this node hands its leadership to ${state.transfer.to}`,
    };
  }
  if (command.data.length > entryBytesMax) {
    return {
      code: 'TOO_LARGE',
      reason: `the command has ${command.data.length} bytes: at most ${entryBytesMax} fit into one entry`,
    };
  }
  // One command is always let in, so that a limit smaller than a command cannot block for ever.
  if (state.uncommittedBytes > 0 && state.uncommittedBytes + command.data.length > uncommittedBytesMax) {
    return {
      code: 'OVERLOADED',
      reason: `${state.uncommittedBytes} bytes of commands wait for a quorum: at most ${uncommittedBytesMax} may`,
    };
  }
  return undefined;
}

/** One tick of a leader's heartbeat. */
export function tickHeartbeat(state: RaftState): void {
  state.heartbeatElapsed++;
  if (state.heartbeatElapsed >= state.settings.heartbeatTicks) broadcastHeartbeat(state);
}

/** Sends a heartbeat to every peer. It tells a follower no commit index beyond what is known to match there. */
export function broadcastHeartbeat(state: RaftState): void {
  state.heartbeatElapsed = 0;
  // With leases every round of heartbeats is told apart, so that its answers show when it was sent.
  if (state.lease !== undefined) state.lease.sent(++state.reads.round, state.ticks);
  for (const progress of state.progress.all) {
    state.outbox.send({
      from: state.id,
      to: progress.id,
      type: 'heartbeat',
      term: state.term,
      commitIndex: Math.min(progress.matchIndex, state.commitIndex),
      round: state.reads.round,
      session: progress.session,
    });
  }
}

/** Sends every follower what it lacks, as far as its window allows. Called once for all inputs of a turn. */
export function replicate(state: RaftState): void {
  for (const progress of state.progress.all) replicateTo(state, progress);
}

function replicateTo(state: RaftState, progress: Progress): void {
  const { log, settings } = state;
  while (
    progress.nextIndex <= log.lastIndex &&
    progress.ready(settings.appendsInFlightMax, settings.bytesInFlightMax)
  ) {
    if (!sendAppend(state, progress)) return;
  }
  const uninformed = progress.sentCommit < Math.min(state.commitIndex, progress.nextIndex - 1);
  if (uninformed && progress.state === 'replicate') sendEmptyAppend(state, progress);
}

function sendAppend(state: RaftState, progress: Progress): boolean {
  const prevLogIndex = progress.nextIndex - 1;
  const prevLogTerm = state.log.termAt(prevLogIndex);
  if (prevLogTerm === undefined) {
    offerSnapshot(state, progress);
    return false;
  }
  const { entries, bytes } = state.log.slice(progress.nextIndex, state.settings.appendBytesMax);
  pushAppend(state, progress, prevLogTerm, entries);
  progress.sent(prevLogIndex + entries.length, bytes);
  return true;
}

/** An append without entries tells the commit index, and finds out whether everything sent so far arrived. */
function sendEmptyAppend(state: RaftState, progress: Progress): boolean {
  const prevLogTerm = state.log.termAt(progress.nextIndex - 1);
  if (prevLogTerm === undefined) return false;
  pushAppend(state, progress, prevLogTerm, []);
  return true;
}

function pushAppend(
  state: RaftState,
  progress: Progress,
  prevLogTerm: Term,
  entries: readonly Entry[],
): void {
  progress.sentCommit = state.commitIndex;
  state.outbox.send({
    from: state.id,
    to: progress.id,
    type: 'appendEntries',
    term: state.term,
    prevLogIndex: progress.nextIndex - 1,
    prevLogTerm,
    entries,
    commitIndex: state.commitIndex,
    session: progress.session,
  });
}

/** The follower needs entries that are discarded here: it gets the snapshot that covers them (§7). */
function offerSnapshot(state: RaftState, progress: Progress): void {
  const peer = progress.id;
  const meta = state.snapshot;
  // Without a sign of life a snapshot would be carried to nobody; the next heartbeat answer brings us back here.
  if (meta === undefined || progress.silentTicks > state.settings.electionTicks) return;
  progress.awaitSnapshot(meta.index);
  report(state, { type: 'snapshotOffered', peer, index: meta.index });
  report(state, {
    type: 'progressChanged',
    peer,
    state: 'snapshot',
    nextIndex: progress.nextIndex,
    reason: `entries before ${state.log.firstIndex} are discarded`,
  });
  sendSnapshot(state, progress, meta);
}

/** The follower asks for a snapshot though its log would do. It is fed as before: only its state machine is damaged. */
function serveWish(state: RaftState, progress: Progress, index: LogIndex): void {
  const peer = progress.id;
  if (progress.state === 'snapshot' || progress.wishUnderWay) return;
  const meta = state.snapshot;
  if (meta === undefined || meta.index < index) return report(state, { type: 'snapshotWanted', peer, index });
  progress.wishUnderWay = true;
  report(state, { type: 'snapshotOffered', peer, index: meta.index });
  sendSnapshot(state, progress, meta);
}

function sendSnapshot(state: RaftState, progress: Progress, meta: SnapshotMeta): void {
  state.outbox.workOn({
    type: 'send',
    to: progress.id,
    meta,
    message: {
      from: state.id,
      to: progress.id,
      type: 'installSnapshot',
      term: state.term,
      meta,
      session: progress.session,
    },
  });
}

/** A follower holds the log through an index. */
export function receiveAppendAccepted(state: RaftState, progress: Progress, message: AppendAccepted): void {
  if (message.matchIndex > state.log.lastIndex) return;
  const news = progress.accepted(message.matchIndex);
  const reached = progress.state !== 'snapshot' || progress.matchIndex + 1 >= state.log.firstIndex;
  if (progress.state !== 'replicate' && reached && (news || progress.state === 'probe')) {
    stream(state, message.from, progress);
  }
  if (news && message.matchIndex > state.commitIndex) commitByCounting(state);
}

/** Sends ahead of the answers from now on. */
function stream(state: RaftState, peer: NodeId, progress: Progress): void {
  progress.replicate();
  report(state, {
    type: 'progressChanged',
    peer,
    state: 'replicate',
    nextIndex: progress.nextIndex,
    reason: `the logs agree through ${progress.matchIndex}`,
  });
}

/** A follower's log differs at the index before an append: go back to where the two can agree (§5.3). */
export function receiveAppendRefused(state: RaftState, progress: Progress, message: AppendRefused): void {
  const at = { index: message.refusedIndex, term: state.log.termAt(message.refusedIndex) ?? 0 };
  // What it acknowledged is not looked for again: such a refusal is late, or its disk went back, and then the next
  // heartbeat shows it so. Either way the next probe waits for that heartbeat.
  const late = message.refusedIndex <= progress.matchIndex || message.refusedIndex >= progress.nextIndex;
  const otherProbe = progress.state === 'probe' && message.refusedIndex !== progress.nextIndex - 1;
  if (late || otherProbe || progress.state === 'snapshot') return;
  report(state, {
    type: 'appendRefused',
    peer: message.from,
    at,
    hint: { index: message.hintIndex, term: message.hintTerm },
  });
  const agreed = state.log.lastIndexWithTermAtMost(
    message.hintTerm,
    Math.min(message.hintIndex, message.refusedIndex - 1),
  );
  progress.probeFrom(agreed + 1);
  report(state, {
    type: 'progressChanged',
    peer: message.from,
    state: 'probe',
    nextIndex: progress.nextIndex,
    reason: `the follower refused an append after ${message.refusedIndex}`,
  });
}

/** A follower is alive: confirm reads, and find out about appends that may have been lost. */
export function receiveHeartbeatAnswer(state: RaftState, progress: Progress, message: HeartbeatAnswer): void {
  if (message.round > progress.answeredRound) {
    progress.answeredRound = message.round;
    confirmReads(state);
  }
  if (message.snapshotWanted !== undefined) serveWish(state, progress, message.snapshotWanted);
  progress.probeSent = false;
  // With nothing to send to it no probe would ever find out that it can be reached again.
  if (progress.state === 'probe' && progress.matchIndex === state.log.lastIndex)
    stream(state, message.from, progress);
  const standsStill = progress.matchIndex === progress.matchAtHeartbeat;
  progress.matchAtHeartbeat = progress.matchIndex;
  const behind = standsStill && progress.matchIndex < state.log.lastIndex;
  const nothingToSend = progress.state === 'replicate' || progress.nextIndex > state.log.lastIndex;
  if (!behind || !nothingToSend || progress.state === 'snapshot') return;
  // What was in flight may be discarded here by now: then only a snapshot can follow it.
  if (!sendEmptyAppend(state, progress)) progress.probeFrom(progress.matchIndex + 1);
}

/** The way to a peer is broken: what was in flight is probably lost. */
export function receivePeerUnreachable(state: RaftState, peer: NodeId): void {
  const progress = state.progress.get(peer);
  if (progress === undefined || progress.state !== 'replicate') return;
  progress.probeFrom(progress.matchIndex + 1);
  report(state, {
    type: 'progressChanged',
    peer,
    state: 'probe',
    nextIndex: progress.nextIndex,
    reason: 'the transport cannot reach it',
  });
}

/** A snapshot reached a follower's disk, or did not: probe from after it, or from where the follower was. */
export function receiveSnapshotSent(state: RaftState, peer: NodeId, delivered: boolean): void {
  const progress = state.progress.get(peer);
  if (progress === undefined) return;
  progress.wishUnderWay = false;
  if (progress.state !== 'snapshot') return;
  progress.probeFrom(delivered ? progress.nextIndex : progress.matchIndex + 1);
  // The follower's own answer, or the next heartbeat answer, sets the probing going.
  progress.probeSent = true;
  report(state, {
    type: 'progressChanged',
    peer,
    state: 'probe',
    nextIndex: progress.nextIndex,
    reason: delivered ? 'the snapshot was delivered' : 'the snapshot was not delivered',
  });
}
