// Five members of a SWIM group over UDP sockets of this machine, in real time. One leaves, one crashes; the others tell the
// difference.
import { createSocket } from 'node:dgram';
import { Random } from '@synod/core';
import { decodeSwimMessage, encodeSwimMessage, SwimMember } from '@synod/failure-detector';

const seed = 'change me';

async function startMember(id, seeds) {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${socket.address().port}`;
  const now = () => performance.now();
  const member = new SwimMember({ id, address, random: new Random(`${seed}/${id}`), periodMs: 200 }, now());
  let timer;
  let isOver = false;

  function step(input) {
    if (isOver) return;
    const { send, events } = member.step(input);
    for (const { address: to, message } of send) {
      const [host, port] = to.split(':');
      socket.send(encodeSwimMessage(message), Number(port), host);
    }
    for (const event of events)
      if (event.member !== undefined) console.log(`${id} hears: ${event.type} ${event.member}`);
    clearTimeout(timer);
    timer = setTimeout(() => step({ type: 'tick', now: now() }), Math.min(member.wakeAtMs() - now(), 1000));
  }

  socket.on('message', (bytes, { address: host, port }) => {
    let message;
    try {
      message = decodeSwimMessage(bytes);
    } catch (error) {
      console.log(`${id} drops ${bytes.length} bytes: ${error.message}`);
      return;
    }
    step({ type: 'receive', now: now(), message, address: `${host}:${port}` });
  });
  step({ type: 'join', now: now(), addresses: seeds });

  return {
    id,
    address,
    member,
    crash() {
      isOver = true;
      clearTimeout(timer);
      socket.close();
    },
    async leave() {
      step({ type: 'leave', now: now() });
      isOver = true;
      clearTimeout(timer);
      // Datagrams that were handed over leave before the socket closes.
      await pause(50);
      socket.close();
    },
  };
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(condition) {
  for (const deadline = performance.now() + 20_000; !condition(); await pause(20)) {
    if (performance.now() > deadline) throw new Error('this takes too long');
  }
}

const [n1, ...others] = [await startMember('n1', [])];
for (const id of ['n2', 'n3', 'n4', 'n5']) {
  others.push(await startMember(id, [n1.address]));
  await until(() => n1.member.status().members.length === others.length);
}
const [n2, n3, n4, n5] = others;
const stateAtFirst = (id) => n1.member.status().members.find((member) => member.id === id)?.state;

await n4.leave();
await until(() => stateAtFirst('n4') === 'left');
n5.crash();
await until(() => stateAtFirst('n5') === 'dead');

const staying = n1.member.status().members.filter(({ state }) => state !== 'dead' && state !== 'left');
console.log('here in the end:', [n1, ...staying].map(({ id }) => id).join(' '));
for (const node of [n1, n2, n3]) node.crash();
