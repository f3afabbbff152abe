/** A request as it goes to any of the servers, and what may be done with it when it fails. */

/** A request that is about to go. */
export interface Outgoing {
  /** Path and query. */
  readonly path: string;
  /** Everything else of it, without the caller's signal. */
  readonly init: RequestInit;
  /** Its method, in capitals. */
  readonly method: string;
  /** The caller's signal. */
  readonly signal: AbortSignal | undefined;
  /** Whether it can be sent again at all: its body can be read more than once. */
  readonly isReplayable: boolean;
  /** Whether sending it twice does what sending it once does, by its method (RFC 9110 §9.2.2) or its own word. */
  readonly isIdempotent: boolean;
}

const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
/** A server that knows this header answers a repeated request as it did the first time. */
const idempotencyKey = 'idempotency-key';
const anywhere = 'http://anywhere.invalid';

/**
 * Reads what a caller of `fetch` gives.
 *
 * @param input - A path, an address whose path counts, or a request.
 * @param init - The rest.
 */
export function readOutgoing(input: string | URL | Request, init: RequestInit = {}): Outgoing {
  const request = input instanceof Request ? input : undefined;
  const url = new URL(request?.url ?? String(input), anywhere);
  const { signal, ...rest } = init;
  const body = init.body ?? request?.body ?? undefined;
  const method = (init.method ?? request?.method ?? 'GET').toUpperCase();
  const headers = new Headers(init.headers ?? request?.headers);
  return {
    path: `${url.pathname}${url.search}`,
    init: request === undefined ? rest : { ...partsOf(request, body), ...rest },
    method,
    signal: signal ?? request?.signal ?? undefined,
    isReplayable: !(body instanceof ReadableStream) && !isAsyncIterable(body),
    isIdempotent: idempotent.has(method) || headers.has(idempotencyKey),
  };
}

/** What an address does not say. A request cannot be given another one as a whole. */
function partsOf(
  { method, headers, redirect, credentials, integrity, keepalive }: Request,
  body: RequestInit['body'],
): RequestInit {
  const streamed = body === undefined || body === null ? {} : ({ body, duplex: 'half' } as const);
  return { method, headers, redirect, credentials, integrity, keepalive, ...streamed };
}

function isAsyncIterable(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}
