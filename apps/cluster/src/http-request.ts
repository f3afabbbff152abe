/** One request: what a handler may know of it, and its body within bounds. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { type BodyBudget, readBody } from './request-body.js';

/** What an {@link HttpRequest} is made from. */
export interface HttpRequestInit {
  /** The platform's request. */
  readonly incoming: IncomingMessage;
  /** The platform's response. */
  readonly outgoing: ServerResponse;
  /** What all bodies share. */
  readonly budget: BodyBudget;
  /** Most bytes of its body. */
  readonly bodyBytesMax: number;
  /** Raw path and query. */
  readonly target: string;
  /** Raw path, without the query. */
  readonly path: string;
  /** What `*` stood for in the path of the route. */
  readonly rest: string;
}

/** One request, its path still as it stood on the request line. */
export class HttpRequest {
  /** Method in upper case. */
  readonly method: string;
  /** Raw path, without the query. */
  readonly path: string;
  /** Raw path and query. */
  readonly target: string;
  /** Headers, names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** What `*` stood for in the path of the route. */
  readonly rest: string;
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  readonly #budget: BodyBudget;
  readonly #bodyBytesMax: number;
  #bodyBytes = 0;
  #query: URLSearchParams | undefined;

  /** @param init - The parts. */
  constructor(init: HttpRequestInit) {
    this.#incoming = init.incoming;
    this.#outgoing = init.outgoing;
    this.#budget = init.budget;
    this.#bodyBytesMax = init.bodyBytesMax;
    this.method = init.incoming.method ?? 'GET';
    this.target = init.target;
    this.path = init.path;
    this.headers = init.incoming.headers;
    this.rest = init.rest;
  }

  /** The query. */
  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.target.slice(this.path.length + 1));
    return this.#query;
  }

  /**
   * One header as a single text.
   *
   * @param name - Its name in lower case.
   */
  header(name: string): string | undefined {
    const value = this.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /**
   * Reads the whole body; once.
   *
   * @throws {@link RestError} `BODY_TOO_LARGE`, `OVERLOADED`, or `MALFORMED_REQUEST` when it is cut short.
   */
  async body(): Promise<Buffer> {
    if (
      this.headers.expect !== undefined &&
      Number(this.headers['content-length'] ?? 0) <= this.#bodyBytesMax
    ) {
      this.#outgoing.writeContinue();
    }
    const body = await readBody(this.#incoming, this.#bodyBytesMax, this.#budget);
    this.#bodyBytes = body.length;
    return body;
  }

  /** Gives the memory of the body back to the budget. */
  release(): void {
    this.#budget.give(this.#bodyBytes);
    this.#bodyBytes = 0;
  }
}
