/**
 * The engine: one door in (`step`), one door out (`takeEffects`). It decides which rule an input falls under; the rules
 * stand in the other files, one subject each. Term rules come first (Raft §5.1), then the message's own.
 */
import {
  type ConsensusEngine,
  type Effects,
  type EngineInput,
  type EngineStatus,
  type Fingerprint,
  type FingerprintView,
  type GroupId,
  InvariantViolation,
  invariant,
  type NodeId,
  type SaveReceipt,
  type SnapshotMeta,
  unreachable,
} from '@synod/core';
import { commitByCounting, emitCommitted } from './commitment.js';
import {
  adoptTermOf,
  campaign,
  diskStalls,
  forgetLeader,
  hearsALeader,
  receiveRequestVote,
  receiveVote,
  refuseWhileLed,
  tickElection,
  tickQuorumCheck,
} from './election.js';
import {
  receiveAppendEntries,
  receiveHeartbeat,
  receiveInstallSnapshot,
  requestSnapshot,
} from './following.js';
import {
  broadcastHeartbeat,
  propose,
  receiveAppendAccepted,
  receiveAppendRefused,
  receiveHeartbeatAnswer,
  receivePeerUnreachable,
  receiveSnapshotSent,
  replicate,
  tickHeartbeat,
} from './leading.js';
import { sameMembership } from './memberships.js';
import type { RaftMessage } from './messages.js';
import { type RaftOptions, retimed } from './options.js';
import type { Progress } from './progress.js';
import {
  forwardReads,
  receiveReadAnswer,
  receiveReadRequest,
  requestRead,
  startReadRound,
  tickForwardedReads,
} from './reads.js';
import { advanceChange, changeMembership, dismissLeavers } from './reconfiguration.js';
import { takeSave } from './save.js';
import {
  answerFollower,
  cloneState,
  createState,
  ignore,
  type RaftState,
  report,
  resetElectionClock,
} from './state.js';
import { fingerprintOf, statusOf } from './status.js';
import {
  advanceTransfer,
  handOver,
  receiveTimeoutNow,
  tickTransfer,
  transferLeadership,
} from './transfer.js';

/**
 * Makes a Raft engine for one node of one group, new or from what its storage recovered.
 *
 * @param options - Who it is, what it remembers, and its limits.
 * @returns The engine, as a follower.
 * @throws InvalidArgumentError when an option is out of range; DecodeError or InvariantViolation when what was
 *   recovered contradicts itself.
 *
 * @example A cluster of one, driven by hand.
 * ```ts
 * const engine = createRaftEngine({
 *   id: 'n1', group: 0, seed: 1, membership: createMembership(['n1']), recovered: { discarded: logStart, entries: [] },
 * });
 * engine.step({ type: 'campaign' });
 * engine.step({ type: 'propose', commands: [{ proposal: 1, data: encodeUtf8('hello') }] });
 * const save = engine.takeEffects()?.save;
 * // make it durable, then:
 * if (save !== undefined) engine.step({ type: 'saved', receipt: save.receipt });
 * engine.takeEffects()?.committed; // the no-op of the term, then the command
 * ```
 */
export function createRaftEngine(options: RaftOptions): ConsensusEngine<RaftMessage> {
  return new RaftEngine(createState(options));
}

class RaftEngine implements ConsensusEngine<RaftMessage> {
  readonly kind = 'raft';
  readonly #state: RaftState;

  constructor(state: RaftState) {
    this.#state = state;
  }

  get id(): NodeId {
    return this.#state.id;
  }

  get group(): GroupId {
    return this.#state.group;
  }

  step(input: EngineInput<RaftMessage>): void {
    const state = this.#state;
    switch (input.type) {
      case 'tick':
        return tick(state, input.missed ?? 0);
      case 'receive':
        return receive(state, input.message);
      case 'propose':
        return propose(state, input.commands);
      case 'read':
        return requestRead(state, input.context, input.mode);
      case 'saved':
        return saved(state, input.receipt);
      case 'applied':
        return applied(state, input.through);
      case 'snapshotSaved':
        return snapshotSaved(state, input.meta);
      case 'snapshotSent':
        return receiveSnapshotSent(state, input.peer, input.delivered);
      case 'changeMembership':
        return changeMembership(state, input.change, input.proposal);
      case 'transferLeadership':
        return transferLeadership(state, input.to);
      case 'campaign':
        return state.dataLoss === undefined ? campaign(state, 'it was asked to') : undefined;
      case 'forgetLeader':
        return forgetLeader(state);
      case 'requestSnapshot':
        return requestSnapshot(state);
      case 'peerUnreachable':
        return receivePeerUnreachable(state, input.peer);
      case 'retime':
        state.settings = retimed(state.settings, input.timing);
        return resetElectionClock(state);
      default:
        return unreachable(input);
    }
  }

  takeEffects(): Effects<RaftMessage> | undefined {
    const state = this.#state;
    if (state.role === 'leader') advanceChange(state);
    if (state.role === 'leader') {
      advanceTransfer(state);
      if (startReadRound(state)) broadcastHeartbeat(state);
      replicate(state);
      dismissLeavers(state);
    } else {
      forwardReads(state);
    }
    emitCommitted(state);
    return state.outbox.take(takeSave(state));
  }

  status(): EngineStatus {
    return statusOf(this.#state);
  }

  clone(): ConsensusEngine<RaftMessage> {
    return new RaftEngine(cloneState(this.#state));
  }

  fingerprint(view: FingerprintView = {}): Fingerprint {
    return fingerprintOf(this.#state, view);
  }
}

function tick(state: RaftState, missed: number): void {
  state.ticks += 1 + missed;
  if (state.ticksSinceLeader < state.settings.electionTicks) state.ticksSinceLeader++;
  tickSaves(state);
  tickForwardedReads(state);
  if (state.dataLoss !== undefined) return;
  if (state.role !== 'leader') return tickElection(state);
  if (diskStalls(state))
    return handOver(state, `a save has taken ${state.stalledTicks} ticks: the disk stalls`);
  tickQuorumCheck(state);
  tickTransfer(state);
  // The check may just have ended the leadership.
  if (state.progress.size > 0) tickHeartbeat(state);
}

/** Counts for how long the oldest save has been under way. */
function tickSaves(state: RaftState): void {
  const oldest = state.log.oldestSave;
  state.stalledTicks = oldest === 0 || oldest !== state.stalledSave ? 0 : state.stalledTicks + 1;
  state.stalledSave = oldest;
}

function saved(state: RaftState, receipt: SaveReceipt): void {
  state.log.saved(receipt);
  state.lifeDurable = true;
  if (state.role === 'leader' && state.log.durableIndex > state.commitIndex) commitByCounting(state);
}

function applied(state: RaftState, through: number): void {
  if (through > state.emittedIndex)
    throw new InvariantViolation(`applied index ${through} was handed out before`);
  if (through > state.appliedIndex) state.appliedIndex = through;
}

/** Shortens the log behind a snapshot of this node's own, keeping some entries for followers that are a little behind. */
function snapshotSaved(state: RaftState, meta: SnapshotMeta): void {
  invariant(meta.index <= state.emittedIndex, `snapshot index ${meta.index} was handed out before`);
  if (state.snapshot !== undefined && meta.index <= state.snapshot.index) return;
  const governing = state.memberships.at(meta.index);
  invariant(
    governing === undefined || sameMembership(governing, meta.membership),
    `the snapshot through index ${meta.index} carries the members that govern there`,
  );
  state.snapshot = meta;
  state.memberships.forgetBefore(meta.index);
  const through = state.log.discardThrough(meta.index - state.settings.retainedEntries);
  if (through !== undefined) report(state, { type: 'logDiscarded', through });
}

function receive(state: RaftState, message: RaftMessage): void {
  if (message.to !== state.id) return ignore(state, message, `it is for ${message.to}`);
  if (state.dataLoss !== undefined) return ignore(state, message, state.dataLoss);
  if (!isHeard(state, message)) return ignore(state, message, 'its sender is no member of the group');
  if (message.type === 'requestVote') return receiveVoteRequest(state, message);
  // A granted pre-vote speaks of a term that has not begun.
  const foretold = message.type === 'vote' && message.preVote && message.granted;
  if (!foretold) adoptTermOf(state, message.term, message.from, message.type);
  if (message.term < state.term && message.type !== 'vote' && message.type !== 'readAnswer') {
    return answerStale(state, message);
  }
  const progress = state.progress.get(message.from);
  if (progress !== undefined && isOfAnotherSession(message, progress))
    return ignore(state, message, 'it answers what was sent before its sender was added again');
  if (progress !== undefined) {
    progress.heard = true;
    progress.silentTicks = 0;
  }
  switch (message.type) {
    case 'vote':
      return receiveVote(state, message);
    case 'appendEntries':
      return receiveAppendEntries(state, message);
    case 'heartbeat':
      return receiveHeartbeat(state, message);
    case 'installSnapshot':
      return receiveInstallSnapshot(state, message);
    case 'readRequest':
      return receiveReadRequest(state, message);
    case 'readAnswer':
      return receiveReadAnswer(state, message);
    case 'timeoutNow':
      return receiveTimeoutNow(state, message);
    case 'appendAccepted':
      return progress === undefined ? undefined : receiveAppendAccepted(state, progress, message);
    case 'appendRefused':
      return progress === undefined ? undefined : receiveAppendRefused(state, progress, message);
    case 'heartbeatAnswer':
      return progress === undefined ? undefined : receiveHeartbeatAnswer(state, progress, message);
    default:
      return unreachable(message);
  }
}

function isOfAnotherSession(message: RaftMessage, progress: Progress): boolean {
  switch (message.type) {
    case 'appendAccepted':
    case 'appendRefused':
    case 'heartbeatAnswer':
      return message.session !== progress.session;
    default:
      return false;
  }
}

/**
 * Whether a message may come from its sender. A node that lags does not know the newest members yet, so requests are
 * heard from anybody whom the transport let in (§6); answers count only from those that were asked.
 */
function isHeard(state: RaftState, message: RaftMessage): boolean {
  switch (message.type) {
    case 'vote':
    case 'appendAccepted':
    case 'appendRefused':
    case 'heartbeatAnswer':
      return state.peers.includes(message.from) || state.progress.has(message.from);
    default:
      return true;
  }
}

function receiveVoteRequest(state: RaftState, message: Extract<RaftMessage, { type: 'requestVote' }>): void {
  if (hearsALeader(state, message)) return refuseWhileLed(state, message);
  if (!message.preVote) adoptTermOf(state, message.term, message.from, message.type);
  receiveRequestVote(state, message);
}

/**
 * A message of a term that is over. A leader of such a term is told, so that it steps down even when the vote requests
 * that would depose it are refused elsewhere because it is alive.
 */
function answerStale(state: RaftState, message: RaftMessage): void {
  const { term } = state;
  switch (message.type) {
    case 'appendEntries':
    case 'installSnapshot':
      state.outbox.sendWhenSaved({
        from: state.id,
        to: message.from,
        type: 'appendRefused',
        term,
        refusedIndex: message.type === 'appendEntries' ? message.prevLogIndex : message.meta.index,
        hintIndex: 0,
        hintTerm: 0,
      });
      return;
    case 'heartbeat':
      state.outbox.sendWhenSaved({
        from: state.id,
        to: message.from,
        type: 'heartbeatAnswer',
        term,
        round: 0,
      });
      return;
    case 'readRequest':
      return answerFollower(
        state,
        { type: 'follower', id: message.from, life: message.life, request: message.request },
        undefined,
      );
    default:
      return ignore(state, message, `term ${message.term} is over, this is term ${term}`);
  }
}
