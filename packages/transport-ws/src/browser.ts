/**
 * The transport of a page: dials nodes with the platform's WebSocket and takes part as a peer that cannot be dialed,
 * with messages, calls and streams. Needs neither Node nor a bundler.
 *
 * The node lists the page's id among its `clients` and the page's origin among `listen.origins`.
 *
 * @example A page that asks a node.
 * ```ts
 * import { createBrowserTransport } from '@synod/transport-ws/browser';
 *
 * const transport = createBrowserTransport({
 *   clusterId: 'orders',
 *   id: 'a-page',
 *   peers: [{ id: 'n1', address: 'ws://127.0.0.1:7001' }],
 * });
 * await transport.start(handler, crypto.randomUUID().replaceAll('-', ''));
 * const answer = await transport.call('n1', 'status', new Uint8Array());
 * ```
 *
 * @packageDocumentation
 */
import { InvalidArgumentError, Random } from '@synod/core';
import { parseOptions, type WebSocketTransportOptions } from './options.js';
import { PageSocket } from './page-socket.js';
import type { WebSocketTransport } from './transport-contract.js';
import { SocketTransport } from './websocket-transport.js';

export type { DropReason, TransportEvent } from './events.js';
export { ExchangeError, type ExchangeErrorCode } from './exchange-error.js';
export type { Failure } from './exchange-items.js';
export type { ExchangeLimits } from './exchange-limits.js';
export type { HandshakeRateLimits } from './handshake-rate.js';
export type { CallHandler, IncomingCall } from './incoming-calls.js';
export type { NodeExchange } from './node-exchange.js';
export type { NodeStream } from './node-stream.js';
export { defaultTransportLimits, type ReconnectOptions, type TransportLimits } from './options.js';
export type { CallOptions } from './outgoing-calls.js';
export type { RefusalReason } from './refusals.js';
export type { StreamHandler, StreamOptions } from './stream-table.js';
export type { CloseOptions, ListenAddress, WebSocketTransport } from './transport-contract.js';
export type { PeerStats, TransportStats } from './transport-stats.js';
export type { Pem, TransportTls } from './transport-tls.js';
export type { TurnAwayReason } from './turn-away-reason.js';

/** What {@link createBrowserTransport} is given: that of a node, without what only those that listen have. */
export interface BrowserTransportOptions
  extends Omit<WebSocketTransportOptions, 'listen' | 'clients' | 'random' | 'token' | 'tls'> {
  /** Where the jitter of reconnection comes from. Default: a seed of the platform. */
  readonly random?: Random;
}

/**
 * Makes the transport of a page. Nothing is opened before `start`; its `address` stays `undefined`.
 *
 * @param options - Who this page is and whom it talks to. Its id must come before those of its peers in the order of
 * strings: of two nodes the one with the smaller id dials, and a page cannot be dialed.
 * @throws InvalidArgumentError naming the first option that is out of its range.
 */
export function createBrowserTransport(options: BrowserTransportOptions): WebSocketTransport {
  const random = options.random ?? new Random(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0);
  const settings = parseOptions({ ...options, random, listen: { port: 0 } });
  for (const { id } of options.peers) {
    if (id <= options.id)
      throw new InvalidArgumentError(
        `this page is ${options.id}, which does not come before its peer ${id}: of two nodes the one with the smaller id dials`,
      );
  }
  return new SocketTransport(settings, options.peers, {
    afterTurn: turnEnds(),
    // The browser judges the certificate of a node by its host name.
    scheme: undefined,
    dial: (address) => new PageSocket(address),
    createListener: undefined,
  });
}

/** What is used of the platform's message channel (WHATWG, HTML standard). */
declare const MessageChannel: new () => {
  readonly port1: { onmessage: (() => void) | null };
  readonly port2: { postMessage(message: number): void };
};

/** A message channel calls back in the next turn; timers of a page wait for four milliseconds once they nest. */
function turnEnds(): (callback: () => void) => void {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => {
    for (const callback of waiting.splice(0)) callback();
  };
  return (callback) => {
    waiting.push(callback);
    port2.postMessage(0);
  };
}
