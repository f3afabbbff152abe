/**
 * The engine: one door in (`step`), one door out (`takeEffects`). It decides which rule an input falls under; the rules
 * stand in the other files, one subject each.
 */
import {
  type ConsensusEngine,
  type DurableWrite,
  type Effects,
  type EngineInput,
  type EngineStatus,
  type Fingerprint,
  type FingerprintView,
  type GroupId,
  InvariantViolation,
  type NodeId,
  type SaveReceipt,
  unreachable,
} from '@synod/core';
import { isBallot, roundMax, roundOf } from '../ballot.js';
import { acknowledge, receiveAccept, receiveHeartbeat, receivePrepare } from './acceptor.js';
import { receiveLearn, receiveLearned } from './catch-up.js';
import { countVotes, emitCommitted } from './decisions.js';
import { encodeHardState } from './hard-state.js';
import {
  campaign,
  diskStalls,
  forgetLeader,
  receiveNominate,
  receiveProbe,
  receiveProbeAnswer,
  tickElection,
} from './leadership.js';
import {
  broadcastHeartbeat,
  propose,
  receiveAccepted,
  receiveHeartbeatAnswer,
  receivePeerUnreachable,
  replicate,
  tickLeader,
} from './leading.js';
import type { Accepted, HeartbeatAnswer, MultiPaxosMessage } from './messages.js';
import { type MultiPaxosOptions, retimed } from './options.js';
import { askForPromises, establish, proposeNext, receiveNack, receivePromise } from './proposing.js';
import { askForVotes, receiveVotesAnswer, receiveVotesRequest, settleQuorumReads } from './quorum-reads.js';
import {
  confirmReads,
  forwardReads,
  receiveReadAnswer,
  receiveReadRequest,
  requestRead,
  startReadRound,
  tickWaitingReads,
} from './reads.js';
import { changeMembership, dismissLeavers, leaveWhenRemoved } from './reconfiguration.js';
import { ignore, resetElectionClock } from './roles.js';
import { receiveInstallSnapshot, receiveSnapshotSent, snapshotSaved } from './snapshots.js';
import { cloneState, createState } from './start.js';
import type { PaxosState } from './state.js';
import { fingerprintOf, statusOf } from './status.js';
import { advanceTransfer, handOver, tickTransfer, transferLeadership } from './transfer.js';

/**
 * Makes a Multi-Paxos engine for one node of one group, new or from what its storage recovered.
 *
 * @param options - Who it is, what it remembers, and its limits.
 * @returns The engine, as a follower.
 * @throws InvalidArgumentError when an option is out of range; DecodeError or InvariantViolation when what was
 *   recovered contradicts itself.
 *
 * @example A cluster of one, driven by hand.
 * ```ts
 * const engine = createMultiPaxosEngine({
 *   id: 'n1', group: 0, seed: 1, membership: createMembership(['n1']), recovered: { discarded: logStart, entries: [] },
 * });
 * engine.step({ type: 'campaign' });
 * engine.step({ type: 'propose', commands: [{ proposal: 1, data: encodeUtf8('hello') }] });
 * const save = engine.takeEffects()?.save;
 * // make it durable, then:
 * if (save !== undefined) engine.step({ type: 'saved', receipt: save.receipt });
 * engine.takeEffects()?.committed; // the command
 * ```
 */
export function createMultiPaxosEngine(options: MultiPaxosOptions): ConsensusEngine<MultiPaxosMessage> {
  return new MultiPaxosEngine(createState(options));
}

class MultiPaxosEngine implements ConsensusEngine<MultiPaxosMessage> {
  readonly kind = 'paxos';
  readonly #state: PaxosState;

  constructor(state: PaxosState) {
    this.#state = state;
  }

  get id(): NodeId {
    return this.#state.id;
  }

  get group(): GroupId {
    return this.#state.group;
  }

  step(input: EngineInput<MultiPaxosMessage>): void {
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
        return; // Not in this engine: its answers have no place for the wish.
      case 'peerUnreachable':
        return receivePeerUnreachable(state, input.peer);
      case 'retime':
        state.settings = retimed(state.settings, input.timing);
        return resetElectionClock(state);
      default:
        return unreachable(input);
    }
  }

  takeEffects(): Effects<MultiPaxosMessage> | undefined {
    const state = this.#state;
    if (state.proposer.mustAsk) askForPromises(state);
    if (state.role === 'leader') leaveWhenRemoved(state);
    if (state.role === 'leader') {
      proposeNext(state);
      advanceTransfer(state);
      if (startReadRound(state) || mustSpeakUp(state)) {
        broadcastHeartbeat(state);
        confirmReads(state); // A leader without other voters is its own quorum.
      }
      replicate(state);
      dismissLeavers(state);
    } else {
      acknowledge(state);
      forwardReads(state);
    }
    settleQuorumReads(state);
    askForVotes(state);
    settleQuorumReads(state);
    emitCommitted(state);
    return state.outbox.take(takeSave(state));
  }

  status(): EngineStatus {
    return statusOf(this.#state);
  }

  clone(): ConsensusEngine<MultiPaxosMessage> {
    return new MultiPaxosEngine(cloneState(this.#state));
  }

  fingerprint(view: FingerprintView = {}): Fingerprint {
    return fingerprintOf(this.#state, view);
  }
}

/** Whether a heartbeat is due before the next tick. */
function mustSpeakUp({ heartbeatElapsed, settings, progress }: PaxosState): boolean {
  return progress.size > 0 && heartbeatElapsed >= settings.heartbeatTicks;
}

function tick(state: PaxosState, missed: number): void {
  state.ticks += 1 + missed;
  if (state.ticksSinceLeader < state.settings.electionTicks) state.ticksSinceLeader++;
  if (state.learnPause > 0) state.learnPause--;
  tickSaves(state);
  tickWaitingReads(state);
  if (state.dataLoss !== undefined) return;
  if (state.role !== 'leader') return tickElection(state);
  if (diskStalls(state))
    return handOver(state, `a save has taken ${state.stalledTicks} ticks: the disk stalls`);
  tickTransfer(state);
  tickLeader(state);
}

/** Counts for how long the oldest save has been under way. */
function tickSaves(state: PaxosState): void {
  const oldest = state.slots.oldestSave;
  state.stalledTicks = oldest === 0 || oldest !== state.stalledSave ? 0 : state.stalledTicks + 1;
  state.stalledSave = oldest;
}

function saved(state: PaxosState, receipt: SaveReceipt): void {
  state.slots.saved(receipt);
  state.lifeDurable = true;
  const { proposer } = state;
  if (proposer.save > 0 && receipt.sequence >= proposer.save) {
    proposer.save = 0;
    if (state.role === 'candidate') establish(state);
  }
  if (state.role === 'leader') countVotes(state);
}

function applied(state: PaxosState, through: number): void {
  if (through > state.emittedIndex)
    throw new InvariantViolation(`applied index ${through} was handed out before`);
  if (through > state.appliedIndex) state.appliedIndex = through;
}

/** Everything that the disk must hold before promises that rely on it leave. */
function takeSave(state: PaxosState): DurableWrite | undefined {
  const { slots } = state;
  if (!state.hardStateChanged && !slots.hasUnsaved()) return undefined;
  const withHardState =
    state.hardStateChanged || slots.hasVotedAgain || state.commitIndex > state.savedDecided;
  const { receipt, discardThrough, entries } = slots.takeUnsaved();
  state.hardStateChanged = false;
  if (withHardState) state.savedDecided = state.commitIndex;
  if (withHardState && state.proposer.save === Number.POSITIVE_INFINITY)
    state.proposer.save = receipt.sequence;
  return {
    receipt,
    discardThrough,
    entries,
    hardState: withHardState
      ? encodeHardState({
          promised: state.promised,
          decided: state.commitIndex,
          life: state.life,
          votesAgain: slots.votesAgain(state.commitIndex),
        })
      : undefined,
  };
}

function receive(state: PaxosState, message: MultiPaxosMessage): void {
  if (message.to !== state.id) return ignore(state, message, `it is for ${message.to}`);
  if (state.dataLoss !== undefined) return ignore(state, message, state.dataLoss);
  if (message.ballot !== 0 && (!isBallot(message.ballot) || roundOf(message.ballot) > roundMax / 2))
    return ignore(state, message, `${message.ballot} is no ballot that another can follow`);
  const progress = state.progress.get(message.from);
  if (progress !== undefined) progress.silentTicks = 0;
  switch (message.type) {
    case 'probe':
      return receiveProbe(state, message);
    case 'probeAnswer':
      return receiveProbeAnswer(state, message);
    case 'nominate':
      return receiveNominate(state, message);
    case 'prepare':
      return receivePrepare(state, message);
    case 'promise':
      return receivePromise(state, message);
    case 'nack':
      return receiveNack(state, message);
    case 'accept':
      return receiveAccept(state, message);
    case 'accepted':
    case 'heartbeatAnswer':
      return receiveAnswer(state, message);
    case 'heartbeat':
      return receiveHeartbeat(state, message);
    case 'installSnapshot':
      return receiveInstallSnapshot(state, message);
    case 'learn':
      return receiveLearn(state, message);
    case 'learned':
      return receiveLearned(state, message);
    case 'readRequest':
      return receiveReadRequest(state, message);
    case 'readAnswer':
      return receiveReadAnswer(state, message);
    case 'votesRequest':
      return receiveVotesRequest(state, message);
    case 'votesAnswer':
      return receiveVotesAnswer(state, message);
    default:
      return unreachable(message);
  }
}

/** Votes and answers count only in the ballot that this node leads: those of another say nothing about it. */
function receiveAnswer(state: PaxosState, message: Accepted | HeartbeatAnswer): void {
  const progress = state.progress.get(message.from);
  if (state.role !== 'leader' || message.ballot !== state.proposer.ballot || progress === undefined)
    return ignore(state, message, `this node does not lead ballot ${message.ballot}`);
  if (message.type === 'accepted') receiveAccepted(state, progress, message);
  else receiveHeartbeatAnswer(state, progress, message);
}
