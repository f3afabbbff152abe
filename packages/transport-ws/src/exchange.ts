/** Calls and streams over one connection that is up: hands each item to the part that it is for. */
import { type Clock, DecodeError } from '@synod/core';
import type { ExchangeHandlers } from './exchange-handlers.js';
import { type Failure, readItem } from './exchange-items.js';
import type { ExchangeLink } from './exchange-link.js';
import { IncomingCalls } from './incoming-calls.js';
import type { TransportLimits } from './options.js';
import { OutgoingCalls } from './outgoing-calls.js';
import { StreamTable } from './stream-table.js';

/** What is open between this node and one peer. */
export class Exchange {
  /** Calls that this side made. */
  readonly outgoing: OutgoingCalls;
  /** Streams in both directions. */
  readonly streams: StreamTable;
  /** Whether the peer said that it begins nothing new. */
  peerDrains = false;
  readonly #incoming: IncomingCalls;
  readonly #link: ExchangeLink;
  #onIdle: (() => void) | undefined;

  /**
   * @param link - The connection.
   * @param parts - Time, bounds, handlers and which end this is.
   */
  constructor(
    link: ExchangeLink,
    parts: {
      readonly clock: Clock;
      readonly limits: TransportLimits;
      readonly handlers: ExchangeHandlers;
      readonly dialer: boolean;
    },
  ) {
    const { clock, limits, handlers, dialer } = parts;
    this.#link = link;
    this.outgoing = new OutgoingCalls(link, clock, limits.callsOpenMax);
    this.#incoming = new IncomingCalls(link, clock, limits, handlers.calls);
    this.streams = new StreamTable(link, clock, limits, handlers.streams, dialer);
    this.outgoing.onEnded = () => this.#tellIfIdle();
    this.#incoming.onEnded = () => this.#tellIfIdle();
    this.streams.onEnded = () => this.#tellIfIdle();
  }

  /**
   * An item came.
   *
   * @param tag - Its tag.
   * @param body - Its body.
   * @throws DecodeError when it is none, or none that may come now.
   */
  receive(tag: number, body: Uint8Array): void {
    const item = readItem(tag, body);
    if (item === undefined) return;
    switch (item.type) {
      case 'beat':
        return;
      case 'call':
        this.#incoming.receive(item);
        return;
      case 'cancel':
        this.#incoming.cancel(item.id);
        return;
      case 'reply':
      case 'failure':
        if (!this.outgoing.receive(item))
          throw new DecodeError(`call ${item.id}, which was never made, is answered`);
        return;
      case 'draining':
        this.peerDrains = true;
        return;
      default:
        this.streams.receive(item);
    }
  }

  /** Tells the peer that nothing new is begun, refuses what it begins, and resolves when nothing is open any more. */
  drain(): Promise<void> {
    this.#incoming.draining = true;
    this.streams.draining = true;
    this.#link.push({ type: 'draining' }, 'forced');
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      this.#tellIfIdle();
    });
  }

  /**
   * The connection ended: everything open has failed.
   *
   * @param failure - Why.
   */
  end(failure: Failure): void {
    this.outgoing.end(failure);
    this.#incoming.end(failure);
    this.streams.end(failure);
    this.#onIdle?.();
  }

  #tellIfIdle(): void {
    if (this.outgoing.size + this.#incoming.size + this.streams.size === 0) this.#onIdle?.();
  }
}
