/**
 * A replicated key-value store with etcd's semantics, as a state machine for any Synod engine: binary keys and values
 * in byte-wise order, a revision for every change, transactions that compare and then act, ranges, and client sessions
 * in which a retried command is applied once. Pure: no clock, no I/O; a million keys in memory is its scale, a
 * larger-than-memory data set is not.
 *
 * @example On one machine, without a cluster.
 * ```ts
 * import { encodePut, KvStateMachine, readPut } from '@synod/kv';
 *
 * const machine = new KvStateMachine();
 * const result = machine.apply(1, encodePut({ key: 'colour', value: 'green' }));
 * readPut(result).revision; // 2
 * machine.get('colour')?.version; // 1
 * ```
 *
 * @packageDocumentation
 */
export {
  type CompareAndSetRequest,
  decodeCommand,
  encodeCloseSession,
  encodeCompareAndSet,
  encodeDeleteRange,
  encodeOpenSession,
  encodePut,
  encodeTransaction,
} from './command.js';
export { prefixRangeEnd } from './key-range.js';
export type { ByteSource, Change, DeleteChange, KeyValue, PutChange } from './key-value.js';
export { type KvOptions, KvStateMachine, type KvStats } from './kv-state-machine.js';
export { defaultKvLimits, type KvLimits, LimitsDifferError } from './limits.js';
export type { RefusalCode } from './refusal.js';
export type {
  DeleteRangeResponse,
  KvResult,
  OperationResponse,
  PutResponse,
  RangeResponse,
  RefusedResult,
  SessionResult,
  TransactionResponse,
  TransactionResult,
} from './result.js';
export {
  CommandRefusedError,
  type CompareAndSetOutcome,
  ResponsesOmittedError,
  readCompareAndSet,
  readDeleteRange,
  readPut,
  readSession,
  readTransaction,
} from './result-reader.js';
export type {
  CloseSessionCommand,
  Command,
  Compare,
  CompareResult,
  CompareTarget,
  DeleteRangeOperation,
  DeleteRangeRequest,
  KeyRange,
  NumberCompare,
  OpenSessionCommand,
  Operation,
  PutOperation,
  PutRequest,
  RangeOperation,
  RangeRequest,
  RangeSort,
  SessionSequence,
  SortTarget,
  Transaction,
  TransactionCommand,
  TransactionOperation,
  ValueCompare,
} from './transaction.js';
