/**
 * One attempt of one request, and what the client knows afterwards. There are no retries here: what to do about a
 * refusal or an unknown outcome is for the client to decide, and for the checker to judge.
 */
import type { Random } from '@synod/core';
import { NodeClient, NodeUnreachableError } from '../src/node-client.js';
import { readErrorDocument } from '../src/rest-errors.js';

/** A request to a gateway or node. */
export interface Attempted {
  /** HTTP method. */
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Path and query. */
  readonly target: string;
  /** The body: bytes of a value as text, or JSON. */
  readonly body?: string;
  /** More headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came of one attempt. */
export type AttemptResult<Document> =
  | { readonly type: 'answered'; readonly source: string; readonly document: Document }
  | { readonly type: 'refused' | 'unknown'; readonly source: string; readonly code: string };

const timeoutMs = 4_000;

/** Where a client sends its requests: the gateway, or the nodes, of which it has to find the right one itself. */
export class Door {
  readonly #nodes: readonly NodeClient[];
  readonly #random: Random;
  #current = 0;

  /**
   * @param urls - Base addresses of nodes, or of one gateway.
   * @param random - Decides where to begin.
   */
  constructor(urls: readonly string[], random: Random) {
    this.#nodes = urls.map((url) => new NodeClient(url));
    this.#random = random;
    this.anywhere();
  }

  /** Sends the next request to any of the addresses. */
  anywhere(): void {
    this.#current = this.#random.integer(0, this.#nodes.length);
  }

  /** Sends one request. After a failure the next one goes to the leader, if it was named, or to the next address. */
  async attempt<Document>(attempted: Attempted): Promise<AttemptResult<Document>> {
    const node = this.#nodes[this.#current];
    if (node === undefined) throw new Error('a door needs at least one address');
    const { method, target, body, headers = {} } = attempted;
    const source = node.url;
    try {
      const answer = await node.send({
        method,
        target,
        headers: { ...headers, 'synod-timeout-ms': String(timeoutMs) },
        timeoutMs: timeoutMs + 500,
        ...(body === undefined ? {} : { body: Buffer.from(body, 'utf8') }),
      });
      const text = answer.body.toString('utf8');
      if (answer.status === 200) return { type: 'answered', source, document: JSON.parse(text) };
      const error = readErrorDocument(answer.status, text);
      if (error === undefined) throw new Error(`${source} answered ${answer.status} with ${text}`);
      this.#goOn(error.leader?.url);
      return { type: error.effect === 'none' ? 'refused' : 'unknown', source, code: error.code };
    } catch (error) {
      if (!(error instanceof NodeUnreachableError)) throw error;
      this.#goOn(undefined);
      return { type: error.effect === 'none' ? 'refused' : 'unknown', source, code: error.code };
    }
  }

  /** Closes all connections. */
  close(): void {
    for (const node of this.#nodes) node.close();
  }

  #goOn(leaderUrl: string | undefined): void {
    const leader = this.#nodes.findIndex(({ url }) => url === leaderUrl);
    this.#current = leader >= 0 ? leader : (this.#current + 1) % this.#nodes.length;
  }
}
