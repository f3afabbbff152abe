/**
 * The HTTP/1.1 server of nodes and gateway: routes over the raw path (so that keys stay bytes), bounded bodies,
 * deadlines for slow clients, and one shape of error for everything that can go wrong before, in and after a handler.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import type { Duplex } from 'node:stream';
import { ClientAccess } from './client-access.js';
import { ClientRefusals } from './client-refusals.js';
import { HttpConnections } from './http-connections.js';
import { type HttpLimits, httpLimits } from './http-limits.js';
import { HttpRequest } from './http-request.js';
import { ListenError } from './listen-error.js';
import { BodyBudget } from './request-body.js';
import { errorDocument, RestError, restErrorOf } from './rest-errors.js';
import type { TlsMaterial } from './security-files.js';

/** What a handler gives back; `streamed` when it took the response into its own hands. */
export type HttpReply = 'streamed' | HttpAnswer;

/** A whole answer. */
export interface HttpAnswer {
  /** HTTP status. */
  readonly status: number;
  /** Headers, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body. */
  readonly body: string | Uint8Array;
}

/** Answers one request. A rejection becomes an error document. */
export type HttpHandler = (
  request: HttpRequest,
  outgoing: http.ServerResponse,
) => HttpReply | Promise<HttpReply>;

/** One method at one place. */
export interface HttpRoute {
  /** `GET` serves `HEAD` too. */
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Raw path; one `*` stands for anything, slashes too. The first route that fits is taken. */
  readonly path: string;
  /** Answers it. */
  readonly handler: HttpHandler;
}

/** Who may use a server, and under what seal. */
export interface HttpSecurity {
  /** Certificate and key, for HTTPS; with `ca`, clients must show a certificate of it. */
  readonly tls?: TlsMaterial;
  /** Tokens that clients must show one of. */
  readonly tokens?: readonly string[];
}

/** An HTTP server over a list of routes. */
export class HttpServer {
  readonly #routes: readonly HttpRoute[];
  readonly #limits: HttpLimits;
  readonly #budget: BodyBudget;
  readonly #access: ClientAccess;
  readonly #connections: HttpConnections;
  readonly #refusals = new ClientRefusals();
  readonly #server: http.Server;
  readonly #secure: https.Server | undefined;

  /**
   * @param routes - What it answers; anything else is `ROUTE_NOT_FOUND` or `METHOD_NOT_ALLOWED`.
   * @param limits - Bounds; see {@link httpLimits}.
   * @param security - Who may use it; anybody, in clear text, by default.
   */
  constructor(routes: readonly HttpRoute[], limits: Partial<HttpLimits> = {}, security: HttpSecurity = {}) {
    this.#routes = routes;
    this.#limits = { ...httpLimits, ...limits };
    this.#access = new ClientAccess(security.tokens);
    this.#connections = new HttpConnections(this.#limits.connectionsMax, (reason) =>
      this.#refusals.count(reason),
    );
    this.#budget = new BodyBudget(this.#limits.bodiesBytesMax);
    const answer = (incoming: http.IncomingMessage, outgoing: http.ServerResponse): void => {
      void this.#answer(incoming, outgoing);
    };
    const options: http.ServerOptions = {
      headersTimeout: this.#limits.headersTimeoutMs,
      requestTimeout: this.#limits.requestTimeoutMs,
      keepAliveTimeout: this.#limits.keepAliveMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 16 * 1024,
      noDelay: true,
    };
    if (security.tls !== undefined) this.#secure = this.#secureServer(security.tls, options);
    this.#server = this.#secure ?? http.createServer(options);
    this.#server.on('connection', (socket) => this.#connections.enter(socket));
    this.#server.on('request', answer).on('checkContinue', answer).on('checkExpectation', answer);
    this.#server.on('clientError', (cause, socket) => {
      const refused = refuseMalformed(cause, socket);
      if (refused !== undefined) this.#refusals.count(refused);
    });
  }

  /** Connections open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** What was refused so far, by reason. */
  get refusals(): Readonly<Record<string, number>> {
    return this.#refusals.snapshot();
  }

  /** `https` with a certificate. */
  get scheme(): 'http' | 'https' {
    return this.#secure === undefined ? 'http' : 'https';
  }

  /**
   * Shows another certificate from now on; connections that are open stay.
   *
   * @param tls - Certificate and key.
   * @throws Error when they cannot be used; nothing is changed then.
   */
  renew(tls: TlsMaterial): void {
    this.#secure?.setSecureContext({ ...tls, minVersion: 'TLSv1.2' });
  }

  /**
   * Starts listening.
   *
   * @param host - Address or name to bind.
   * @param port - Port; 0 for any free one.
   * @returns The port.
   * @throws {@link ListenError} when the address cannot be had.
   */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      const onError = (cause: Error): void => reject(new ListenError(host, port, cause));
      this.#server.once('error', onError);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', onError);
        resolve();
      });
    });
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /**
   * Stops listening, lets requests under way finish for a while, then closes every connection.
   *
   * @param graceMs - How long they may take. Default 1000.
   */
  async close(graceMs = 1_000): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs);
      this.#server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#server.closeIdleConnections();
    });
  }

  #secureServer(tls: TlsMaterial, options: http.ServerOptions): https.Server {
    const { ca } = tls;
    const server = https.createServer({
      ...options,
      ...tls,
      minVersion: 'TLSv1.2',
      handshakeTimeout: this.#limits.headersTimeoutMs,
      requestCert: ca !== undefined,
      rejectUnauthorized: ca !== undefined,
    });
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      // A refused certificate ends as a reset here, as a client that went away does.
      if (error.code !== 'ECONNRESET' || socket.authorizationError) this.#refusals.count('TLS_FAILED');
      socket.destroy();
    });
    return server;
  }

  async #answer(incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> {
    let request: HttpRequest | undefined;
    outgoing.once('close', this.#connections.work(incoming.socket));
    try {
      const found = this.#find(incoming);
      request = new HttpRequest({
        ...found,
        incoming,
        outgoing,
        budget: this.#budget,
        bodyBytesMax: this.#limits.bodyBytesMax,
      });
      this.#access.check(request);
      const reply = await found.route.handler(request, outgoing);
      if (reply !== 'streamed') send(outgoing, reply);
    } catch (error) {
      const refused = restErrorOf(error);
      this.#refusals.count(refused.code);
      sendError(outgoing, refused);
    } finally {
      request?.release();
      this.#discardRest(incoming);
    }
  }

  #find(incoming: http.IncomingMessage): { route: HttpRoute; target: string; path: string; rest: string } {
    const target = originForm(incoming.url ?? '/');
    const queryAt = target.indexOf('?');
    const path = queryAt < 0 ? target : target.slice(0, queryAt);
    const method = incoming.method === 'HEAD' ? 'GET' : incoming.method;
    const allowed = new Set<string>();
    for (const route of this.#routes) {
      const rest = matchPath(route.path, path);
      if (rest === undefined) continue;
      if (route.method === method) return { route, target, path, rest };
      allowed.add(route.method);
    }
    if (allowed.size === 0) {
      const message = `there is nothing at ${shorten(path)}: the routes are listed in the documentation of the REST interface`;
      throw new RestError({ code: 'ROUTE_NOT_FOUND', message });
    }
    const message = `${incoming.method} is not possible at ${shorten(path)}: use ${[...allowed].join(' or ')}`;
    throw new RestError({ code: 'METHOD_NOT_ALLOWED', message });
  }

  /** Closing at once would make the system reset the connection, and the client would never see the answer. */
  #discardRest(incoming: http.IncomingMessage): void {
    if (incoming.complete || incoming.destroyed) return;
    incoming.resume();
    const timer = setTimeout(() => incoming.destroy(), this.#limits.discardMs);
    timer.unref();
    incoming.once('close', () => clearTimeout(timer));
  }
}

/**
 * An answer with a JSON document.
 *
 * @param document - The document.
 * @param status - HTTP status. Default 200.
 * @param headers - More headers.
 */
export function json(
  document: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(document),
  };
}

/** Proxies and old clients send the absolute form (RFC 9112 §3.2.2): the path is what follows the authority. */
function originForm(url: string): string {
  if (url.startsWith('/')) return url;
  const match = /^https?:\/\/[^/?#]*(\/[^#]*)?$/i.exec(url);
  if (match === null)
    throw new RestError({ code: 'MALFORMED_REQUEST', message: 'the request target must begin with /' });
  return match[1] ?? '/';
}

function matchPath(pattern: string, path: string): string | undefined {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === path ? '' : undefined;
  const suffix = pattern.slice(star + 1);
  if (path.length < pattern.length - 1 || !path.startsWith(pattern.slice(0, star)) || !path.endsWith(suffix))
    return undefined;
  return path.slice(star, path.length - suffix.length);
}

function send(outgoing: http.ServerResponse, { status, headers, body }: HttpAnswer): void {
  if (outgoing.destroyed || outgoing.headersSent) return;
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  outgoing.writeHead(status, { ...headers, 'content-length': length });
  outgoing.end(body);
}

/** Makes browsers ask for the token (RFC 7617 §2). */
const challenge = { 'www-authenticate': 'Basic realm="synod", charset="UTF-8"' };

function sendError(outgoing: http.ServerResponse, error: RestError): void {
  // A stream that has begun can only be cut: its status is already told.
  if (outgoing.headersSent) outgoing.destroy();
  else send(outgoing, json(errorDocument(error), error.status, error.status === 401 ? challenge : {}));
}

/** What is not HTTP, or comes too slowly, is answered by hand: there is no response object for it. Gives the code. */
function refuseMalformed(cause: NodeJS.ErrnoException, socket: Duplex): string | undefined {
  if (!socket.writable || cause.code === 'ECONNRESET') {
    socket.destroy();
    return undefined;
  }
  const { error, reason } = malformed(cause.code);
  const body = JSON.stringify(errorDocument(error));
  socket.end(
    `HTTP/1.1 ${error.status} ${reason}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  return error.code;
}

function malformed(code: string | undefined): { error: RestError; reason: string } {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const error = new RestError({
      code: 'REQUEST_TIMEOUT',
      message: 'the request did not arrive in time',
      retryable: true,
    });
    return { error, reason: 'Request Timeout' };
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    const error = new RestError({ code: 'HEADERS_TOO_LARGE', message: 'the headers are longer than 16 KiB' });
    return { error, reason: 'Request Header Fields Too Large' };
  }
  return {
    error: new RestError({ code: 'MALFORMED_REQUEST', message: 'this is not HTTP/1.1' }),
    reason: 'Bad Request',
  };
}

function shorten(path: string): string {
  return path.length > 80 ? `${path.slice(0, 80)}…` : path;
}
