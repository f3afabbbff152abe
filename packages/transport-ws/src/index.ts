/**
 * Carries messages, calls and streams between the nodes of a cluster over WebSocket. One connection a pair of nodes,
 * opened by the one with the smaller id; both sides say who they are and admit each other before any payload; what is
 * sent in one turn of the event loop leaves as one checksummed frame; queues are bounded; silent peers are found and
 * dialed again.
 *
 * @example Two nodes in one process.
 * ```ts
 * import { Random } from '@synod/core';
 * import { createWebSocketTransport } from '@synod/transport-ws';
 *
 * const transport = createWebSocketTransport({
 *   clusterId: 'orders',
 *   id: 'n1',
 *   listen: { port: 7001 },
 *   peers: [{ id: 'n2', address: 'ws://127.0.0.1:7002' }],
 *   random: new Random('n1'),
 * });
 * await transport.start(handler, incarnation); // handler: a TransportHandler of @synod/core
 * transport.send('n2', 0, Uint8Array.of(1, 2, 3)); // false when it was dropped
 * transport.handle('echo', ({ payload }) => payload);
 * await transport.call('n2', 'echo', Uint8Array.of(4)); // Uint8Array [4]
 * await transport.close({ drainMs: 1000 });
 * ```
 *
 * @packageDocumentation
 */
export type { DropReason, TransportEvent } from './events.js';
export { ExchangeError, type ExchangeErrorCode } from './exchange-error.js';
export type { Failure } from './exchange-items.js';
export type { ExchangeLimits } from './exchange-limits.js';
export type { HandshakeRateLimits } from './handshake-rate.js';
export type { CallHandler, IncomingCall } from './incoming-calls.js';
export { TransportListenError } from './listen-error.js';
export type { NodeExchange } from './node-exchange.js';
export type { NodeStream } from './node-stream.js';
export { createWebSocketTransport } from './node-transport.js';
export {
  defaultTransportLimits,
  type ListenOptions,
  type ReconnectOptions,
  type TransportLimits,
  type WebSocketTransportOptions,
} from './options.js';
export type { CallOptions } from './outgoing-calls.js';
export type { RefusalReason } from './refusals.js';
export type { StreamHandler, StreamOptions } from './stream-table.js';
export type { CloseOptions, ListenAddress, WebSocketTransport } from './transport-contract.js';
export type { PeerStats, TransportStats } from './transport-stats.js';
export type { Pem, TransportTls } from './transport-tls.js';
export { type TurnAwayReason, turnAwayReasons } from './turn-away-reason.js';
