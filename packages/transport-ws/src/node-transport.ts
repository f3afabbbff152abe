/** A transport on Node: `ws` at both ends. */
import { WebSocket } from 'ws';
import { Listener } from './listener.js';
import { parseOptions, socketOptions, type WebSocketTransportOptions } from './options.js';
import { parseTokens, TokenProof } from './token-proof.js';
import type { WebSocketTransport } from './transport-contract.js';
import { TlsIdentity } from './transport-tls.js';
import { SocketTransport } from './websocket-transport.js';

/**
 * Makes a transport over WebSocket. Nothing is opened before `start`.
 *
 * @param options - Who this node is, where it listens and whom it talks to.
 * @throws InvalidArgumentError naming the first option that is out of its range.
 *
 * @example
 * ```ts
 * const transport = createWebSocketTransport({
 *   clusterId: 'orders',
 *   id: 'n1',
 *   listen: { port: 7001 },
 *   peers: [{ id: 'n2', address: 'ws://127.0.0.1:7002' }],
 *   random: new Random('n1'),
 * });
 * await transport.start(handler, incarnation);
 * transport.send('n2', 0, payload);
 * ```
 */
export function createWebSocketTransport(options: WebSocketTransportOptions): WebSocketTransport {
  const settings = parseOptions(options);
  const tls = options.tls === undefined ? undefined : new TlsIdentity(options.tls, settings.id);
  const keys = options.token === undefined ? undefined : parseTokens(options.token);
  const dialOptions = {
    ...socketOptions(settings.limits),
    ...(settings.maskFrames ? {} : { generateMask: (mask: Uint8Array) => void mask.fill(0) }),
  };
  return new SocketTransport(settings, options.peers, {
    afterTurn: setImmediate,
    scheme: tls === undefined ? 'ws' : 'wss',
    dial: (address, peer, onWrong) =>
      new WebSocket(address, {
        ...dialOptions,
        ...(tls === undefined ? {} : { createConnection: () => tls.connect(address, peer, onWrong) }),
      }),
    createListener: (gate, owner) => new Listener(settings, gate, owner, tls),
    ...(keys === undefined ? {} : { authenticate: () => new TokenProof(keys) }),
    ...(tls === undefined ? {} : { renewTls: (renewed) => tls.renew(renewed) }),
  });
}
