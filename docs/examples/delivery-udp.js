import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { DeliveryReceiver, DeliverySender } from '@synod/integrity';
import { runEnd } from './delivery-runner.js';

const [left, right] = [createSocket('udp4'), createSocket('udp4')];
for (const socket of [left, right]) {
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
}

let datagrams = 0;
/** UDP hardly loses anything on one machine, so every fifth datagram is thrown away here. */
const lossy = (from, to) => (bytes) => {
  if (++datagrams % 5 !== 0) from.send(bytes, to.address().port, '127.0.0.1');
};

const limits = { blockBytesMax: 1100, windowBlocks: 64 };
const wanted = Array.from({ length: 500 }, (_, number) => `block ${number}`);
const delivered = [];

const receiver = runEnd(new DeliveryReceiver({ epoch: Date.now(), ...limits }), {
  send: lossy(right, left),
  onEffects: ({ deliver }) => {
    for (const block of deliver) delivered.push(new TextDecoder().decode(block));
  },
});
const end = new DeliverySender({
  epoch: Date.now(),
  seed: Math.random().toString(),
  timeoutMinMs: 50,
  ...limits,
});
const finished = new Promise((resolve) => {
  const sender = runEnd(end, {
    send: lossy(left, right),
    onEffects: ({ events }) => {
      for (const { type } of events) if (type === 'finished') resolve(sender);
    },
  });
  left.on('message', (bytes) => {
    sender.step({ type: 'receive', bytes });
    offer();
  });
  right.on('message', (bytes) => receiver.step({ type: 'receive', bytes }));

  let isFinished = false;
  /** As much as there is room for, and the rest when there is room again. */
  function offer() {
    const next = wanted.slice(end.nextSequence, end.nextSequence + end.roomBlocks);
    if (next.length > 0)
      sender.step({ type: 'offer', blocks: next.map((text) => new TextEncoder().encode(text)) });
    if (end.nextSequence < wanted.length || isFinished) return;
    isFinished = true;
    sender.step({ type: 'finish' });
  }

  sender.step({ type: 'connect' });
  offer();
});

const sender = await finished;
console.log(`${delivered.length} blocks, each once and in order: ${delivered.join() === wanted.join()}`);
console.log(`some were sent again: ${end.status().retransmitted > 0}`);
for (const each of [sender, receiver]) each.stop();
for (const socket of [left, right]) socket.close();
