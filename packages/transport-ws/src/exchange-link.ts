/** What calls and streams need of the connection that they travel on. */
import type { NodeId } from '@synod/core';
import type { ExchangeItem } from './exchange-items.js';
import type { PushResult } from './lane-queue.js';

/** A connection, as seen by the calls and streams on it. */
export interface ExchangeLink {
  /** The peer. */
  readonly peer: NodeId;
  /**
   * Queues an item on the lane of calls.
   *
   * @param item - It. Its payload is copied.
   * @param bound - `bounded` may be refused as `lane-full`. `forced` is for small items that answer the peer: a peer
   * that makes us answer and does not read costs its connection in the end.
   */
  push(item: ExchangeItem, bound: 'bounded' | 'forced'): PushResult;
  /** Resolves with `true` once the lane of calls has room, with `false` when the connection ends. */
  room(): Promise<boolean>;
  /** A stream has something to send. */
  wakeStreams(): void;
}
