/** Why a call or a stream failed: one error, whose effect tells whether the other side may have acted. */
import { isSynodError, type NodeId, SynodError } from '@synod/core';
import type { Failure } from './exchange-items.js';

/**
 * Codes that the transport itself gives; a handler that throws a SynodError gives its own.
 *
 * - `NOT_CONNECTED`: no connection to the peer is up. Nothing was sent.
 * - `LANE_FULL`: the peer takes less than it is sent. Nothing was sent; see `ready`.
 * - `TOO_LARGE`: the payload does not fit into a frame: use a stream. Of a reply, the handler has run.
 * - `TOO_MANY_CALLS`, `TOO_MANY_STREAMS`: a limit of open ones, here or at the peer. Nothing was begun.
 * - `NO_SUCH_METHOD`, `NO_SUCH_STREAM`: the peer handles none of this name. Nothing was begun.
 * - `DRAINING`: the peer, or this node, is about to close and begins nothing new.
 * - `DEADLINE_EXCEEDED`: no answer came in time.
 * - `CANCELLED`: the caller's signal was aborted, or one side gave the stream up.
 * - `PEER_LOST`: the connection ended before the answer.
 * - `CLOSED`: this transport was closed before the answer.
 * - `HANDLER_FAILED`: the handler threw something else than a SynodError; it may have acted.
 */
export type ExchangeErrorCode =
  | 'NOT_CONNECTED'
  | 'LANE_FULL'
  | 'TOO_LARGE'
  | 'TOO_MANY_CALLS'
  | 'TOO_MANY_STREAMS'
  | 'NO_SUCH_METHOD'
  | 'NO_SUCH_STREAM'
  | 'DRAINING'
  | 'DEADLINE_EXCEEDED'
  | 'CANCELLED'
  | 'PEER_LOST'
  | 'CLOSED'
  | 'HANDLER_FAILED';

/**
 * A call or a stream failed.
 *
 * @remarks `effect` is `none` when the handler certainly did not run, `unknown` when it may have. `code` is one of
 * {@link ExchangeErrorCode}, or that of the SynodError that the peer's handler threw.
 */
export class ExchangeError extends SynodError {
  /** The other side. */
  readonly peer: NodeId;
  /** Name of the method or stream. */
  readonly method: string;
  /** Whether the peer said so; otherwise this side found it. */
  readonly remote: boolean;

  /**
   * @param peer - The other side.
   * @param method - Name of the method or stream.
   * @param failure - What happened.
   * @param more - Whether the peer said so, and what led to it.
   */
  constructor(
    peer: NodeId,
    method: string,
    failure: Failure,
    more: { readonly remote?: boolean; readonly cause?: unknown } = {},
  ) {
    super({ ...failure, cause: more.cause });
    this.peer = peer;
    this.method = method;
    this.remote = more.remote ?? false;
  }
}

/** Failures that lasting conditions cause; all others may pass. */
const lasting: ReadonlySet<string> = new Set<ExchangeErrorCode>([
  'TOO_LARGE',
  'NO_SUCH_METHOD',
  'NO_SUCH_STREAM',
  'CANCELLED',
  'HANDLER_FAILED',
  'CLOSED',
]);

/**
 * A failure after which nothing can have happened.
 *
 * @param code - Which.
 * @param message - For people.
 */
export function definite(code: ExchangeErrorCode, message: string): Failure {
  return { code, message, effect: 'none', retryable: !lasting.has(code) };
}

/**
 * A failure after which it may have happened.
 *
 * @param code - Which.
 * @param message - For people.
 */
export function uncertain(code: ExchangeErrorCode, message: string): Failure {
  return { code, message, effect: 'unknown', retryable: !lasting.has(code) };
}

/**
 * What a handler threw, as the other side is told.
 *
 * @param thrown - It.
 */
export function failureOf(thrown: unknown): Failure {
  if (isSynodError(thrown)) {
    const { code, message, effect, retryable } = thrown;
    return { code, message, effect, retryable };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return uncertain('HANDLER_FAILED', `the handler failed: ${message}`);
}
