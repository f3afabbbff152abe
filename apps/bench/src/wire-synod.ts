/** Our transport: batched, checked, bounded. */
import { Random } from '@synod/core';
import { createWebSocketTransport, type WebSocketTransport } from '@synod/transport-ws';
import type { OnMessage, Wire, WireKind } from './wire.js';

/**
 * Our transport, with all that it does by default.
 *
 * @param maskFrames - Whether the dialer masks what it sends.
 */
export function synodWire(maskFrames: boolean): WireKind {
  return {
    async listen(onMessage) {
      const transport = await startNode('b', 'a', 'ws://127.0.0.1:1', onMessage, () => {});
      return transport.address?.port ?? 0;
    },
    async dial(port, onMessage) {
      let onUp = (): void => {};
      const up = new Promise<void>((resolve) => {
        onUp = resolve;
      });
      const transport = await startNode('a', 'b', `ws://127.0.0.1:${port}`, onMessage, onUp, maskFrames);
      await up;
      return wireTo(transport, 'b');
    },
  };
}

/**
 * Starts a node of two.
 *
 * @param id - It.
 * @param peer - The other.
 * @param address - Where that one listens.
 * @param onMessage - Called with what comes from it.
 * @param onUp - Called when it is connected.
 * @param maskFrames - Whether it masks what it sends where it dials.
 */
export async function startNode(
  id: string,
  peer: string,
  address: string,
  onMessage: OnMessage,
  onUp: () => void,
  maskFrames = true,
): Promise<WebSocketTransport> {
  const transport = createWebSocketTransport({
    clusterId: 'bench',
    id,
    listen: { port: 0 },
    peers: [{ id: peer, address }],
    random: new Random(id),
    maskFrames,
  });
  const wire = wireTo(transport, peer);
  const handler = {
    admit: () => Promise.resolve(undefined),
    onPeerUp: onUp,
    onPeerDown() {},
    onRefused() {},
    onPayload: (_from: string, _group: number, payload: Uint8Array) => onMessage(payload, wire),
  };
  await transport.start(handler, id.repeat(32));
  return transport;
}

/** The wire to a peer. A message that is refused is sent again when there is room, so that all count what arrives. */
function wireTo(transport: WebSocketTransport, peer: string): Wire {
  let refused: Uint8Array | undefined;
  return {
    send(message) {
      if (transport.send(peer, 0, message)) return true;
      refused = message;
      return false;
    },
    async room() {
      await transport.ready(peer);
      if (refused === undefined) return;
      transport.send(peer, 0, refused);
      refused = undefined;
    },
  };
}
