/** The client's side of the REST interface, as the commands `put`, `get`, `del`, `status` and `fault` use it. */
import { InvalidArgumentError } from '@synod/core';
import { encodeKey } from './key-encoding.js';
import { type NodeAnswer, NodeClient } from './node-client.js';
import type { ClusterDocument, DeleteDocument, PutDocument, ReadDocument } from './rest-documents.js';
import { fieldOf, parseJson, RestError, readErrorDocument } from './rest-errors.js';
import type { ClientSecurity } from './security-options.js';

/** Something that a node answered. */
export interface Answered<Document> {
  /** What it said. */
  readonly document: Document;
  /** Who said it. */
  readonly node: string;
}

/** Talks to a gateway, or to a node. */
export class RestClient {
  readonly #client: NodeClient;
  readonly #timeoutMs: number;

  /**
   * @param endpoint - Base address, such as `http://127.0.0.1:8700`.
   * @param timeoutMs - Time for one request. Default 5000.
   * @param security - What to trust and show.
   */
  constructor(endpoint: string, timeoutMs = 5_000, security: ClientSecurity = {}) {
    this.#client = new NodeClient(endpoint, undefined, security);
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Sets a key.
   *
   * @param key - The key.
   * @param value - The value.
   */
  async put(key: Uint8Array, value: Uint8Array): Promise<Answered<PutDocument>> {
    const answer = await this.#send('PUT', `/v1/kv/${encodeKey(key)}`, value);
    const document = this.#document(answer);
    return { document: { revision: this.#number(document, 'revision') }, node: nodeOf(answer) };
  }

  /**
   * Reads a key.
   *
   * @param key - The key.
   * @param consistency - `linearizable` or `stale`.
   */
  async get(key: Uint8Array, consistency: string): Promise<Answered<ReadDocument>> {
    const answer = await this.#send(
      'GET',
      `/v1/kv/${encodeKey(key)}?consistency=${encodeURIComponent(consistency)}`,
    );
    const document = this.#document(answer);
    const number = (name: string): number => this.#number(document, name);
    const key64 = String(fieldOf(document, 'keyBase64'));
    const valueBase64 = String(fieldOf(document, 'valueBase64'));
    const value = fieldOf(document, 'value');
    return {
      document: {
        keyBase64: key64,
        valueBase64,
        ...(typeof value === 'string' ? { value } : {}),
        createRevision: number('createRevision'),
        modRevision: number('modRevision'),
        version: number('version'),
        revision: number('revision'),
      },
      node: nodeOf(answer),
    };
  }

  /**
   * Deletes a key.
   *
   * @param key - The key.
   */
  async delete(key: Uint8Array): Promise<Answered<DeleteDocument>> {
    const answer = await this.#send('DELETE', `/v1/kv/${encodeKey(key)}`);
    const document = this.#document(answer);
    const counts = {
      revision: this.#number(document, 'revision'),
      deleted: this.#number(document, 'deleted'),
    };
    return { document: counts, node: nodeOf(answer) };
  }

  /** The state of all nodes. */
  async cluster(): Promise<ClusterDocument> {
    const document = this.#document(await this.#send('GET', '/v1/cluster'));
    if (isCluster(document)) return document;
    throw new InvalidArgumentError(
      `${this.#client.url} is not a gateway: give the gateway's address with --endpoint`,
    );
  }

  /**
   * Breaks or mends a node.
   *
   * @param action - What to do.
   * @param node - To which.
   */
  async fault(action: 'kill' | 'restart', node: string): Promise<void> {
    this.#document(await this.#send('POST', `/v1/faults/${encodeURIComponent(node)}/${action}`));
  }

  /** Closes the connections. */
  close(): void {
    this.#client.close();
  }

  async #send(method: string, target: string, body?: Uint8Array): Promise<NodeAnswer> {
    const headers = { 'synod-timeout-ms': String(this.#timeoutMs) };
    const request = { method, target, headers, timeoutMs: this.#timeoutMs + 1_000 };
    return await this.#client.send(body === undefined ? request : { ...request, body });
  }

  #document(answer: NodeAnswer): unknown {
    const text = answer.body.toString('utf8');
    if (answer.status < 400) return parseJson(text);
    throw readErrorDocument(answer.status, text) ?? this.#notSynod(answer.status);
  }

  #number(document: unknown, name: string): number {
    const value = fieldOf(document, name);
    if (typeof value === 'number') return value;
    throw this.#notSynod(200);
  }

  #notSynod(status: number): RestError {
    const message = `${this.#client.url} answered ${status} in a form that is not Synod's: check --endpoint`;
    return new RestError({ code: 'MALFORMED_ANSWER', message, effect: 'unknown' });
  }
}

function nodeOf(answer: NodeAnswer): string {
  const node = answer.headers['synod-node'];
  return typeof node === 'string' ? node : 'unknown';
}

function isCluster(document: unknown): document is ClusterDocument {
  return Array.isArray(fieldOf(document, 'nodes')) && typeof fieldOf(document, 'gateway') === 'object';
}
