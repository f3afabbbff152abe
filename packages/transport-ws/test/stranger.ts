/** A bare WebSocket client or server in the place of a peer, to say what no transport of ours would say. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import {
  type HandshakeFrame,
  type Hello,
  openHandshakeFrame,
  sealHello,
  sealWelcome,
} from '../src/handshake-frames.js';
import { incarnationOf } from './witness.js';

/** One end of a connection, with what came over it. */
export class Stranger {
  readonly socket: WebSocket;
  readonly messages: Uint8Array[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  #wake: () => void = () => {};

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('message', (data: RawData) => {
      if (data instanceof Uint8Array) this.messages.push(data);
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
  }

  static async connect(url: string): Promise<Stranger> {
    const stranger = new Stranger(new WebSocket(url, { perMessageDeflate: false }));
    await once(stranger.socket, 'open');
    return stranger;
  }

  /** The n-th message, read as part of a handshake. */
  async frame(position: number): Promise<HandshakeFrame> {
    for (;;) {
      const message = this.messages[position];
      if (message !== undefined) return openHandshakeFrame(message);
      if (this.socket.readyState === WebSocket.CLOSED)
        throw new Error(`closed before message ${position} came`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Goes through the whole handshake as peer `a` of node `b`. */
  async becomePeer(hello: Partial<Hello> = {}): Promise<void> {
    this.socket.send(sealHello(helloOfA(hello)));
    await this.frame(1);
    this.socket.send(sealWelcome());
  }
}

/** What node `a` says to node `b`. */
export function helloOfA(other: Partial<Hello> = {}): Hello {
  return {
    versions: { least: 1, greatest: 1 },
    clusterId: 'test',
    id: 'a',
    wantedId: 'b',
    incarnation: incarnationOf('a'),
    nonce: new Uint8Array(0),
    ...other,
  };
}

/** A server in the place of a listening peer. */
export async function listenAsStranger(
  onConnection: (stranger: Stranger) => void,
): Promise<{ url: string; close(): void }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => onConnection(new Stranger(socket)));
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${address.port}`,
    close() {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}
