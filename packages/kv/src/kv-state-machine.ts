/**
 * The state machine: commands in, results out, the same on every node. Commands of a session are applied once (Raft
 * dissertation §6.3); everything else about a command is the store's affair.
 */
import {
  DecodeError,
  type Fingerprint,
  invariant,
  type LogIndex,
  parseInteger,
  type StateMachine,
  type StateMachineRestore,
  unreachable,
} from '@synod/core';
import { answerToKeep } from './answer-codec.js';
import { CommandRefusal, readCommand } from './command-reader.js';
import { bytesOf, keyOf } from './key-range.js';
import { textOf } from './key-text.js';
import type { ByteSource, Change, KeyValue } from './key-value.js';
import { KeyValueStore } from './key-value-store.js';
import { type KvLimits, resolveLimits } from './limits.js';
import { answerRange, resolveSort } from './range-query.js';
import { type RefusalCode, refusalReason } from './refusal.js';
import type { KvResult, RangeResponse, RefusedResult, SessionResult } from './result.js';
import { type Answer, SessionTable } from './session-table.js';
import { digestOf, type State, snapshotOf } from './snapshot-format.js';
import { SnapshotReader } from './snapshot-reader.js';
import type { Command, RangeRequest, SessionSequence, TransactionCommand } from './transaction.js';

/** Settings of a store: its limits, and who hears of changes. */
export interface KvOptions extends Partial<KvLimits> {
  /**
   * Hears every change, at the end of the `apply` that made it: the new revision and what changed, in the order of
   * the operations. Called synchronously, on every node. It must not call `apply`; if it throws, `apply` throws.
   */
  readonly onChange?: (revision: number, changes: readonly Change[]) => void;
  /** Hears that a snapshot replaced the whole state, which {@link KvOptions.onChange} does not report key by key. */
  readonly onRestore?: (revision: number) => void;
}

/** Figures of a store, for monitoring. */
export interface KvStats {
  /** Revision of the last change; 1 if there was none. */
  readonly revision: number;
  /** Number of keys. */
  readonly keys: number;
  /** Bytes of all keys and values. */
  readonly bytes: number;
  /** Number of open sessions. */
  readonly sessions: number;
}

/**
 * A replicated key-value store: hand it to a replica as its state machine, propose commands made by the encoders of
 * this package, and query it locally, after the replica's read barrier if the answer must be linearizable.
 *
 * @remarks Revisions are etcd's: an untouched store is at 1, and every command that changes something adds exactly 1.
 * @example
 * ```ts
 * const machine = new KvStateMachine({ onChange: (revision, changes) => console.log(revision, changes.length) });
 * const result = await replica.propose(encodePut({ key: 'colour', value: 'green' }));
 * await replica.read(() => machine.get('colour'));
 * ```
 */
export class KvStateMachine implements StateMachine<KvResult> {
  readonly #limits: KvLimits;
  readonly #options: KvOptions;
  #store: KeyValueStore;
  #sessions: SessionTable;

  /**
   * @param options - Limits, which must be the same on every node, and listeners.
   * @throws InvalidArgumentError when a limit is out of its range.
   */
  constructor(options: KvOptions = {}) {
    this.#limits = resolveLimits(options);
    this.#options = options;
    this.#store = new KeyValueStore(this.#limits, options.onChange !== undefined);
    this.#sessions = new SessionTable(this.#limits.sessionsMax);
  }

  /** Revision of the last change; 1 if there was none. */
  get revision(): number {
    return this.#store.revision;
  }

  /**
   * Applies one committed command.
   *
   * @param index - Its index in the log; the number of a session that it opens.
   * @param command - Bytes from an encoder of this package. What is kept of them is copied.
   * @returns What happened, the same on every node. Bytes that are no command are an outcome too: `refused`.
   */
  apply(index: LogIndex, command: Uint8Array): KvResult {
    const read = this.#read(command);
    switch (read.type) {
      case 'refused':
        return read;
      case 'openSession':
        return this.#openSession(index);
      case 'closeSession':
        return this.#sessions.close(read.session)
          ? { type: 'session', id: read.session }
          : this.#refused('SESSION_EXPIRED');
      case 'transaction':
        return read.sequence === undefined ? this.#run(read) : this.#runInSession(read, read.sequence);
      default:
        return unreachable(read);
    }
  }

  /**
   * Tells, without changing anything, whether a command would be refused whatever the state is: because it does not
   * decode, breaks a limit or changes a key twice. For an answer before a proposal.
   *
   * @param command - Bytes from an encoder of this package.
   * @returns The refusal, or `undefined` if only the state can decide.
   */
  check(command: Uint8Array): RefusedResult | undefined {
    const read = this.#read(command);
    return read.type === 'refused' ? read : undefined;
  }

  /**
   * Reads one key from this node's state.
   *
   * @param key - 1 byte or more.
   * @returns The key with its value and revisions, or `undefined` if there is none.
   * @throws InvalidArgumentError when the key is empty.
   */
  get(key: ByteSource): KeyValue | undefined {
    return this.#store.tree.get(textOf(keyOf(key)));
  }

  /**
   * Reads keys from this node's state.
   *
   * @param request - Which keys, how many, in which order.
   * @returns The keys and their count, at the current revision.
   * @throws InvalidArgumentError when the key is empty or a number is out of range.
   * @example All keys that begin with user/, newest first.
   * ```ts
   * machine.range({
   *   key: 'user/',
   *   rangeEnd: prefixRangeEnd('user/'),
   *   sort: { target: 'createRevision', order: 'descending' },
   * });
   * ```
   */
  range(request: RangeRequest): RangeResponse {
    return answerRange(this.#store.tree, checkedRange(request), this.#store.revision);
  }

  /**
   * Digest of the whole logical state, sessions included: equal on nodes that applied the same commands. Reads every
   * byte of the state, so it takes time in proportion.
   */
  hash(): Fingerprint {
    return digestOf(this.#state());
  }

  /** Figures for monitoring, all at hand. */
  stats(): KvStats {
    const { revision, bytes, tree } = this.#store;
    return { revision, bytes, keys: tree.size, sessions: this.#sessions.size };
  }

  /**
   * The whole state of this moment as bytes, in pieces of at most 64 KiB, each the caller's own.
   *
   * @remarks Taken at once and without a copy of the keys; commands applied while it is read do not show in it.
   * @returns Pieces in order; can be gone through more than once.
   */
  snapshot(): Iterable<Uint8Array> {
    const state = this.#state();
    return { [Symbol.iterator]: () => snapshotOf(state) };
  }

  /**
   * Begins replacing the whole state by a snapshot.
   *
   * @returns Takes the bytes. Its `write` and `finish` throw DecodeError when the bytes are damaged or cut off, and
   * {@link LimitsDifferError} when they are of a store with other limits; the old state stays until `finish` succeeds.
   */
  restore(): StateMachineRestore {
    const reader = new SnapshotReader(this.#limits, this.#options.onChange !== undefined);
    return {
      write: (chunk) => reader.write(chunk),
      finish: () => {
        const { store, sessions } = reader.finish();
        this.#store = store;
        this.#sessions = sessions;
        this.#options.onRestore?.(store.revision);
      },
    };
  }

  #read(command: Uint8Array): Command | RefusedResult {
    try {
      return readCommand(command, this.#limits);
    } catch (error) {
      if (error instanceof CommandRefusal) return this.#refused(error.refusal);
      if (error instanceof DecodeError) return this.#refused('MALFORMED_COMMAND');
      throw error;
    }
  }

  #openSession(index: LogIndex): SessionResult {
    this.#sessions.open(index);
    return { type: 'session', id: index };
  }

  #runInSession(command: TransactionCommand, { session: id, sequence }: SessionSequence): Answer {
    const session = this.#sessions.get(id);
    if (session === undefined) return this.#refused('SESSION_EXPIRED');
    if (sequence <= session.sequence) {
      this.#sessions.set(session);
      if (sequence < session.sequence) return this.#refused('SEQUENCE_STALE');
      invariant(session.answer !== undefined, 'a session that had a command has an answer');
      return session.answer;
    }
    // A refusal counts too: were it forgotten, a copy of the command that comes later might be applied.
    const refusalOrAnswer = this.#store.execute(command.transaction);
    const answer = typeof refusalOrAnswer === 'string' ? this.#refused(refusalOrAnswer) : refusalOrAnswer;
    this.#sessions.set({ id, sequence, answer: answerToKeep(answer, this.#limits.sessionResultBytesMax) });
    this.#report();
    return answer;
  }

  #run(command: TransactionCommand): Answer {
    const answer = this.#store.execute(command.transaction);
    if (typeof answer === 'string') return this.#refused(answer);
    this.#report();
    return answer;
  }

  #report(): void {
    if (this.#options.onChange === undefined) return;
    const changes = this.#store.takeChanges();
    if (changes.length > 0) this.#options.onChange(this.#store.revision, changes);
  }

  #refused(code: RefusalCode): RefusedResult {
    return { type: 'refused', code, reason: refusalReason(code, this.#limits) };
  }

  #state(): State {
    const { revision, tree } = this.#store;
    const sessions = this.#sessions.list();
    return { limits: this.#limits, revision, sessions, keyCount: tree.size, keys: tree.freeze() };
  }
}

function checkedRange(request: RangeRequest): RangeRequest<Uint8Array> {
  const { rangeEnd, ...rest } = request;
  parseInteger(request.limit ?? 0, 'limit', 0);
  parseInteger(request.minModRevision ?? 0, 'minModRevision', 0);
  parseInteger(request.maxModRevision ?? 0, 'maxModRevision', 0);
  parseInteger(request.minCreateRevision ?? 0, 'minCreateRevision', 0);
  parseInteger(request.maxCreateRevision ?? 0, 'maxCreateRevision', 0);
  if (request.sort !== undefined) resolveSort(request.sort);
  const key = keyOf(request.key);
  return rangeEnd === undefined ? { ...rest, key } : { ...rest, key, rangeEnd: bytesOf(rangeEnd) };
}
