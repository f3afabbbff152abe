/** What a leader does: takes commands, feeds its acceptors, hears their votes, and watches whether it still leads. */
import type { NodeId, ProposedCommand, Refusal } from '@synod/core';
import { leaderHint, reasonNotLeader } from './callers.js';
import { askToLearn } from './catch-up.js';
import { countVotes } from './decisions.js';
import { prepare } from './leadership.js';
import type { Accepted, HeartbeatAnswer } from './messages.js';
import type { Progress } from './progress.js';
import { askForPromises } from './proposing.js';
import { confirmReads } from './reads.js';
import { mayLead, report } from './roles.js';
import { offerSnapshot } from './snapshots.js';
import type { PaxosState } from './state.js';
import { handOver } from './transfer.js';

/** Takes commands, or refuses them. Those taken get their slots at the end of the turn, or when the window allows. */
export function propose(state: PaxosState, commands: readonly ProposedCommand[]): void {
  for (const command of commands) {
    const refusal = reasonToRefuse(state, command.data);
    if (refusal === undefined) {
      state.uncommittedBytes += command.data.length + 16;
      state.proposer.queue.push(command);
      continue;
    }
    state.outbox.refused.push({
      subject: { type: 'proposal', proposal: command.proposal },
      effect: 'none',
      ...leaderHint(state),
      ...refusal,
    });
  }
}

function reasonToRefuse(state: PaxosState, data: Uint8Array): Pick<Refusal, 'code' | 'reason'> | undefined {
  const { entryBytesMax, uncommittedBytesMax } = state.settings;
  if (state.role !== 'leader') return reasonNotLeader(state);
  if (state.transfer !== undefined)
    return { code: 'NO_LEADER', reason: `this node hands its leadership to ${state.transfer.to}` };
  if (data.length > entryBytesMax) {
    return {
      code: 'TOO_LARGE',
      reason: `the command has ${data.length} bytes: at most ${entryBytesMax} fit into one entry`,
    };
  }
  // One command is always let in, so that a limit smaller than a command cannot block for ever.
  if (state.uncommittedBytes > 0 && state.uncommittedBytes + data.length > uncommittedBytesMax) {
    return {
      code: 'OVERLOADED',
      reason: `${state.uncommittedBytes} bytes of commands wait for their decision: at most ${uncommittedBytesMax} may`,
    };
  }
  return undefined;
}

/** One tick of a leader. */
export function tickLeader(state: PaxosState): void {
  const { electionTicks, heartbeatTicks } = state.settings;
  for (const progress of state.progress.values()) progress.silentTicks++;
  const heard = state.quorums.phase2(
    (voter) =>
      voter === state.id || (state.progress.get(voter)?.silentTicks ?? electionTicks) < electionTicks,
  );
  if (heard !== 'won') return handOver(state, `no phase-2 quorum was heard for ${electionTicks} ticks`);
  if (state.raisePause > 0) state.raisePause--;
  else if (mayLead(state) && isOutbid(state)) {
    state.raisePause = electionTicks;
    return prepare(state, 'a member promised a ballot that nobody leads');
  }
  if (state.progress.size === 0 || ++state.heartbeatElapsed < heartbeatTicks) return;
  broadcastHeartbeat(state);
  if (!state.proposer.established) askForPromises(state);
}

/**
 * Whether a member cannot follow because it promised a higher ballot, most likely one of its own that came to nothing.
 * Nobody is deposed for its sake: the leader goes on in a higher ballot.
 */
function isOutbid({ progress, peers, proposer }: PaxosState): boolean {
  return peers.some((peer) => (progress.get(peer)?.promisedAbove ?? 0) > proposer.ballot);
}

/** Sends a heartbeat to everybody that this leader feeds. */
export function broadcastHeartbeat(state: PaxosState): void {
  state.heartbeatElapsed = 0;
  // Every round is told apart, so that its answers show when it was sent, and what before it.
  const round = ++state.reads.round;
  state.lease?.sent(round, state.ticks);
  for (const [peer, progress] of state.progress) {
    if (progress.state === 'replicate' && progress.markedRound === 0) {
      progress.markedRound = round;
      progress.markedThrough = progress.nextIndex - 1;
    }
    state.outbox.sendNow.push({
      from: state.id,
      to: peer,
      type: 'heartbeat',
      ballot: state.proposer.ballot,
      decided: state.commitIndex,
      held: progress.matchIndex,
      round,
    });
  }
}

/** Sends everybody what it lacks, as far as its window allows. Called once for all inputs of a turn. */
export function replicate(state: PaxosState): void {
  for (const [peer, progress] of state.progress) {
    if (progress.state === 'replicate') replicateTo(state, peer, progress);
  }
}

function replicateTo(state: PaxosState, peer: NodeId, progress: Progress): void {
  const { slots, settings, proposer } = state;
  const last = proposer.nextSlot - 1;
  while (
    progress.nextIndex <= last &&
    progress.ready(settings.acceptsInFlightMax, settings.bytesInFlightMax)
  ) {
    if (progress.nextIndex < slots.firstIndex) {
      // Without a sign of life a snapshot would be carried to nobody.
      if (progress.silentTicks <= settings.electionTicks && offerSnapshot(state, peer))
        feedBySnapshot(state, peer, progress);
      return;
    }
    const { from, through, entries, bytes } = slots.slice(progress.nextIndex, last, settings.acceptBytesMax);
    sendAccept(state, peer, progress, entries);
    progress.sent(from, through, bytes);
  }
  if (progress.sentDecided < Math.min(state.commitIndex, progress.nextIndex - 1))
    sendAccept(state, peer, progress, []);
}

function sendAccept(
  state: PaxosState,
  peer: NodeId,
  progress: Progress,
  entries: ReturnType<PaxosState['slots']['slice']>['entries'],
): void {
  progress.sentDecided = state.commitIndex;
  state.outbox.sendNow.push({
    from: state.id,
    to: peer,
    type: 'accept',
    ballot: state.proposer.ballot,
    entries,
    decided: state.commitIndex,
  });
}

function feedBySnapshot(state: PaxosState, peer: NodeId, progress: Progress): void {
  progress.awaitSnapshot(state.snapshot?.index ?? 0);
  report(state, {
    type: 'progressChanged',
    peer,
    state: 'snapshot',
    nextIndex: progress.nextIndex,
    reason: `slots before ${state.slots.firstIndex} are discarded`,
  });
}

/** Durable votes of this ballot came in. */
export function receiveAccepted(state: PaxosState, progress: Progress, message: Accepted): void {
  const { nextSlot } = state.proposer;
  for (const { from, through } of message.ranges) {
    if (through < nextSlot) progress.accept(from, through);
  }
  hearProgress(state, message.from, progress, message.decided);
  countVotes(state);
}

/** An acceptor is alive and has promised no higher ballot: confirms reads, and shows what was lost on the way. */
export function receiveHeartbeatAnswer(
  state: PaxosState,
  progress: Progress,
  message: HeartbeatAnswer,
): void {
  const { nextSlot } = state.proposer;
  progress.accept(message.decided + 1, Math.min(message.accepted, nextSlot - 1));
  hearProgress(state, message.from, progress, message.decided);
  countVotes(state);
  sendLostAgain(state, progress, message);
  if (message.round <= progress.answeredRound) return;
  progress.answeredRound = message.round;
  confirmReads(state);
}

function hearProgress(state: PaxosState, peer: NodeId, progress: Progress, decided: number): void {
  progress.promisedAbove = 0;
  progress.settle(decided);
  askToLearn(state, peer, decided);
  const reached = progress.state !== 'snapshot' || progress.matchIndex + 1 >= state.slots.firstIndex;
  if (progress.state === 'replicate' || !reached) return;
  progress.replicate();
  report(state, {
    type: 'progressChanged',
    peer,
    state: 'replicate',
    nextIndex: progress.nextIndex,
    reason: `it holds everything through ${progress.matchIndex}`,
  });
}

/** What was sent before a heartbeat and has not arrived before it is taken for lost. */
function sendLostAgain(
  state: PaxosState,
  progress: Progress,
  { from, received, round }: HeartbeatAnswer,
): void {
  if (progress.state !== 'replicate' || progress.markedRound === 0 || round < progress.markedRound) return;
  const isLost = received < progress.markedThrough;
  progress.markedRound = 0;
  if (!isLost) return;
  progress.lackFrom(received + 1);
  report(state, {
    type: 'progressChanged',
    peer: from,
    state: 'replicate',
    nextIndex: progress.nextIndex,
    reason: `what was sent after slot ${received} did not arrive`,
  });
}

/** The way to a peer is broken: what was in flight is probably lost. */
export function receivePeerUnreachable(state: PaxosState, peer: NodeId): void {
  const progress = state.progress.get(peer);
  if (progress === undefined || progress.state !== 'replicate') return;
  progress.probe();
  report(state, {
    type: 'progressChanged',
    peer,
    state: 'probe',
    nextIndex: progress.nextIndex,
    reason: 'the transport cannot reach it',
  });
}
