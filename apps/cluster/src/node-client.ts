/**
 * HTTP requests to one node over connections that stay open. What matters here is the line between failures before
 * the request left, which are definite, and those after, which leave the outcome unknown.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import { SynodError } from '@synod/core';
import { httpLimits } from './http-limits.js';
import type { ClientSecurity } from './security-options.js';

/** One request to a node. */
export interface NodeRequest {
  /** HTTP method. */
  readonly method: string;
  /** Raw path and query. */
  readonly target: string;
  /** Headers, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body. */
  readonly body?: Uint8Array;
  /** Time until the whole answer must be there, in milliseconds. */
  readonly timeoutMs: number;
}

/** The whole answer of a node, whatever its status. */
export interface NodeAnswer {
  /** HTTP status. */
  readonly status: number;
  /** Headers, names in lower case. */
  readonly headers: http.IncomingHttpHeaders;
  /** The body. */
  readonly body: Buffer;
}

/** No whole answer came. `effect` is `none` exactly when the request never left. */
export class NodeUnreachableError extends SynodError {
  /**
   * @param url - The node's address.
   * @param left - Whether the request, or a part of it, left.
   * @param reason - What happened.
   * @param cause - What the system said.
   */
  constructor(url: string, left: boolean, reason: string, cause?: unknown) {
    const message = `${url} did not answer: ${reason}`;
    super({ code: 'NODE_UNREACHABLE', message, effect: left ? 'unknown' : 'none', retryable: true, cause });
  }
}

const answerBytesMax = 32 * 1024 * 1024;

/** Talks to one node. */
export class NodeClient {
  /** Base address, such as `http://127.0.0.1:8701`. */
  readonly url: string;
  readonly #host: string;
  readonly #port: number;
  readonly #secure: boolean;
  readonly #security: ClientSecurity;
  readonly #agent: http.Agent;

  /**
   * @param url - Base address of the node's REST interface.
   * @param connectionsMax - Most connections at one time; more requests wait. Default 256.
   * @param security - What to trust and show.
   */
  constructor(url: string, connectionsMax = 256, security: ClientSecurity = {}) {
    const { hostname, port, protocol } = new URL(url);
    this.url = url;
    this.#host = hostname.replace(/^\[|\]$/g, '');
    this.#secure = protocol === 'https:';
    this.#port = port === '' ? (this.#secure ? 443 : 80) : Number(port);
    this.#security = security;
    this.#agent = this.#newAgent(connectionsMax);
  }

  /**
   * Sends a request and reads the whole answer.
   *
   * @param request - What to send.
   * @throws {@link NodeUnreachableError} when no whole answer came in time.
   */
  async send(request: NodeRequest): Promise<NodeAnswer> {
    return await new Promise<NodeAnswer>((resolve, reject) => {
      let left = false;
      const outgoing = this.open(request);
      const fail = (reason: string, cause?: unknown): void => {
        clearTimeout(deadline);
        reject(new NodeUnreachableError(this.url, left, reason, cause));
        outgoing.destroy();
      };
      const deadline = setTimeout(
        () => fail(`nothing came within ${request.timeoutMs} ms`),
        request.timeoutMs,
      );
      outgoing.on('socket', (socket) => {
        if (!socket.connecting) left = true;
        else socket.once('connect', () => (left = true));
      });
      outgoing.on('error', (error) => fail(error.message, error));
      outgoing.on('response', (incoming) => {
        collect(incoming, fail, (body) => {
          clearTimeout(deadline);
          resolve({ status: incoming.statusCode ?? 500, headers: incoming.headers, body });
        });
      });
      outgoing.end(request.body);
    });
  }

  /**
   * Begins a request whose answer the caller reads, such as a stream of events.
   *
   * @param request - What to send; its `timeoutMs` is not watched.
   */
  open(request: Omit<NodeRequest, 'timeoutMs'>): http.ClientRequest {
    const length = request.body === undefined ? {} : { 'content-length': String(request.body.length) };
    const { token } = this.#security;
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return (this.#secure ? https : http).request({
      agent: this.#agent,
      host: this.#host,
      port: this.#port,
      method: request.method,
      path: request.target,
      headers: { ...request.headers, ...length, ...authorization },
    });
  }

  #newAgent(connectionsMax: number): http.Agent {
    const options = {
      keepAlive: true,
      maxSockets: connectionsMax,
      maxFreeSockets: 64,
      noDelay: true,
      // Unused connections are closed here before the server closes them: else a request could meet a closed one.
      timeout: httpLimits.keepAliveMs / 2,
    };
    const { ca, cert, key } = this.#security;
    return this.#secure
      ? new https.Agent({
          ...options,
          minVersion: 'TLSv1.2',
          ...(ca === undefined ? {} : { ca }),
          ...(cert === undefined || key === undefined ? {} : { cert, key }),
        })
      : new http.Agent(options);
  }

  /** Closes all connections; requests under way fail. */
  close(): void {
    this.#agent.destroy();
  }
}

function collect(
  incoming: http.IncomingMessage,
  fail: (reason: string, cause?: unknown) => void,
  done: (body: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  incoming.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > answerBytesMax) fail(`its answer is longer than ${answerBytesMax} bytes`);
    else chunks.push(chunk);
  });
  incoming.on('error', (error) => fail(error.message, error));
  incoming.on('aborted', () => fail('it went away inside its answer'));
  incoming.on('end', () => {
    if (incoming.complete)
      done(chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks, length));
  });
}
