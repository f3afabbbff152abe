/**
 * Commands as bytes, the writing half. First the format version, then the kind of the command, then, if it belongs to
 * a session, its place there; the body of a transaction follows. Integers are varints, byte strings have their length
 * in front; a transaction's three lists have their numbers of items in front of all three. Flag bits without a meaning are 0, and a reader refuses them otherwise.
 */
import { ByteWriter, InvalidArgumentError, parseInteger } from '@synod/core';
import {
  commandFormat,
  commandKinds,
  compareFlags,
  compareResults,
  compareTargets,
  deleteRangeFlags,
  nestingDepthMax,
  operationTypes,
  putFlags,
  rangeFlags,
  rangeSortFlags,
  sortTargets,
} from './command-format.js';
import { checkKey, checkSource } from './key-range.js';
import type { ByteSource } from './key-value.js';
import { resolveSort } from './range-query.js';
import type {
  Compare,
  DeleteRangeRequest,
  Operation,
  PutRequest,
  RangeRequest,
  RangeSort,
  SessionSequence,
  Transaction,
} from './transaction.js';

// One buffer for all commands: each is copied out at its exact size, for it will stay in memory as a log entry.
const shared = new ByteWriter(1024);

/** The command that opens a session. */
export function writeOpenSession(): Uint8Array {
  return Uint8Array.of(commandFormat, commandKinds.openSession);
}

/** The command that closes a session. */
export function writeCloseSession(session: number): Uint8Array {
  shared.clear();
  shared.u8(commandFormat);
  shared.u8(commandKinds.closeSession);
  shared.varint(parseInteger(session, 'session', 1));
  return shared.copy();
}

/** The command that runs a transaction, in a session or in none. */
export function writeTransactionCommand(
  transaction: Transaction,
  sequence: SessionSequence | undefined,
): Uint8Array {
  shared.clear();
  shared.u8(commandFormat);
  if (sequence === undefined) {
    shared.u8(commandKinds.transaction);
  } else {
    shared.u8(commandKinds.sessionTransaction);
    shared.varint(parseInteger(sequence.session, 'session', 1));
    shared.varint(parseInteger(sequence.sequence, 'sequence', 1));
  }
  writeTransaction(shared, transaction, 1);
  return shared.copy();
}

function writeTransaction(writer: ByteWriter, transaction: Transaction, depth: number): void {
  if (depth > nestingDepthMax) {
    throw new InvalidArgumentError(
      `transactions are nested ${depth} deep: at most ${nestingDepthMax} are allowed`,
    );
  }
  const { compares = [], success = [], failure = [] } = transaction;
  writer.varint(compares.length);
  writer.varint(success.length);
  writer.varint(failure.length);
  for (const compare of compares) writeCompare(writer, compare);
  for (const operation of success) writeOperation(writer, operation, depth);
  for (const operation of failure) writeOperation(writer, operation, depth);
}

function writeCompare(writer: ByteWriter, compare: Compare): void {
  const negative = compare.target !== 'value' && compare.value < 0;
  writer.u8(numberOf(compareTargets, compare.target, 'compare target'));
  writer.u8(
    numberOf(compareResults, compare.result, 'compare result') |
      flag(hasRangeEnd(compare.rangeEnd), compareFlags.rangeEnd) |
      flag(negative, compareFlags.negative),
  );
  writeKey(writer, compare.key);
  if (hasRangeEnd(compare.rangeEnd)) writeSource(writer, compare.rangeEnd);
  if (compare.target === 'value') writeSource(writer, compare.value);
  else writer.varint(Math.abs(parseInteger(compare.value, 'compare value', -Number.MAX_SAFE_INTEGER)));
}

function writeOperation(writer: ByteWriter, operation: Operation, depth: number): void {
  // For the message below, where TypeScript knows that nothing is left.
  const type: string = operation.type;
  switch (operation.type) {
    case 'put':
      writer.u8(operationTypes.put);
      return writePut(writer, operation);
    case 'deleteRange':
      writer.u8(operationTypes.deleteRange);
      return writeDeleteRange(writer, operation);
    case 'range':
      writer.u8(operationTypes.range);
      return writeRange(writer, operation);
    case 'transaction':
      writer.u8(operationTypes.transaction);
      return writeTransaction(writer, operation, depth + 1);
    default:
      throw new InvalidArgumentError(
        `operation type is ${type}: it must be put, deleteRange, range or transaction`,
      );
  }
}

function writePut(writer: ByteWriter, request: PutRequest): void {
  const { value, lease = 0, ignoreValue = false, ignoreLease = false } = request;
  if (ignoreValue && value !== undefined) {
    throw new InvalidArgumentError('a value is given together with ignoreValue: leave out one of them');
  }
  if (ignoreLease && lease !== 0) {
    throw new InvalidArgumentError('a lease is given together with ignoreLease: leave out one of them');
  }
  writer.u8(
    flag(request.prevKv, putFlags.prevKv) |
      flag(ignoreValue, putFlags.ignoreValue) |
      flag(ignoreLease, putFlags.ignoreLease) |
      flag(lease !== 0, putFlags.lease),
  );
  writeKey(writer, request.key);
  if (value !== undefined) writeSource(writer, value);
  else if (!ignoreValue) throw new InvalidArgumentError('a put has no value: give one, or set ignoreValue');
  if (lease !== 0) writer.varint(parseInteger(lease, 'lease', 1));
}

function writeDeleteRange(writer: ByteWriter, request: DeleteRangeRequest): void {
  writer.u8(
    flag(hasRangeEnd(request.rangeEnd), deleteRangeFlags.rangeEnd) |
      flag(request.prevKv, deleteRangeFlags.prevKv),
  );
  writeKey(writer, request.key);
  if (hasRangeEnd(request.rangeEnd)) writeSource(writer, request.rangeEnd);
}

function writeRange(writer: ByteWriter, request: RangeRequest): void {
  const { minModRevision = 0, maxModRevision = 0, minCreateRevision = 0, maxCreateRevision = 0 } = request;
  const filters = [minModRevision, maxModRevision, minCreateRevision, maxCreateRevision];
  const isFiltered = filters.some((revision) => revision !== 0);
  const limit = parseInteger(request.limit ?? 0, 'limit', 0);
  writer.u8(
    flag(hasRangeEnd(request.rangeEnd), rangeFlags.rangeEnd) |
      flag(request.keysOnly, rangeFlags.keysOnly) |
      flag(request.countOnly, rangeFlags.countOnly) |
      flag(limit > 0, rangeFlags.limit) |
      flag(request.sort !== undefined, rangeFlags.sort) |
      flag(isFiltered, rangeFlags.filter),
  );
  writeKey(writer, request.key);
  if (hasRangeEnd(request.rangeEnd)) writeSource(writer, request.rangeEnd);
  if (limit > 0) writer.varint(limit);
  if (request.sort !== undefined) writeSort(writer, request.sort);
  if (!isFiltered) return;
  for (const revision of filters) writer.varint(parseInteger(revision, 'a revision to filter by', 0));
}

function writeSort(writer: ByteWriter, sort: RangeSort): void {
  const { target, order } = resolveSort(sort);
  writer.u8(sortTargets.indexOf(target) | flag(order === 'descending', rangeSortFlags.descending));
}

function writeKey(writer: ByteWriter, key: ByteSource): void {
  writeSource(writer, checkKey(key));
}

function writeSource(writer: ByteWriter, source: ByteSource): void {
  const checked = checkSource(source);
  if (typeof checked === 'string') writer.string(checked);
  else writer.bytes(checked);
}

function hasRangeEnd(rangeEnd: ByteSource | undefined): rangeEnd is ByteSource {
  return rangeEnd !== undefined && rangeEnd.length > 0;
}

function flag(set: boolean | undefined, bit: number): number {
  return set === true ? bit : 0;
}

function numberOf<Name extends string>(names: readonly Name[], name: Name, subject: string): number {
  const number = names.indexOf(name);
  if (number >= 0) return number;
  throw new InvalidArgumentError(`${subject} is ${String(name)}: it must be one of ${names.join(', ')}`);
}
