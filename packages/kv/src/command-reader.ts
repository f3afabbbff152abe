/**
 * Commands as bytes, the reading half. A command comes from a client: every bound is checked before anything is kept,
 * and what is wrong is told by a refusal code, so that the outcome is the same on every node.
 */
import { ByteReader, DecodeError } from '@synod/core';
import {
  commandFormat,
  commandKinds,
  compareFlags,
  compareResults,
  compareTargets,
  deleteRangeFlags,
  nestingDepthMax,
  operationsTotalFactor,
  operationTypes,
  putFlags,
  rangeFlags,
  rangeSortFlags,
  sortTargets,
} from './command-format.js';
import { hasDuplicateKey } from './duplicate-keys.js';
import type { KvLimits } from './limits.js';
import { type RefusalCode, refusalReason } from './refusal.js';
import type {
  Command,
  Compare,
  DeleteRangeOperation,
  Operation,
  PutOperation,
  RangeOperation,
  RangeSort,
  Transaction,
  TransactionCommand,
} from './transaction.js';

/** A command decodes but breaks a limit or a rule that needs no knowledge of the state. */
export class CommandRefusal extends DecodeError {
  /** Which rule. */
  readonly refusal: RefusalCode;

  constructor(refusal: RefusalCode, limits: KvLimits) {
    super(refusalReason(refusal, limits));
    this.refusal = refusal;
  }
}

/**
 * Reads and checks one command. Keys and values are views into the command, not copies.
 *
 * @throws CommandRefusal when a limit or rule is broken; DecodeError when the bytes make no sense.
 */
export function readCommand(bytes: Uint8Array, limits: KvLimits): Command {
  if (bytes.length > limits.requestBytesMax) throw new CommandRefusal('REQUEST_TOO_LARGE', limits);
  const reader = new CommandReader(bytes, limits);
  const command = reader.command();
  reader.end();
  if (command.type === 'transaction' && hasDuplicateKey(command.transaction)) {
    throw new CommandRefusal('DUPLICATE_KEY', limits);
  }
  return command;
}

class CommandReader extends ByteReader {
  readonly #limits: KvLimits;
  #itemsLeft: number;

  constructor(bytes: Uint8Array, limits: KvLimits) {
    super(bytes);
    this.#limits = limits;
    this.#itemsLeft = limits.operationsMax * operationsTotalFactor;
  }

  command(): Command {
    const format = this.u8();
    if (format !== commandFormat)
      throw new DecodeError(`command format ${format} is unknown: ${commandFormat} is known`);
    const kind = this.u8();
    switch (kind) {
      case commandKinds.transaction:
        return this.#transactionCommand(undefined);
      case commandKinds.sessionTransaction:
        return this.#transactionCommand({
          session: this.#positive('session'),
          sequence: this.#positive('sequence'),
        });
      case commandKinds.openSession:
        return { type: 'openSession' };
      case commandKinds.closeSession:
        return { type: 'closeSession', session: this.#positive('session') };
      default:
        throw new DecodeError(`command kind ${kind} is unknown`);
    }
  }

  #transactionCommand(sequence: TransactionCommand['sequence']): TransactionCommand {
    const transaction = this.#transaction(this.#limits.operationsMax, 1);
    return { type: 'transaction', sequence, transaction };
  }

  // Nested transactions share what the longest list of the outer one left over, as in etcd.
  #transaction(most: number, depth: number): Required<Transaction<Uint8Array>> {
    if (depth > nestingDepthMax) throw new CommandRefusal('TOO_MANY_OPERATIONS', this.#limits);
    const compareCount = this.#items(most);
    const successCount = this.#items(most);
    const failureCount = this.#items(most);
    const left = most - Math.max(compareCount, successCount, failureCount);
    const compares: Compare<Uint8Array>[] = [];
    for (let read = 0; read < compareCount; read++) compares.push(this.#compare());
    return {
      compares,
      success: this.#operations(successCount, left, depth),
      failure: this.#operations(failureCount, left, depth),
    };
  }

  #operations(count: number, nestedMost: number, depth: number): Operation<Uint8Array>[] {
    const operations: Operation<Uint8Array>[] = [];
    for (let read = 0; read < count; read++) operations.push(this.#operation(nestedMost, depth));
    return operations;
  }

  #items(most: number): number {
    const count = this.varint();
    this.#itemsLeft -= count;
    if (count > most || this.#itemsLeft < 0) throw new CommandRefusal('TOO_MANY_OPERATIONS', this.#limits);
    return count;
  }

  #compare(): Compare<Uint8Array> {
    const target = this.#name(compareTargets, this.u8(), 'compare target');
    const bits = this.#flags(compareResults.length - 1 + compareFlags.rangeEnd + compareFlags.negative);
    const result = this.#name(compareResults, bits & (compareResults.length - 1), 'compare result');
    const range = this.#range((bits & compareFlags.rangeEnd) !== 0);
    if (target === 'value') {
      if ((bits & compareFlags.negative) !== 0) throw new DecodeError('a compared value is negative');
      return { ...range, target, result, value: this.bytes() };
    }
    const magnitude = this.varint();
    return { ...range, target, result, value: (bits & compareFlags.negative) === 0 ? magnitude : -magnitude };
  }

  #operation(nestedMost: number, depth: number): Operation<Uint8Array> {
    const type = this.u8();
    switch (type) {
      case operationTypes.put:
        return this.#put();
      case operationTypes.deleteRange:
        return this.#deleteRange();
      case operationTypes.range:
        return this.#rangeOperation();
      case operationTypes.transaction:
        return { type: 'transaction', ...this.#transaction(nestedMost, depth + 1) };
      default:
        throw new DecodeError(`operation type ${type} is unknown`);
    }
  }

  #put(): PutOperation<Uint8Array> {
    const bits = this.#flags(putFlags.prevKv + putFlags.ignoreValue + putFlags.ignoreLease + putFlags.lease);
    const ignoreValue = (bits & putFlags.ignoreValue) !== 0;
    const ignoreLease = (bits & putFlags.ignoreLease) !== 0;
    const prevKv = (bits & putFlags.prevKv) !== 0;
    const key = this.#key();
    const value = ignoreValue ? undefined : this.#value();
    const lease = (bits & putFlags.lease) === 0 ? 0 : this.#positive('lease');
    if (lease !== 0 && ignoreLease) throw new DecodeError('a lease is given together with ignoreLease');
    if (value === undefined) return { type: 'put', key, lease, prevKv, ignoreValue, ignoreLease };
    return { type: 'put', key, value, lease, prevKv, ignoreValue, ignoreLease };
  }

  #deleteRange(): DeleteRangeOperation<Uint8Array> {
    const bits = this.#flags(deleteRangeFlags.rangeEnd + deleteRangeFlags.prevKv);
    const range = this.#range((bits & deleteRangeFlags.rangeEnd) !== 0);
    return { type: 'deleteRange', ...range, prevKv: (bits & deleteRangeFlags.prevKv) !== 0 };
  }

  #rangeOperation(): RangeOperation<Uint8Array> {
    const { rangeEnd, keysOnly, countOnly, limit, sort, filter } = rangeFlags;
    const bits = this.#flags(rangeEnd + keysOnly + countOnly + limit + sort + filter);
    const range = this.#range((bits & rangeEnd) !== 0);
    return {
      type: 'range',
      ...range,
      keysOnly: (bits & keysOnly) !== 0,
      countOnly: (bits & countOnly) !== 0,
      limit: (bits & limit) === 0 ? 0 : this.#positive('limit'),
      ...((bits & sort) === 0 ? undefined : { sort: this.#sort() }),
      ...((bits & filter) === 0 ? undefined : this.#filter()),
    };
  }

  #sort(): RangeSort {
    const bits = this.u8();
    const order = (bits & rangeSortFlags.descending) === 0 ? 'ascending' : 'descending';
    return { target: this.#name(sortTargets, bits & ~rangeSortFlags.descending, 'sort target'), order };
  }

  #filter(): Pick<
    RangeOperation,
    'minModRevision' | 'maxModRevision' | 'minCreateRevision' | 'maxCreateRevision'
  > {
    return {
      minModRevision: this.varint(),
      maxModRevision: this.varint(),
      minCreateRevision: this.varint(),
      maxCreateRevision: this.varint(),
    };
  }

  #range(hasEnd: boolean): { key: Uint8Array; rangeEnd?: Uint8Array } {
    const key = this.#key();
    if (!hasEnd) return { key };
    const rangeEnd = this.bytes();
    if (rangeEnd.length === 0) throw new DecodeError('the end of a range is announced but empty');
    if (rangeEnd.length > this.#limits.keyBytesMax) throw new CommandRefusal('KEY_TOO_LARGE', this.#limits);
    return { key, rangeEnd };
  }

  #key(): Uint8Array {
    const key = this.bytes();
    if (key.length === 0) throw new CommandRefusal('KEY_EMPTY', this.#limits);
    if (key.length > this.#limits.keyBytesMax) throw new CommandRefusal('KEY_TOO_LARGE', this.#limits);
    return key;
  }

  #value(): Uint8Array {
    const value = this.bytes();
    if (value.length > this.#limits.valueBytesMax) throw new CommandRefusal('VALUE_TOO_LARGE', this.#limits);
    return value;
  }

  #positive(subject: string): number {
    const value = this.varint();
    if (value === 0) throw new DecodeError(`${subject} is 0: it must be 1 or more`);
    return value;
  }

  #flags(known: number): number {
    const bits = this.u8();
    if ((bits & ~known) !== 0)
      throw new DecodeError(`flag byte ${bits} has unknown bits: ${known} are known`);
    return bits;
  }

  #name<Name extends string>(names: readonly Name[], number: number, subject: string): Name {
    const name = names[number];
    if (name === undefined) throw new DecodeError(`${subject} ${number} is unknown`);
    return name;
  }
}
