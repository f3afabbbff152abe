/**
 * Proposals on their way: queued until the turn hands them to the engine in one input, then pending until their entry
 * is applied here or the engine refuses them. What ends a queued one is definite; what ends a pending one is not.
 */
import {
  checkMembership,
  type EngineInput,
  type EngineMessage,
  type Entry,
  InvalidArgumentError,
  invariant,
  isSynodError,
  type Membership,
  type MembershipChange,
  type ProposalId,
  type ProposedCommand,
  type Refusal,
  StorageFullError,
  type StorageRoom,
  type SynodError,
} from '@synod/core';
import { type CallEnd, CallTable } from './call-table.js';
import {
  AbortedError,
  CommandTooLargeError,
  OutcomeUnknownError,
  OverloadedError,
  ReplicaFailedError,
  TimedOutError,
} from './errors.js';
import type { ReplicaSettings } from './limits.js';
import { refusalError } from './refusal-error.js';
import type { Applied, CallOptions, ChangeOptions } from './replica.js';

interface CallBase {
  /** Bytes that it holds against the limit. */
  readonly bytes: number;
  readonly reject: (error: Error) => void;
  handedOver: boolean;
}

interface CommandCall<Result> extends CallBase {
  readonly type: 'command';
  readonly resolve: (applied: Applied<Result>) => void;
}

interface ChangeCall extends CallBase {
  readonly type: 'change';
  readonly resolve: (applied: Applied<undefined>) => void;
}

type ProposalCall<Result> = CommandCall<Result> | ChangeCall;

interface QueuedChange {
  readonly proposal: ProposalId;
  readonly change: MembershipChange;
}

/** The proposals of one replica. */
export class Proposals<Result> {
  readonly #settings: ReplicaSettings;
  readonly #room: StorageRoom | undefined;
  readonly #calls: CallTable<ProposalCall<Result>>;
  #queued: ProposedCommand[] = [];
  #changes: QueuedChange[] = [];
  #bytes = 0;
  /** Proposals taken in so far. */
  #count = 0;
  /** Inputs by which they were handed over. */
  #batches = 0;

  constructor(settings: ReplicaSettings, tickMs: number, room?: StorageRoom) {
    this.#settings = settings;
    this.#room = room;
    this.#calls = new CallTable<ProposalCall<Result>>(tickMs, settings.callTimeoutMs, {
      errorOf: endError,
      left: ({ bytes }) => {
        this.#bytes -= bytes;
      },
    });
  }

  /** Proposals whose outcome is open. */
  get pending(): number {
    return this.#calls.size;
  }

  get metrics() {
    return { proposals: this.#count, proposalBatches: this.#batches, pendingProposals: this.pending };
  }

  propose(command: Uint8Array, options: CallOptions): Promise<Applied<Result>> {
    if (!(command instanceof Uint8Array)) {
      return Promise.reject(new InvalidArgumentError('the command is no Uint8Array: encode it as bytes'));
    }
    const refusal = this.#refusal(command.length);
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const bytes = command.length;
      const proposal = this.#add({ type: 'command', bytes, resolve, reject, handedOver: false }, options);
      if (proposal !== undefined) this.#queued.push({ proposal, data: command });
    });
  }

  changeMembership(target: Membership, options: ChangeOptions): Promise<Applied<undefined>> {
    const refusal = membershipError(target) ?? indexError(options) ?? this.#refusal(0);
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const proposal = this.#add({ type: 'change', bytes: 0, resolve, reject, handedOver: false }, options);
      if (proposal !== undefined) this.#changes.push({ proposal, change: changeOf(target, options) });
    });
  }

  /** Hands what is queued to the engine: all commands in one input. */
  handOver<Message extends EngineMessage>(step: (input: EngineInput<Message>) => void): void {
    if (this.#queued.length > 0) {
      const commands = this.#queued.filter(({ proposal }) => this.#markHandedOver(proposal));
      this.#queued = [];
      if (commands.length > 0) {
        this.#batches++;
        step({ type: 'propose', commands });
      }
    }
    if (this.#changes.length > 0) {
      const changes = this.#changes.filter(({ proposal }) => this.#markHandedOver(proposal));
      this.#changes = [];
      for (const { proposal, change } of changes) {
        this.#batches++;
        step({ type: 'changeMembership', change, proposal });
      }
    }
  }

  /** A command was applied here; answers its proposal, if it is one of ours. */
  commandApplied({ proposal, index, term }: Entry, result: Result): void {
    if (proposal === undefined) return;
    const call = this.#calls.take(proposal);
    if (call === undefined) return;
    invariant(call.type === 'command', `proposal ${proposal} was a command, as its entry is`);
    call.resolve({ index, term, result });
  }

  /** A change of membership was applied here; answers its proposal, if it is one of ours. */
  changeApplied({ proposal, index, term }: Entry): void {
    if (proposal === undefined) return;
    const call = this.#calls.take(proposal);
    if (call === undefined) return;
    invariant(call.type === 'change', `proposal ${proposal} was a change of membership, as its entry is`);
    call.resolve({ index, term, result: undefined });
  }

  /** A snapshot took the place of an entry: its result is not known here. */
  passedOver(entry: Entry): void {
    if (entry.proposal === undefined) return;
    const reason = `a snapshot covers index ${entry.index}, so its result is not known here`;
    this.#calls.take(entry.proposal)?.reject(new OutcomeUnknownError(reason));
  }

  refused(proposal: ProposalId, refusal: Refusal): void {
    this.#calls.take(proposal)?.reject(refusalError(refusal));
  }

  tick(): void {
    this.#calls.tick();
  }

  /** Ends every proposal: the replica was closed, or it failed. */
  endAll(error: SynodError): void {
    this.#queued = [];
    this.#changes = [];
    for (const { handedOver, reject } of this.#calls.takeAll())
      reject(handedOver ? unknownEnd(error) : error);
  }

  #refusal(bytes: number): SynodError | undefined {
    const { commandBytesMax, pendingProposalsMax, pendingBytesMax } = this.#settings;
    // An entry cannot be taken back once the engine has it, so this is the last place to refuse.
    if (this.#room?.isFull === true) return new StorageFullError('a proposal');
    if (bytes > commandBytesMax) {
      return new CommandTooLargeError(`command has ${bytes} bytes: at most ${commandBytesMax} are allowed`);
    }
    if (this.#calls.size >= pendingProposalsMax) {
      return new OverloadedError(`${this.#calls.size} proposals wait, the most allowed`);
    }
    if (this.#bytes + bytes > pendingBytesMax) {
      return new OverloadedError(`proposals of ${this.#bytes} bytes wait, of ${pendingBytesMax} allowed`);
    }
    return undefined;
  }

  #add(call: ProposalCall<Result>, options: CallOptions): ProposalId | undefined {
    const proposal = this.#calls.add(call, options);
    if (proposal === undefined) return undefined;
    this.#bytes += call.bytes;
    this.#count++;
    return proposal;
  }

  #markHandedOver(proposal: ProposalId): boolean {
    const call = this.#calls.get(proposal);
    if (call === undefined) return false;
    call.handedOver = true;
    return true;
  }
}

function endError({ handedOver }: CallBase, end: CallEnd): SynodError {
  const what = 'the proposal';
  if (end.type === 'timeout') {
    if (handedOver) return new OutcomeUnknownError(`${what} was not answered in its time`);
    return new TimedOutError(`${what} was not handed to the engine in its time`);
  }
  if (handedOver)
    return new OutcomeUnknownError(`${what} was aborted by its caller after it was sent`, end.reason);
  return new AbortedError(what, end.reason);
}

function unknownEnd(error: SynodError): SynodError {
  if (error instanceof ReplicaFailedError)
    return new ReplicaFailedError(error.reason, 'unknown', error.cause);
  return new OutcomeUnknownError(error.message, error);
}

function changeOf(target: Membership, { admitLagging, ifMembershipIndex }: ChangeOptions): MembershipChange {
  return {
    target,
    admitLagging: admitLagging === true,
    ...(ifMembershipIndex === undefined ? {} : { ifMembershipIndex }),
  };
}

function indexError({ ifMembershipIndex }: ChangeOptions): SynodError | undefined {
  if (ifMembershipIndex === undefined || (Number.isSafeInteger(ifMembershipIndex) && ifMembershipIndex >= 0))
    return undefined;
  return new InvalidArgumentError(
    `ifMembershipIndex is ${ifMembershipIndex}: it must be the index of an entry, or 0`,
  );
}

function membershipError(target: Membership): SynodError | undefined {
  try {
    checkMembership(target);
    return undefined;
  } catch (error) {
    if (isSynodError(error)) return error;
    throw error;
  }
}
