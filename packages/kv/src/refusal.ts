/**
 * Refusals: why a command changed nothing. The text depends on nothing but the code and the limits, so that a
 * remembered refusal reads the same on every node, after every restart.
 */
import { unreachable } from '@synod/core';
import type { KvLimits } from './limits.js';

/** Why a command was refused. */
export type RefusalCode =
  /** The bytes are not a command of this format version. */
  | 'MALFORMED_COMMAND'
  /** The command has more than {@link KvLimits.requestBytesMax} bytes. */
  | 'REQUEST_TOO_LARGE'
  /** A key has no bytes. */
  | 'KEY_EMPTY'
  /** A key has more than {@link KvLimits.keyBytesMax} bytes. */
  | 'KEY_TOO_LARGE'
  /** A value has more than {@link KvLimits.valueBytesMax} bytes. */
  | 'VALUE_TOO_LARGE'
  /** There are more compares or operations than {@link KvLimits.operationsMax} allows. */
  | 'TOO_MANY_OPERATIONS'
  /** The intervals of a transaction hold more keys than {@link KvLimits.scannedKeysMax}. */
  | 'TOO_MANY_KEYS'
  /** A transaction would put a key twice, or put and delete it. */
  | 'DUPLICATE_KEY'
  /** `ignoreValue` or `ignoreLease` on a key that does not exist. */
  | 'KEY_NOT_FOUND'
  /** A put names a lease that does not exist. */
  | 'LEASE_NOT_FOUND'
  /**
   * The session was never opened, was closed, or was evicted. If this was a retry, the first attempt may have been
   * applied.
   */
  | 'SESSION_EXPIRED'
  /**
   * A later command of the session was applied. Whether this one was is no longer known; it never will be from now on.
   */
  | 'SEQUENCE_STALE';

/** All refusal codes, in the order of their number in a snapshot. Append only. */
export const refusalCodes = [
  'MALFORMED_COMMAND',
  'REQUEST_TOO_LARGE',
  'KEY_EMPTY',
  'KEY_TOO_LARGE',
  'VALUE_TOO_LARGE',
  'TOO_MANY_OPERATIONS',
  'TOO_MANY_KEYS',
  'DUPLICATE_KEY',
  'KEY_NOT_FOUND',
  'LEASE_NOT_FOUND',
  'SESSION_EXPIRED',
  'SEQUENCE_STALE',
] as const satisfies readonly RefusalCode[];

/** The sentence for a code. */
export function refusalReason(code: RefusalCode, limits: KvLimits): string {
  switch (code) {
    case 'MALFORMED_COMMAND':
      return 'the command does not decode: it must be made by the encoders of @synod/kv of this version';
    case 'REQUEST_TOO_LARGE':
      return `the command is too large: it may have ${limits.requestBytesMax} bytes`;
    case 'KEY_EMPTY':
      return 'a key is empty: it must have at least 1 byte';
    case 'KEY_TOO_LARGE':
      return `a key is too large: it may have ${limits.keyBytesMax} bytes`;
    case 'VALUE_TOO_LARGE':
      return `a value is too large: it may have ${limits.valueBytesMax} bytes`;
    case 'TOO_MANY_OPERATIONS':
      return `the transaction has too many compares or operations: each list may have ${limits.operationsMax}`;
    case 'TOO_MANY_KEYS':
      return `the transaction would look at too many keys: all its intervals may hold ${limits.scannedKeysMax}, so limit them or read outside a transaction`;
    case 'DUPLICATE_KEY':
      return 'the transaction puts a key twice, or puts and deletes it: each key may be changed once';
    case 'KEY_NOT_FOUND':
      return 'a put keeps the value or lease of a key that does not exist: put it with a value and a lease first';
    case 'LEASE_NOT_FOUND':
      return 'a put names a lease that does not exist: grant the lease first, or put without one';
    case 'SESSION_EXPIRED':
      return 'the session is not open: open another one; a retried command may have been applied before';
    case 'SEQUENCE_STALE':
      return 'a later command of the session was applied: send each command only when the one before was answered';
    default:
      return unreachable(code);
  }
}
