import { once } from 'node:events';
import { DeliveryReceiver, DeliverySender } from '@synod/integrity';
import { WebSocket, WebSocketServer } from 'ws';
import { runEnd } from './delivery-runner.js';

const messages = 300;
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
await once(server, 'listening');

// The server's end outlives its connections: what it received it never takes again.
const delivered = [];
let toClient;
const receiver = runEnd(new DeliveryReceiver({ epoch: Date.now() }), {
  send: (bytes) => toClient?.send(bytes),
  onEffects: ({ deliver }) => {
    for (const block of deliver) delivered.push(block[0] + 256 * block[1]);
    // Three times the connection breaks in the middle of it all.
    if (breaks.length > 0 && delivered.length >= breaks[0]) {
      breaks.shift();
      toClient.terminate();
    }
  },
});
const breaks = [50, 120, 200];
server.on('connection', (socket) => {
  toClient = socket;
  socket.on('message', (bytes) => receiver.step({ type: 'receive', bytes: new Uint8Array(bytes) }));
});

// So does the client's end: it holds what is not acknowledged, and dials again.
let connections = 0;
let socket;
const end = new DeliverySender({ epoch: Date.now(), seed: Math.random().toString(), inFlightBlocks: 16 });
const sender = runEnd(end, {
  send: (bytes) => socket.send(bytes),
  onEffects: ({ events }) => {
    if (events.some(({ type }) => type === 'finished')) close();
  },
});

function dial() {
  connections++;
  socket = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
  socket.on('open', () => sender.step({ type: 'connect' }));
  socket.on('message', (bytes) => sender.step({ type: 'receive', bytes: new Uint8Array(bytes) }));
  socket.on('error', () => {});
  socket.on('close', () => {
    if (server.address() === null) return;
    sender.step({ type: 'disconnect' });
    setTimeout(dial, 10);
  });
}

function close() {
  const isOrdered = delivered.every((number, place) => number === place);
  console.log(
    `${delivered.length} messages over ${connections} connections, each once and in order: ${isOrdered}`,
  );
  for (const each of [sender, receiver]) each.stop();
  server.close();
  socket.close();
}

const blocks = Array.from({ length: messages }, (_, number) => Uint8Array.of(number & 255, number >> 8));
sender.step({ type: 'offer', blocks });
sender.step({ type: 'finish' });
dial();
