/** Calls and streams between nodes, as users see them: to a peer by its id, over whichever connection is up. */
import { type Clock, InvalidArgumentError, type NodeId, parseInteger } from '@synod/core';
import type { Connection } from './connection.js';
import { definite, ExchangeError } from './exchange-error.js';
import { checkMethodName, ExchangeHandlers } from './exchange-handlers.js';
import type { Failure } from './exchange-items.js';
import type { CallHandler } from './incoming-calls.js';
import type { NodeStream } from './node-stream.js';
import { type CallOptions, deadlineOf, notConnected } from './outgoing-calls.js';
import type { StreamHandler, StreamOptions } from './stream-table.js';

/** Calls and streams between nodes. */
export interface NodeExchange {
  /**
   * Calls a method of a peer. The answer settles it, or the deadline, the signal, the loss of the peer or `close`:
   * always one of them.
   *
   * @param peer - Whom.
   * @param method - Name of the handler there, 1 to 128 bytes of UTF-8.
   * @param payload - What the handler gets, up to a frame less some bytes. Copied.
   * @param options - How long it may take, and who may give it up.
   * @returns What the handler answered.
   * @throws ExchangeError (as a rejection), whose `effect` says whether the handler may have run.
   * @throws InvalidArgumentError (as a rejection) when the name or an option is out of its range.
   *
   * @example
   * ```ts
   * b.handle('add', ({ payload }) => Uint8Array.of((payload[0] ?? 0) + (payload[1] ?? 0)));
   * await a.call('b', 'add', Uint8Array.of(2, 3), { timeoutMs: 500 }); // Uint8Array [5]
   * ```
   */
  call(peer: NodeId, method: string, payload: Uint8Array, options?: CallOptions): Promise<Uint8Array>;
  /**
   * Answers calls of a method, from all peers.
   *
   * @param method - Its name, 1 to 128 bytes of UTF-8.
   * @param handler - Who answers.
   * @returns Takes the handler away again.
   * @throws InvalidArgumentError when the name is malformed or has a handler.
   */
  handle(method: string, handler: CallHandler): () => void;
  /**
   * Opens a stream to a peer, for bytes in both directions.
   *
   * @param peer - To whom.
   * @param name - Name of the handler there, 1 to 128 bytes of UTF-8.
   * @param options - What to say first, and who may give it up.
   * @returns The stream, once the peer accepted it.
   * @throws ExchangeError (as a rejection) when it was not accepted.
   * @throws InvalidArgumentError (as a rejection) when the name or an option is out of its range.
   *
   * @example
   * ```ts
   * b.handleStream('backup', async (stream) => {
   *   for await (const chunk of stream) await file.write(chunk);
   * });
   * const stream = await a.openStream('b', 'backup');
   * for (const part of parts) await stream.write(part); // waits while b does not read
   * await stream.finish();
   * await stream.closed; // b has read all
   * ```
   */
  openStream(peer: NodeId, name: string, options?: StreamOptions): Promise<NodeStream>;
  /**
   * Takes streams of a name, from all peers.
   *
   * @param name - Its name, 1 to 128 bytes of UTF-8.
   * @param handler - Who takes them.
   * @returns Takes the handler away again.
   * @throws InvalidArgumentError when the name is malformed or has a handler.
   */
  handleStream(name: string, handler: StreamHandler): () => void;
}

/** What calls and streams need of their transport. */
export interface ExchangeDoorOwner {
  /** The connection to a peer that is up. */
  connectionTo(peer: NodeId): Connection | undefined;
  /** Why nothing new may be begun at all. */
  refusal(): Failure | undefined;
}

/** The calls and streams of a transport. */
export class ExchangeDoor implements NodeExchange {
  /** Who answers. */
  readonly handlers = new ExchangeHandlers();
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #owner: ExchangeDoorOwner;

  /**
   * @param clock - Where deadlines come from.
   * @param timeoutMs - How long a call may take where nothing is said.
   * @param owner - The transport.
   */
  constructor(clock: Clock, timeoutMs: number, owner: ExchangeDoorOwner) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#owner = owner;
  }

  async call(
    peer: NodeId,
    method: string,
    payload: Uint8Array,
    options: CallOptions = {},
  ): Promise<Uint8Array> {
    checkMethodName(method);
    const deadlineMs = this.#deadlineOf(options);
    return this.#exchangeWith(peer, method).outgoing.call(method, payload, deadlineMs, options.signal);
  }

  handle(method: string, handler: CallHandler): () => void {
    return this.handlers.add(this.handlers.calls, method, handler);
  }

  async openStream(peer: NodeId, name: string, options: StreamOptions = {}): Promise<NodeStream> {
    checkMethodName(name);
    const deadlineMs = this.#deadlineOf(options);
    return this.#exchangeWith(peer, name).streams.open(name, options, deadlineMs);
  }

  handleStream(name: string, handler: StreamHandler): () => void {
    return this.handlers.add(this.handlers.streams, name, handler);
  }

  #deadlineOf(options: Pick<CallOptions, 'timeoutMs' | 'deadline'>): number {
    const { timeoutMs, deadline } = options;
    if (timeoutMs !== undefined) parseInteger(timeoutMs, 'timeoutMs', 1, 2 ** 31 - 1);
    if (deadline !== undefined && Number.isNaN(deadline))
      throw new InvalidArgumentError('deadline is NaN: it must be a time of the clock, in milliseconds');
    return deadlineOf(options, this.#clock.now(), this.#timeoutMs);
  }

  #exchangeWith(peer: NodeId, method: string) {
    const refusal = this.#owner.refusal();
    if (refusal !== undefined) throw new ExchangeError(peer, method, refusal);
    const exchange = this.#owner.connectionTo(peer)?.exchange;
    if (exchange === undefined) throw new ExchangeError(peer, method, notConnected(peer));
    if (exchange.peerDrains) {
      const failure = definite('DRAINING', `${peer} is about to close and begins nothing new: ask another`);
      throw new ExchangeError(peer, method, failure);
    }
    return exchange;
  }
}
