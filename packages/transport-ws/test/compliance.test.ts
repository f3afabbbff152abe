/** This transport as one among others: the cases of the contract that every transport must pass. */
import { type PeerAddress, Random } from '@synod/core';
import { transportCases } from '@synod/core/compliance';
import { describe, it } from 'vitest';
import { createWebSocketTransport, type WebSocketTransport } from '../src/index.js';

const cases = transportCases({
  openCluster() {
    const nodes = new Map<string, WebSocketTransport>();
    const peers = (): PeerAddress[] =>
      [...nodes].map(([id, { address }]) => ({ id, address: address?.url ?? 'ws://127.0.0.1:1' }));
    return {
      async startNode(id, handler, incarnation) {
        const transport = createWebSocketTransport({
          clusterId: 'compliance',
          id,
          listen: { port: 0 },
          peers: peers(),
          random: new Random(id),
          reconnect: { baseMs: 5, capMs: 50 },
        });
        nodes.set(id, transport);
        await transport.start(handler, incarnation);
        for (const each of nodes.values()) each.updatePeers(peers());
        return transport;
      },
    };
  },
  pause: () => new Promise((resolve) => setTimeout(resolve, 1)),
});

describe('the contract of transports: WebSocket', () => {
  for (const { name, run } of cases) it(name, run);
});
