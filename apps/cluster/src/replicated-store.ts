/**
 * The key-value store as a client sees it: commands are made, proposed and their results read; reads pass the
 * replica's barrier. Everything comes back as a document or as an error that says whether it may have taken effect.
 */
import type { SnapshotMeta } from '@synod/core';
import {
  CommandRefusedError,
  encodeCompareAndSet,
  encodeDeleteRange,
  encodeOpenSession,
  encodePut,
  type KeyValue,
  type KvResult,
  type KvStateMachine,
  prefixRangeEnd,
  readCompareAndSet,
  readDeleteRange,
  readPut,
  readSession,
  type SessionSequence,
} from '@synod/kv';
import type { CallOptions, Replica } from '@synod/replica';
import { base64Of, textOf } from './key-encoding.js';
import type {
  CompareAndSetDocument,
  DeleteDocument,
  KeyValueDocument,
  PutDocument,
  RangeDocument,
} from './rest-documents.js';
import { RestError } from './rest-errors.js';

/** Whether a read reflects every write that was answered before it, or just what this node has. */
export type Consistency = 'linearizable' | 'stale';

/** How a write is made. */
export interface WriteOptions extends CallOptions {
  /** Its place in a session: a repeat with the same place is applied once. */
  readonly sequence?: SessionSequence;
}

/** What a compare-and-set expects of the key: one of the two. */
export type Expectation = { readonly expectedModRevision: number } | { readonly expectedValue: Uint8Array };

/** What a range asks for. */
export interface RangeQuery {
  /** Bytes that the keys begin with; empty for all keys. */
  readonly prefix: Uint8Array;
  /** Most keys wanted. */
  readonly limit: number;
  /** Whether the values are left out. */
  readonly keysOnly: boolean;
}

/** A key that was found, and the revision at which it was read. */
export interface Found {
  /** The key; `undefined` when there is none. */
  readonly keyValue: KeyValue | undefined;
  /** Revision of the store when it was read. */
  readonly revision: number;
}

/** The whole state of one moment. */
export interface StoreBackup {
  /** Where in the log it stands, and how much it is. */
  readonly state: SnapshotMeta & { readonly revision: number; readonly keys: number };
  /** Its bytes in pieces. */
  readonly content: Iterable<Uint8Array>;
}

const rangeBytesMax = 4 * 1024 * 1024;
const rangePage = 100;

/** A node's replica of the store. */
export class ReplicatedStore {
  readonly #replica: Replica<KvResult>;
  readonly #machine: KvStateMachine;

  /**
   * @param replica - Puts commands into the log.
   * @param machine - What they are applied to on this node.
   */
  constructor(replica: Replica<KvResult>, machine: KvStateMachine) {
    this.#replica = replica;
    this.#machine = machine;
  }

  /**
   * Sets a key.
   *
   * @param key - The key.
   * @param value - The value.
   * @param previous - Whether to tell what stood there before.
   * @param options - Time and session.
   * @throws SynodError; its `effect` says whether the write may have happened.
   */
  async put(
    key: Uint8Array,
    value: Uint8Array,
    previous: boolean,
    options: WriteOptions,
  ): Promise<PutDocument> {
    const { revision, prevKv } = readPut(
      await this.#propose(encodePut({ key, value, prevKv: previous }, options.sequence), options),
    );
    return prevKv === undefined ? { revision } : { revision, previous: keyValueDocument(prevKv) };
  }

  /**
   * Deletes a key.
   *
   * @param key - The key.
   * @param options - Time and session.
   * @throws SynodError; its `effect` says whether the deletion may have happened.
   */
  async delete(key: Uint8Array, options: WriteOptions): Promise<DeleteDocument> {
    const { revision, deleted } = readDeleteRange(
      await this.#propose(encodeDeleteRange({ key }, options.sequence), options),
    );
    return { revision, deleted };
  }

  /**
   * Sets a key if it is as expected.
   *
   * @param key - The key.
   * @param value - The value to set.
   * @param expectation - What must be so.
   * @param options - Time and session.
   * @throws SynodError; its `effect` says whether the write may have happened.
   */
  async compareAndSet(
    key: Uint8Array,
    value: Uint8Array,
    expectation: Expectation,
    options: WriteOptions,
  ): Promise<CompareAndSetDocument> {
    const command = encodeCompareAndSet({ key, value, ...expectation }, options.sequence);
    const { succeeded, revision, current } = readCompareAndSet(await this.#propose(command, options));
    return { succeeded, revision, ...(current === undefined ? {} : { current: keyValueDocument(current) }) };
  }

  /**
   * Opens a session.
   *
   * @param options - Time.
   * @returns Its number.
   */
  async openSession(options: CallOptions): Promise<number> {
    return readSession(await this.#propose(encodeOpenSession(), options));
  }

  /**
   * Reads a key.
   *
   * @param key - The key.
   * @param consistency - How fresh it must be.
   * @param options - Time.
   */
  async get(key: Uint8Array, consistency: Consistency, options: CallOptions): Promise<Found> {
    return await this.#read(
      () => ({ keyValue: this.#machine.get(key), revision: this.#machine.revision }),
      consistency,
      options,
    );
  }

  /**
   * Lists keys. Stops early, with `more`, when the answer would grow beyond 4 MiB.
   *
   * @param query - Which keys.
   * @param consistency - How fresh they must be.
   * @param options - Time.
   */
  async range(query: RangeQuery, consistency: Consistency, options: CallOptions): Promise<RangeDocument> {
    return await this.#read(() => this.#rangeNow(query), consistency, options);
  }

  /**
   * The whole state of one moment, linearizable: it has every write that was acknowledged before the call.
   *
   * @param options - Time.
   * @returns What the state is that of, and its bytes, which stand still while writes go on.
   * @throws RestError `STARTING` while the state is being replaced by a leader's snapshot.
   */
  async backup(options: CallOptions): Promise<StoreBackup> {
    return await this.#replica.read(() => {
      const { applied } = this.#replica.status();
      if (applied === undefined) {
        const message = 'the state of this node is being replaced by a snapshot of the leader: try again';
        throw new RestError({ code: 'STARTING', message, retryable: true });
      }
      const { revision, keys } = this.#machine.stats();
      return { state: { ...applied, revision, keys }, content: this.#machine.snapshot() };
    }, options);
  }

  async #propose(command: Uint8Array, options: CallOptions): Promise<KvResult> {
    const refused = this.#machine.check(command);
    if (refused !== undefined) throw new CommandRefusedError(refused.code, refused.reason);
    return (await this.#replica.propose(command, options)).result;
  }

  async #read<Value>(query: () => Value, consistency: Consistency, options: CallOptions): Promise<Value> {
    return consistency === 'stale' ? query() : await this.#replica.read(query, options);
  }

  /** In pages, so that a limit on bytes can be kept without reading everything first; all at one revision. */
  #rangeNow({ prefix, limit, keysOnly }: RangeQuery): RangeDocument {
    const first = prefix.length === 0 ? Uint8Array.of(0) : prefix;
    const rangeEnd = prefixRangeEnd(prefix);
    const keys: RangeDocument['keys'][number][] = [];
    let bytes = 0;
    let key = first;
    let count: number | undefined;
    for (;;) {
      const page = this.#machine.range({
        key,
        rangeEnd,
        limit: Math.min(rangePage, limit - keys.length),
        keysOnly,
      });
      count ??= page.count;
      for (const [position, keyValue] of page.kvs.entries()) {
        bytes += keyValue.key.length + keyValue.value.length;
        if (bytes > rangeBytesMax && keys.length > 0)
          return { keys, count, more: true, revision: page.revision };
        keys.push(keysOnly ? keyDocument(keyValue) : keyValueDocument(keyValue));
        if (position === page.kvs.length - 1) key = successorOf(keyValue.key);
      }
      if (!page.more || keys.length >= limit)
        return { keys, count, more: page.more, revision: page.revision };
    }
  }
}

/**
 * The document that tells a key.
 *
 * @param keyValue - The key.
 */
export function keyValueDocument(keyValue: KeyValue): KeyValueDocument {
  const value = textOf(keyValue.value);
  return {
    ...keyDocument(keyValue),
    ...(value === undefined ? {} : { value }),
    valueBase64: base64Of(keyValue.value),
  };
}

function keyDocument({
  key,
  createRevision,
  modRevision,
  version,
}: KeyValue): Omit<KeyValueDocument, 'value' | 'valueBase64'> {
  const text = textOf(key);
  return {
    ...(text === undefined ? {} : { key: text }),
    keyBase64: base64Of(key),
    createRevision,
    modRevision,
    version,
  };
}

function successorOf(key: Uint8Array): Uint8Array {
  const successor = new Uint8Array(key.length + 1);
  successor.set(key);
  return successor;
}
