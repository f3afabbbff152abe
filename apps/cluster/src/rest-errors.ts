/**
 * Errors at the border of the REST interface: every failure becomes one JSON document with a code, a message that
 * says what would be right, and whether the operation may have taken effect. Status codes are those of RFC 9110.
 */
import { type Effect, isSynodError, type NodeId, SynodError } from '@synod/core';
import type { ErrorDocument, LeaderHint } from './rest-documents.js';

/** What a {@link RestError} is made from. */
export interface RestErrorInit {
  /** HTTP status; by default the one that belongs to the code. */
  readonly status?: number;
  /** Stable code in upper snake case. */
  readonly code: string;
  /** What was wrong and what would be right. */
  readonly message: string;
  /** Whether it may have taken effect. Default `none`. */
  readonly effect?: Effect;
  /** Whether trying again later can succeed. Default `false`. */
  readonly retryable?: boolean;
  /** Whom to ask instead. */
  readonly leader?: LeaderHint;
  /** What led to it. */
  readonly cause?: unknown;
}

/** A failure with the HTTP status that tells it. */
export class RestError extends SynodError {
  /** HTTP status. */
  readonly status: number;
  /** Whom to ask instead, when another node leads. */
  readonly leader: LeaderHint | undefined;

  /** @param init - Code, message and the rest. */
  constructor(init: RestErrorInit) {
    super(init);
    this.status = init.status ?? statusOfCode(init.code);
    this.leader = init.leader;
  }
}

/** Everything that is not here is a fault of the program: 500. */
const codesByStatus: Readonly<Record<number, readonly string[]>> = {
  400: [
    'INVALID_ARGUMENT',
    'DECODE_FAILED',
    'MALFORMED_REQUEST',
    'MALFORMED_JSON',
    'MALFORMED_COMMAND',
    'KEY_EMPTY',
  ],
  401: ['UNAUTHORIZED'],
  403: ['FAULTS_DISABLED', 'ORIGIN_REFUSED', 'HOST_REFUSED'],
  404: ['KEY_NOT_FOUND', 'ROUTE_NOT_FOUND', 'NODE_NOT_FOUND'],
  405: ['METHOD_NOT_ALLOWED'],
  408: ['REQUEST_TIMEOUT'],
  409: ['SESSION_EXPIRED', 'SEQUENCE_STALE', 'RESPONSES_OMITTED', 'PROCESS_STATE'],
  413: ['BODY_TOO_LARGE', 'TOO_LARGE', 'REQUEST_TOO_LARGE', 'KEY_TOO_LARGE', 'VALUE_TOO_LARGE'],
  421: ['NOT_LEADER'],
  429: ['OVERLOADED', 'TOO_MANY_STREAMS'],
  431: ['HEADERS_TOO_LARGE'],
  503: [
    'NO_LEADER',
    'NO_HEALTHY_NODE',
    'STARTING',
    'NOT_ADMITTED',
    'CLOSED',
    'SUPERSEDED',
    'ABORTED',
    'REPLICA_FAILED',
    'STORAGE_FULL',
  ],
  504: ['TIMED_OUT', 'OUTCOME_UNKNOWN', 'NODE_UNREACHABLE'],
};
const statusByCode: ReadonlyMap<string, number> = new Map(
  Object.entries(codesByStatus).flatMap(([status, codes]) =>
    codes.map((code): [string, number] => [code, Number(status)]),
  ),
);

/**
 * The HTTP status that belongs to an error code; 500 for one without its own.
 *
 * @param code - Code of an error.
 */
function statusOfCode(code: string): number {
  return statusByCode.get(code) ?? 500;
}

/**
 * Turns anything that was caught into a {@link RestError}.
 *
 * @param error - What was caught.
 * @param urlOf - Where the REST interface of a node is, to complete a hint to the leader.
 */
export function restErrorOf(error: unknown, urlOf?: (id: NodeId) => string | undefined): RestError {
  if (error instanceof RestError) return error;
  if (!isSynodError(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return new RestError({ code: 'INTERNAL', message, effect: 'unknown', cause: error });
  }
  const leader = leaderOf(error);
  const url = leader === undefined ? undefined : urlOf?.(leader);
  return new RestError({
    code: error.code,
    message: error.message,
    effect: error.effect,
    retryable: error.retryable,
    cause: error,
    ...(leader === undefined ? {} : { leader: url === undefined ? { id: leader } : { id: leader, url } }),
  });
}

function leaderOf(error: SynodError): NodeId | undefined {
  return 'leader' in error && typeof error.leader === 'string' ? error.leader : undefined;
}

/**
 * The document that tells an error.
 *
 * @param error - The error.
 */
export function errorDocument(error: RestError): ErrorDocument {
  const { code, message, effect, retryable, leader } = error;
  return { error: { code, message, effect, retryable, ...(leader === undefined ? {} : { leader }) } };
}

/**
 * Reads an {@link ErrorDocument} that came over the network, or gives `undefined` when it is none.
 *
 * @param status - HTTP status of the answer.
 * @param text - Its body.
 */
export function readErrorDocument(status: number, text: string): RestError | undefined {
  const error = fieldOf(parseJson(text), 'error');
  const code = fieldOf(error, 'code');
  const message = fieldOf(error, 'message');
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  const leader = readLeaderHint(fieldOf(error, 'leader'));
  return new RestError({
    status,
    code,
    message,
    // Anything but a clear "none" is unknown: guessing "none" could make a client write twice.
    effect: fieldOf(error, 'effect') === 'none' ? 'none' : 'unknown',
    retryable: fieldOf(error, 'retryable') === true,
    ...(leader === undefined ? {} : { leader }),
  });
}

function readLeaderHint(hint: unknown): LeaderHint | undefined {
  const id = fieldOf(hint, 'id');
  const url = fieldOf(hint, 'url');
  if (typeof id !== 'string') return undefined;
  return typeof url === 'string' ? { id, url } : { id };
}

/**
 * Parses JSON of unknown origin.
 *
 * @param text - The text.
 * @returns The value, or `undefined` when it is not JSON.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * One field of a value of unknown shape.
 *
 * @param value - Anything.
 * @param name - Name of the field.
 * @returns The field's value, or `undefined` when there is none.
 */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}
