/**
 * One stream of events of all nodes: the gateway reads each node's stream, comes back after breaks where it stopped,
 * and passes on what it has not seen yet.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { EventFeed } from './event-feed.js';
import type { KnownNode } from './node-directory.js';
import type { EventDocument } from './rest-documents.js';
import { fieldOf, parseJson } from './rest-errors.js';
import { EventStreamDecoder } from './server-sent-events.js';

const reconnectMs = 500;
/** Longer than the heartbeat of a stream: silence beyond it means a dead connection. */
const silenceMs = 40_000;

/** Follows the events of one node. */
export class NodeEventsFollower {
  readonly #node: KnownNode;
  readonly #feed: EventFeed;
  #lastId = 0;
  #request: ClientRequest | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * @param node - Whose events.
   * @param feed - Where they go.
   */
  constructor(node: KnownNode, feed: EventFeed) {
    this.#node = node;
    this.#feed = feed;
  }

  /** Starts following. */
  start(): void {
    if (this.#closed) return;
    const request = this.#node.client.open({ method: 'GET', target: `/v1/events?since=${this.#lastId}` });
    this.#request = request;
    request.setTimeout(silenceMs, () => request.destroy());
    request.on('response', (incoming) => this.#read(incoming));
    request.on('error', () => {});
    request.on('close', () => {
      if (!this.#closed) this.#timer = setTimeout(() => this.start(), reconnectMs);
    });
    request.end();
  }

  /** Stops following. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#request?.destroy();
  }

  #read(incoming: IncomingMessage): void {
    incoming.on('error', () => {});
    if (incoming.statusCode !== 200) {
      incoming.resume();
      return;
    }
    const decoder = new EventStreamDecoder();
    incoming.setEncoding('utf8');
    incoming.on('data', (text: string) => {
      for (const data of decoder.push(text)) this.#pass(parseJson(data));
    });
  }

  #pass(document: unknown): void {
    if (!isEvent(document) || document.node !== this.#node.id || document.id <= this.#lastId) return;
    this.#lastId = document.id;
    this.#feed.publish({ node: document.node, timeMs: document.timeMs, event: document.event });
  }
}

function isEvent(document: unknown): document is EventDocument {
  return (
    typeof fieldOf(document, 'id') === 'number' &&
    typeof fieldOf(document, 'timeMs') === 'number' &&
    typeof fieldOf(document, 'node') === 'string' &&
    typeof fieldOf(fieldOf(document, 'event'), 'type') === 'string'
  );
}
