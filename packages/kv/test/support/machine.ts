/** A state machine with a log of its own, for tests that do not care about indexes. */
import { ByteWriter, decodeUtf8 } from '@synod/core';
import {
  type ByteSource,
  encodeDeleteRange,
  encodeOpenSession,
  encodePut,
  encodeTransaction,
  type KeyRange,
  type KvOptions,
  type KvResult,
  KvStateMachine,
  type PutRequest,
  readSession,
  readTransaction,
  type SessionSequence,
  type Transaction,
  type TransactionResult,
} from '../../src/index.js';

/** Applies commands at ascending indexes. */
export class TestStore {
  readonly machine: KvStateMachine;
  #index = 0;

  constructor(options: KvOptions = {}) {
    this.machine = new KvStateMachine(options);
  }

  apply(command: Uint8Array): KvResult {
    return this.machine.apply(++this.#index, command);
  }

  put(key: ByteSource, value: ByteSource, more: Partial<PutRequest> = {}): TransactionResult {
    return readTransaction(this.apply(encodePut({ key, value, ...more })));
  }

  delete(range: KeyRange): TransactionResult {
    return readTransaction(this.apply(encodeDeleteRange(range)));
  }

  transact(transaction: Transaction, sequence?: SessionSequence): TransactionResult {
    return readTransaction(this.apply(encodeTransaction(transaction, sequence)));
  }

  openSession(): number {
    return readSession(this.apply(encodeOpenSession()));
  }

  /** A key as text and numbers. */
  show(key: ByteSource): Shown | undefined {
    const kv = this.machine.get(key);
    if (kv === undefined) return undefined;
    return [decodeUtf8(kv.value), kv.createRevision, kv.modRevision, kv.version];
  }
}

/** Value, createRevision, modRevision and version of a key. */
export type Shown = [value: string, createRevision: number, modRevision: number, version: number];

/** Everything of an iterable in one array of bytes. */
export function joined(chunks: Iterable<Uint8Array>): Uint8Array {
  const writer = new ByteWriter();
  for (const chunk of chunks) writer.raw(chunk);
  return writer.copy();
}

/** Restores a machine from bytes that come in pieces of a size. */
export function restoreFrom(machine: KvStateMachine, bytes: Uint8Array, pieceBytes = 1000): void {
  const restore = machine.restore();
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    restore.write(bytes.slice(start, start + pieceBytes));
  }
  restore.finish();
}
