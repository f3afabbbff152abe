/** socket.io over its WebSocket transport: a binary event for each message. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import type { OnMessage, Wire, WireKind } from './wire.js';

/** Messages that may be without an answer of the other side before the sender waits: socket.io shows no back-pressure. */
const unansweredMax = 4096;

/** socket.io, on WebSocket alone. */
export const socketIoWire: WireKind = {
  async listen(onMessage) {
    const http = createServer();
    const server = new Server(http, { transports: ['websocket'], maxHttpBufferSize: 1e8 });
    server.on('connection', (socket) => attach(socket, onMessage));
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return (http.address() as AddressInfo).port;
  },
  async dial(port, onMessage) {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] });
    await new Promise<void>((resolve) => socket.on('connect', () => resolve()));
    return attach(socket, onMessage);
  },
};

/** What both ends of socket.io have in common. */
interface EventSocket {
  emit(event: string, message: Uint8Array | number): unknown;
  on(event: string, listener: (message: Uint8Array | number) => void): unknown;
}

/** Every 1024 messages the receiver says so, which costs next to nothing and is what back-pressure there is. */
function attach(socket: EventSocket, onMessage: OnMessage): Wire {
  let sent = 0;
  let answered = 0;
  let received = 0;
  let wake: (() => void) | undefined;
  const wire: Wire = {
    send(message) {
      socket.emit('m', message);
      sent++;
      return sent - answered < unansweredMax;
    },
    room() {
      if (sent - answered < unansweredMax) return Promise.resolve();
      return new Promise((resolve) => {
        wake = resolve;
      });
    },
  };
  socket.on('a', (count) => {
    answered = Number(count);
    if (sent - answered < unansweredMax) wake?.();
  });
  socket.on('m', (message) => {
    received++;
    if (received % 1024 === 0) socket.emit('a', received);
    if (message instanceof Uint8Array) onMessage(message, wire);
  });
  return wire;
}
