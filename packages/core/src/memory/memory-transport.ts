/** One node's end of a memory network. */
import { InvalidArgumentError } from '../errors.js';
import type { GroupId, Incarnation, NodeId } from '../ids.js';
import type { Lane, Transport, TransportHandler } from '../transport.js';

/** What a transport asks of its network. */
export interface MemoryExchange {
  started(transport: MemoryTransport): void;
  closed(transport: MemoryTransport): void;
  send(to: NodeId, group: GroupId, payload: Uint8Array, lane: Lane): boolean;
  connected(): readonly NodeId[];
}

/** Whom a started transport tells, and what it says of itself. */
export interface StartedTransport {
  readonly handler: TransportHandler;
  readonly incarnation: Incarnation;
}

/** A {@link Transport} of a memory network. */
export class MemoryTransport implements Transport {
  readonly local: NodeId;
  readonly #exchange: MemoryExchange;
  #started: StartedTransport | undefined;
  #closed = false;

  constructor(local: NodeId, exchange: MemoryExchange) {
    this.local = local;
    this.#exchange = exchange;
  }

  /** Handler and incarnation while the transport is started and not closed. */
  get open(): StartedTransport | undefined {
    return this.#started;
  }

  start(handler: TransportHandler, incarnation: Incarnation): Promise<void> {
    if (this.#closed || this.#started !== undefined) {
      const state = this.#closed ? 'closed' : 'started already';
      return Promise.reject(
        new InvalidArgumentError(`transport of ${this.local} is ${state}: start it once`),
      );
    }
    this.#started = { handler, incarnation };
    this.#exchange.started(this);
    return Promise.resolve();
  }

  send(to: NodeId, group: GroupId, payload: Uint8Array, lane: Lane = 'protocol'): boolean {
    return this.#started !== undefined && this.#exchange.send(to, group, payload, lane);
  }

  connected(): readonly NodeId[] {
    return this.#started === undefined ? [] : this.#exchange.connected();
  }

  close(): Promise<void> {
    this.#started = undefined;
    if (!this.#closed) {
      this.#closed = true;
      this.#exchange.closed(this);
    }
    return Promise.resolve();
  }
}
