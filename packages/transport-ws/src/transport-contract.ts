/** What a user holds: the transport's contract, with calls and streams, room and a graceful end. */
import type { Lane, NodeId, PeerAddress, Transport } from '@synod/core';
import type { NodeExchange } from './node-exchange.js';
import type { TransportStats } from './transport-stats.js';
import type { TransportTls } from './transport-tls.js';

/** Where a transport listens. */
export interface ListenAddress {
  /** Address of this machine, as the operating system reports it. */
  readonly host: string;
  /** TCP port. */
  readonly port: number;
  /** Both as a peer dials them: `ws://host:port`, or `wss://host:port` with TLS. Of no use to others when the host is `0.0.0.0` or `::`. */
  readonly url: string;
}

/** How a transport is closed. */
export interface CloseOptions {
  /**
   * Milliseconds that calls and streams under way may take to end before the connections are closed. Peers are told,
   * and nothing new is begun on either side meanwhile. 0 to 2^31 - 1. Default 0.
   */
  readonly drainMs?: number;
}

/** A {@link Transport} over WebSocket, with calls and streams. Made by {@link createWebSocketTransport}. */
export interface WebSocketTransport extends Transport, NodeExchange {
  /** Where it listens; `undefined` before it is started and after it is closed. */
  readonly address: ListenAddress | undefined;
  /**
   * Replaces the peers. Connections to those that are no longer listed are closed; those whose address changed are
   * dialed anew where this node dials; all others stay as they are.
   *
   * @param peers - All peers from now on; this node itself is passed over.
   * @throws InvalidArgumentError when a node is listed twice or an address is not of the form `ws://host:port`,
   * or `wss://host:port` with TLS; nothing is changed then.
   */
  updatePeers(peers: readonly PeerAddress[]): void;
  /**
   * Waits for room: after `send` returned `false`, or before sending much.
   *
   * @param peer - The peer.
   * @param lane - Which lane. Default `protocol`.
   * @returns `true` once the lane is at most half full, `false` when no connection is up, or none is any more.
   *
   * @example
   * ```ts
   * while (!transport.send('n2', 0, payload)) if (!(await transport.ready('n2'))) break;
   * ```
   */
  ready(peer: NodeId, lane?: Lane): Promise<boolean>;
  /**
   * Takes other keys, certificates and authorities from now on, for connections to come; those that are up stay.
   *
   * @param tls - What to show and whom to trust. `mutual` stays as it was.
   * @throws InvalidArgumentError when the transport was made without `tls`, or this cannot be used; nothing is changed
   * then.
   */
  renewTls(tls: TransportTls): void;
  /** Counters and the present state of each peer. */
  stats(): TransportStats;
  /**
   * Stops listening, closes all connections, and resolves when nothing more will be called. A second call gives the
   * promise of the first.
   *
   * @param options - Whether what is under way may end first.
   * @throws InvalidArgumentError (as a rejection) when `drainMs` is out of its range; nothing is closed then.
   */
  close(options?: CloseOptions): Promise<void>;
}
