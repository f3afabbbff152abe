/** Reading results: from what `apply` gave to what the caller of one operation wants, with refusals as errors. */
import { InvalidArgumentError, SynodError } from '@synod/core';
import type { KeyValue } from './key-value.js';
import type { RefusalCode } from './refusal.js';
import type {
  DeleteRangeResponse,
  KvResult,
  OperationResponse,
  PutResponse,
  TransactionResult,
} from './result.js';

/** Answer to a compare-and-set. */
export interface CompareAndSetOutcome {
  /** Whether the key was as expected and was set. */
  readonly succeeded: boolean;
  /** Revision of the store afterwards; the key's new `modRevision` if it was set. */
  readonly revision: number;
  /** If it was not set: the key as it is; `undefined` if there is none. */
  readonly current: KeyValue | undefined;
}

/** A command was refused: it changed nothing. */
export class CommandRefusedError extends SynodError {
  /** Which rule refused it. */
  readonly refusal: RefusalCode;

  /**
   * @param refusal - Why, for programs; the error's `code` too.
   * @param reason - Why, for people.
   */
  constructor(refusal: RefusalCode, reason: string) {
    // A refusal that comes of a session's state may answer a retry whose first attempt was applied.
    const isOfSession = refusal === 'SESSION_EXPIRED' || refusal === 'SEQUENCE_STALE';
    super({ code: refusal, message: reason, effect: isOfSession ? 'unknown' : 'none' });
    this.refusal = refusal;
  }
}

/** A retried command was applied, once, but its first answer was too large to be kept. Code `RESPONSES_OMITTED`. */
export class ResponsesOmittedError extends SynodError {
  /** Whether the compares of the command held. */
  readonly succeeded: boolean;
  /** Revision of the store right after the command. */
  readonly revision: number;

  /** @param result - The answer without responses. */
  constructor(result: TransactionResult) {
    super({
      code: 'RESPONSES_OMITTED',
      message: `the command was applied once, at revision ${result.revision}, but its answer was too large to be kept for a retry: read the keys`,
      effect: 'unknown',
    });
    this.succeeded = result.succeeded;
    this.revision = result.revision;
  }
}

/**
 * Reads the result of {@link encodePut}.
 *
 * @param result - What the replica's `propose` gave.
 * @throws {@link CommandRefusedError} when the command was refused; {@link ResponsesOmittedError}.
 */
export function readPut(result: KvResult): PutResponse {
  const response = onlyResponse(readTransaction(result));
  if (response.type === 'put') return response;
  throw mismatch('put', response.type);
}

/**
 * Reads the result of {@link encodeDeleteRange}.
 *
 * @param result - What the replica's `propose` gave.
 * @throws {@link CommandRefusedError} when the command was refused; {@link ResponsesOmittedError}.
 */
export function readDeleteRange(result: KvResult): DeleteRangeResponse {
  const response = onlyResponse(readTransaction(result));
  if (response.type === 'deleteRange') return response;
  throw mismatch('deleteRange', response.type);
}

/**
 * Reads the result of {@link encodeCompareAndSet}.
 *
 * @param result - What the replica's `propose` gave.
 * @throws {@link CommandRefusedError} when the command was refused; {@link ResponsesOmittedError}.
 */
export function readCompareAndSet(result: KvResult): CompareAndSetOutcome {
  const transaction = readTransaction(result);
  const { succeeded, revision } = transaction;
  if (succeeded) return { succeeded, revision, current: undefined };
  const response = onlyResponse(transaction);
  if (response.type === 'range') return { succeeded, revision, current: response.kvs[0] };
  throw mismatch('range', response.type);
}

/**
 * Reads the result of {@link encodeTransaction}, or of any command that writes.
 *
 * @param result - What the replica's `propose` gave.
 * @returns The same result; look at its `responsesOmitted` if the command may have been a retry.
 * @throws {@link CommandRefusedError} when the command was refused.
 */
export function readTransaction(result: KvResult): TransactionResult {
  if (result.type === 'transaction') return result;
  throw result.type === 'refused'
    ? new CommandRefusedError(result.code, result.reason)
    : mismatch('transaction', result.type);
}

/**
 * Reads the result of {@link encodeOpenSession} or {@link encodeCloseSession}.
 *
 * @param result - What the replica's `propose` gave.
 * @returns The session's number.
 * @throws {@link CommandRefusedError} when the command was refused.
 */
export function readSession(result: KvResult): number {
  if (result.type === 'session') return result.id;
  throw result.type === 'refused'
    ? new CommandRefusedError(result.code, result.reason)
    : mismatch('session', result.type);
}

function onlyResponse(result: TransactionResult): OperationResponse {
  if (result.responsesOmitted) throw new ResponsesOmittedError(result);
  const [response] = result.responses;
  if (response !== undefined && result.responses.length === 1) return response;
  throw new InvalidArgumentError(`the result has ${result.responses.length} responses where 1 is expected`);
}

function mismatch(expected: string, actual: string): InvalidArgumentError {
  return new InvalidArgumentError(`the result is of a ${actual} where one of a ${expected} is expected`);
}
