/**
 * An {@link EventFeed} as server-sent events (WHATWG HTML §9.2): `text/event-stream`, one JSON document an event,
 * `Last-Event-ID` to go on after a break. A reader that does not keep up is cut off, since its queue would be our
 * memory; its client reconnects and says where it stopped.
 */
import type { ServerResponse } from 'node:http';
import type { EventFeed } from './event-feed.js';
import type { HttpRequest } from './http-request.js';
import type { EventDocument } from './rest-documents.js';
import { RestError } from './rest-errors.js';

/** Bounds of the streams of one feed. */
export interface EventStreamLimits {
  /** Most readers at one time. */
  readonly readersMax: number;
  /** Most bytes waiting for one reader before it is cut off. */
  readonly waitingBytesMax: number;
  /** A comment is sent this often, so that both sides notice a dead connection. */
  readonly heartbeatMs: number;
}

/** Defaults: 64 readers, 1 MiB, 15 seconds. */
export const eventStreamLimits: EventStreamLimits = {
  readersMax: 64,
  waitingBytesMax: 1024 * 1024,
  heartbeatMs: 15_000,
};

/**
 * Answers a request with a feed, until the reader goes away or falls behind.
 *
 * @param feed - What to send.
 * @param request - Whose `Last-Event-ID` header or `since` parameter says where to start; else all that is remembered.
 * @param outgoing - Where to write.
 * @param limits - Bounds.
 * @throws {@link RestError} `TOO_MANY_STREAMS` when too many read already.
 */
export function streamEvents(
  feed: EventFeed,
  request: HttpRequest,
  outgoing: ServerResponse,
  limits: EventStreamLimits = eventStreamLimits,
): void {
  if (feed.readers >= limits.readersMax) {
    throw new RestError({
      code: 'TOO_MANY_STREAMS',
      message: `${limits.readersMax} readers of events are connected, the most that is allowed: close one`,
      retryable: true,
    });
  }
  outgoing.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  const send = (text: string): void => {
    outgoing.write(text);
    if (outgoing.writableLength > limits.waitingBytesMax) outgoing.destroy();
  };
  send(`retry: 1000\n\n${feed.since(startOf(request)).map(formatEvent).join('')}`);
  const unsubscribe = feed.subscribe((event) => send(formatEvent(event)));
  const heartbeat = setInterval(() => send(': still here\n\n'), limits.heartbeatMs);
  outgoing.on('close', () => {
    clearInterval(heartbeat);
    unsubscribe();
  });
}

function startOf(request: HttpRequest): number {
  const asked = request.headers['last-event-id'] ?? request.query.get('since') ?? '';
  const id = Number(asked);
  return Number.isSafeInteger(id) && id > 0 ? id : 0;
}

function formatEvent(event: EventDocument): string {
  return `id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Takes events out of a stream of server-sent events, from pieces of any size, within a bound. */
export class EventStreamDecoder {
  #rest = '';

  /**
   * Adds text.
   *
   * @param text - The next piece.
   * @returns The `data` of each event that is now complete.
   */
  push(text: string): string[] {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    // A sender that never ends an event must not fill our memory.
    if (this.#rest.length > eventStreamLimits.waitingBytesMax) this.#rest = '';
    return blocks.map(dataOf).filter((data) => data !== '');
  }
}

function dataOf(block: string): string {
  const lines = block.split('\n').filter((line) => line.startsWith('data:'));
  return lines.map((line) => line.slice(line[5] === ' ' ? 6 : 5)).join('\n');
}
