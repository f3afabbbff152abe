/**
 * Everything the page asks of the gateway, with an answer for every ending: a request never rejects, and each problem
 * says whether it may have taken effect and what to do next.
 */
import { count, flag, type JsonRecord, parseJson, record, text } from './untrusted.js';

/** What happened to a request for a key. */
export type KeyValueAnswer = KeyValueSuccess | KeyMissing | RequestProblem;

/** The operation took place. */
export interface KeyValueSuccess {
  readonly type: 'done';
  readonly operation: Operation;
  readonly key: string;
  /** What was written or read. */
  readonly value: string | undefined;
  /** The store's revision at that moment. */
  readonly revision: number | undefined;
  /** Revision of the last change of the key; for reads. */
  readonly modRevision: number | undefined;
  /** How many keys a delete removed. */
  readonly deleted: number | undefined;
  readonly node: string | undefined;
  readonly latencyMs: number;
}

/** There is no such key: an answer, not a failure. */
export interface KeyMissing {
  readonly type: 'missing';
  readonly key: string;
  readonly node: string | undefined;
  readonly latencyMs: number;
}

/** The operation failed, or nobody knows. */
export interface RequestProblem {
  readonly type: 'problem';
  readonly code: string;
  readonly message: string;
  readonly effect: 'none' | 'unknown';
  /** What the reader can do now. */
  readonly advice: string;
  readonly latencyMs: number;
}

/** What can be done with a key. */
export type Operation = 'put' | 'get' | 'delete';

/** One request of the try box. */
export interface KeyValueRequest {
  readonly operation: Operation;
  readonly key: string;
  /** For a put. */
  readonly value?: string;
  /** For a get; default `linearizable`. */
  readonly consistency?: 'linearizable' | 'stale';
}

const requestTimeoutMs = 10_000;
const methods = { put: 'PUT', get: 'GET', delete: 'DELETE' } as const;

const tryAgain = 'Try again in a moment.';
const readToSee = 'Read the key to see whether it took place.';
const advices: Readonly<Record<string, string>> = {
  NO_LEADER:
    'An election is under way, or too few nodes are up for one. Try again in a second, or restart a node.',
  NO_HEALTHY_NODE: 'Restart a node, or wait until one answers again.',
  NODE_UNREACHABLE: 'Restart the node, or wait until it answers again.',
  NOT_LEADER: 'Leadership just moved. Try again.',
  OVERLOADED: 'Too much is waiting already. Try again in a moment.',
  TOO_LARGE: 'Use a shorter key or a smaller value.',
  BODY_TOO_LARGE: 'Use a smaller value.',
  GATEWAY_UNREACHABLE: 'See whether the gateway still runs in its terminal.',
};

/** Puts, gets or deletes a key. */
export async function requestKey(request: KeyValueRequest): Promise<KeyValueAnswer> {
  const path = keyPath(request.key);
  if (path === undefined) return unaddressableKey(request.key);
  const stale = request.operation === 'get' && request.consistency === 'stale';
  const sent = await send(`v1/kv/${path}${stale ? '?consistency=stale' : ''}`, {
    method: methods[request.operation],
    ...(request.operation === 'put' ? { body: request.value ?? '' } : {}),
  });
  if (sent.type === 'problem') {
    return sent.code === 'KEY_NOT_FOUND'
      ? { ...sent, type: 'missing', key: request.key, node: sent.node }
      : sent;
  }
  const { body, node, latencyMs } = sent;
  return {
    type: 'done',
    operation: request.operation,
    key: request.key,
    value: request.operation === 'put' ? (request.value ?? '') : valueIn(body),
    revision: count(body, 'revision'),
    modRevision: count(body, 'modRevision'),
    deleted: count(body, 'deleted'),
    node,
    latencyMs,
  };
}

/** Kills or restarts a node; `undefined` when the gateway has taken the order, else why it has not. */
export async function orderFault(node: string, fault: 'kill' | 'restart'): Promise<string | undefined> {
  const sent = await send(`v1/faults/${encodeURIComponent(node)}/${fault}`, { method: 'POST' });
  return sent.type === 'problem' ? `${sent.code}: ${sent.message}` : undefined;
}

/** Spreads reads in another way; `undefined` when the gateway does so from now on, else why it does not. */
export async function chooseStrategy(strategy: string): Promise<string | undefined> {
  const sent = await send('v1/balancer', { method: 'POST', body: JSON.stringify({ strategy }) });
  return sent.type === 'problem' ? `${sent.code}: ${sent.message}` : undefined;
}

interface Answered {
  readonly type: 'answered';
  readonly body: JsonRecord;
  readonly node: string | undefined;
  readonly latencyMs: number;
}

async function send(
  url: string,
  init: RequestInit,
): Promise<Answered | (RequestProblem & { node?: string })> {
  const startedMs = performance.now();
  const latencyMs = () => performance.now() - startedMs;
  try {
    const response = await fetch(url, {
      ...init,
      cache: 'no-store',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    const body = record(parseJson(await response.text()));
    const node = response.headers.get('synod-node') ?? (body && text(body, 'node', 60));
    if (!response.ok)
      return {
        ...problemOf(response.status, body, init.method),
        latencyMs: latencyMs(),
        ...(node ? { node } : {}),
      };
    return { type: 'answered', body: body ?? {}, node, latencyMs: latencyMs() };
  } catch (error) {
    return { ...unansweredProblem(error, init.method), latencyMs: latencyMs() };
  }
}

function problemOf(status: number, body: JsonRecord | undefined, method: string | undefined): RequestProblem {
  const error = body && record(body.error);
  const code = (error && text(error, 'code', 60)) ?? `HTTP_${status}`;
  const told = error && text(error, 'effect');
  // An error without a word on its effect did nothing only if it is the caller's own fault.
  const effect =
    told === 'none' || told === 'unknown' ? told : method === 'GET' || status < 500 ? 'none' : 'unknown';
  return {
    type: 'problem',
    code,
    message: (error && text(error, 'message')) ?? `The gateway answered with status ${status}.`,
    effect,
    advice: adviceFor(code, effect, error !== undefined && flag(error, 'retryable') === true),
    latencyMs: 0,
  };
}

function unansweredProblem(error: unknown, method: string | undefined): RequestProblem {
  const timedOut = error instanceof DOMException && error.name === 'TimeoutError';
  const effect = method === 'GET' ? 'none' : 'unknown';
  const code = timedOut ? 'TIMEOUT' : 'GATEWAY_UNREACHABLE';
  const message = timedOut
    ? `No answer within ${requestTimeoutMs / 1000} seconds.`
    : 'The gateway did not answer: the connection failed.';
  return { type: 'problem', code, message, effect, advice: adviceFor(code, effect, true), latencyMs: 0 };
}

function adviceFor(code: string, effect: 'none' | 'unknown', retryable: boolean): string {
  if (effect === 'unknown' && code !== 'GATEWAY_UNREACHABLE') return readToSee;
  return advices[code] ?? (retryable ? tryAgain : 'Change the request before you try again.');
}

// A browser resolves the segments . and .. of an address before it sends it, however they are written.
function keyPath(key: string): string | undefined {
  if (key === '' || key === '.' || key === '..') return undefined;
  try {
    return encodeURIComponent(key);
  } catch {
    return undefined;
  }
}

function unaddressableKey(key: string): RequestProblem {
  const message = key === '' ? 'The key is empty.' : 'A browser cannot put this key into an address.';
  const advice =
    key === '' ? 'Give a key of at least one character.' : 'Use another key, or the command line: synod put.';
  return { type: 'problem', code: 'INVALID_ARGUMENT', message, effect: 'none', advice, latencyMs: 0 };
}

function valueIn(body: JsonRecord): string | undefined {
  const value = body.value;
  if (typeof value === 'string') return value;
  const bytes = text(body, 'valueBase64', 100_000);
  return bytes === undefined ? undefined : `base64 ${bytes}`;
}
