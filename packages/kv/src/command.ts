/** Making commands: what a client, gateway or test hands to a replica's `propose`. */
import { InvalidArgumentError } from '@synod/core';
import { readCommand } from './command-reader.js';
import { writeCloseSession, writeOpenSession, writeTransactionCommand } from './command-writer.js';
import type { ByteSource } from './key-value.js';
import { type KvLimits, resolveLimits } from './limits.js';
import type {
  Command,
  Compare,
  DeleteRangeRequest,
  PutRequest,
  SessionSequence,
  Transaction,
} from './transaction.js';

/** Sets a key only if it is still as the caller knows it. Exactly one of the two expectations is given. */
export interface CompareAndSetRequest {
  /** The key: 1 byte or more. */
  readonly key: ByteSource;
  /** The value to set. */
  readonly value: ByteSource;
  /** Lease to attach the key to; default 0, none. */
  readonly lease?: number;
  /** The `modRevision` that the key must have; 0 if it must not exist. */
  readonly expectedModRevision?: number;
  /** The value that the key must have. */
  readonly expectedValue?: ByteSource;
}

/**
 * Makes the command that sets a key.
 *
 * @param request - Key, value and options.
 * @param sequence - Place in a session, so that a retry is applied once; absent: a retry would be applied again.
 * @returns The command, for a replica's `propose`. {@link readPut} reads its result.
 * @throws InvalidArgumentError when the key is empty, the value is missing, or a number is out of range.
 * @example
 * ```ts
 * const command = encodePut({ key: 'colour', value: 'green' }, { session, sequence: 1 });
 * ```
 */
export function encodePut(request: PutRequest, sequence?: SessionSequence): Uint8Array {
  return writeTransactionCommand({ success: [{ ...request, type: 'put' }] }, sequence);
}

/**
 * Makes the command that deletes a key or an interval of keys.
 *
 * @param request - Which keys.
 * @param sequence - Place in a session, so that a retry is applied once.
 * @returns The command. {@link readDeleteRange} reads its result.
 * @throws InvalidArgumentError when the key is empty.
 */
export function encodeDeleteRange(request: DeleteRangeRequest, sequence?: SessionSequence): Uint8Array {
  return writeTransactionCommand({ success: [{ ...request, type: 'deleteRange' }] }, sequence);
}

/**
 * Makes the command that runs a transaction.
 *
 * @param transaction - Compares and the two lists of operations.
 * @param sequence - Place in a session, so that a retry is applied once.
 * @returns The command. {@link readTransaction} reads its result.
 * @throws InvalidArgumentError when a key is empty, a name is unknown or a number is out of range. The limits of the
 * store are not known here: {@link KvStateMachine.check} checks them before a proposal.
 * @example Create a key only if it does not exist.
 * ```ts
 * encodeTransaction({
 *   compares: [{ key: 'lock', target: 'createRevision', result: 'equal', value: 0 }],
 *   success: [{ type: 'put', key: 'lock', value: 'mine' }],
 *   failure: [{ type: 'range', key: 'lock' }],
 * });
 * ```
 */
export function encodeTransaction(transaction: Transaction, sequence?: SessionSequence): Uint8Array {
  return writeTransactionCommand(transaction, sequence);
}

/**
 * Makes the command that sets a key if it has not changed meanwhile, and reads it otherwise.
 *
 * @param request - Key, new value, and what is expected.
 * @param sequence - Place in a session, so that a retry is applied once and gives the first answer again.
 * @returns The command. {@link readCompareAndSet} reads its result.
 * @throws InvalidArgumentError unless exactly one of `expectedModRevision` and `expectedValue` is given.
 */
export function encodeCompareAndSet(request: CompareAndSetRequest, sequence?: SessionSequence): Uint8Array {
  const { key, value, lease = 0 } = request;
  return writeTransactionCommand(
    {
      compares: [expectationOf(request)],
      success: [{ type: 'put', key, value, lease }],
      failure: [{ type: 'range', key }],
    },
    sequence,
  );
}

/**
 * Makes the command that opens a session. Sent twice, it opens two; an unused one costs a place in the table.
 *
 * @returns The command. {@link readSession} reads the session's number from its result.
 */
export function encodeOpenSession(): Uint8Array {
  return writeOpenSession();
}

/**
 * Makes the command that closes a session, which makes room for another one. Closing one that is not open is refused
 * with `SESSION_EXPIRED`.
 *
 * @param session - Its number.
 * @throws InvalidArgumentError when it is not an integer of 1 or more.
 */
export function encodeCloseSession(session: number): Uint8Array {
  return writeCloseSession(session);
}

/**
 * Takes a command apart, for tools that show what is in a log.
 *
 * @param command - Bytes that an encoder of this package made.
 * @param limits - Limits to check it against; the defaults for those left out.
 * @returns The command. Its keys and values are views into the bytes.
 * @throws DecodeError when the bytes are no command, or break a limit or a rule that needs no state to check.
 */
export function decodeCommand(command: Uint8Array, limits: Partial<KvLimits> = {}): Command {
  return readCommand(command, resolveLimits(limits));
}

function expectationOf(request: CompareAndSetRequest): Compare {
  const { key, expectedModRevision, expectedValue } = request;
  if (expectedModRevision !== undefined && expectedValue === undefined) {
    return { key, target: 'modRevision', result: 'equal', value: expectedModRevision };
  }
  if (expectedValue !== undefined && expectedModRevision === undefined) {
    return { key, target: 'value', result: 'equal', value: expectedValue };
  }
  throw new InvalidArgumentError('give exactly one of expectedModRevision and expectedValue');
}
