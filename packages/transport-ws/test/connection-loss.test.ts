import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Clock } from '@synod/core';
import { afterEach, describe, expect, it } from 'vitest';
import { sealHello, sealWelcome } from '../src/handshake-frames.js';
import { platformClock } from '../src/platform-clock.js';
import { NetworkProxy } from './network-proxy.js';
import { helloOfA, listenAsStranger } from './stranger.js';
import {
  bytesOf,
  closeStations,
  portOf,
  type Station,
  startPair,
  startStation,
  untilDown,
  untilUp,
  urlOf,
} from './witness.js';

const cleanups: (() => void)[] = [];

afterEach(async () => {
  await closeStations();
  for (const clean of cleanups.splice(0)) clean();
});

async function startPairOverProxy(
  heartbeatMs: number,
): Promise<{ a: Station; b: Station; proxy: NetworkProxy }> {
  const b = await startStation('b', { peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }], heartbeatMs });
  const proxy = await NetworkProxy.before(portOf(b));
  cleanups.push(() => proxy.close());
  const a = await startStation('a', { peers: [{ id: 'b', address: proxy.url }], heartbeatMs });
  await Promise.all([untilUp(a, 'b'), untilUp(b, 'a')]);
  return { a, b, proxy };
}

describe('a listener that dies and comes back on its port', () => {
  it('is found again, and each side saw one down for each up', async () => {
    const { a, b } = await startPair();
    const port = portOf(b);
    for (let life = 1; life <= 3; life++) {
      const before = life === 1 ? b : undefined;
      await before?.transport.close();
      await untilDown(a, 'b');
      const reborn = await startStation('b', { listen: { port }, peers: [{ id: 'a', address: urlOf(a) }] });
      await untilUp(a, 'b');
      a.transport.send('b', life, bytesOf('hello again'));
      await reborn.witness.until(() => reborn.witness.payloads.length === 1);
      expect(a.witness.all('peerUp')).toHaveLength(life + 1);
      expect(a.witness.all('peerDown')).toHaveLength(life);
      await reborn.transport.close();
      expect(reborn.witness.all('peerDown')).toHaveLength(1);
    }
    expect(b.witness.all('peerUp')).toHaveLength(1);
    expect(b.witness.all('peerDown')).toHaveLength(1);
  });

  it('is dialed with growing, jittered pauses up to the cap, while it is away', async () => {
    const a = await startStation('a', {
      peers: [{ id: 'b', address: 'ws://127.0.0.1:1' }],
      reconnect: { baseMs: 2, capMs: 16 },
    });
    await a.witness.until(() => a.witness.events('retrying').length >= 10);
    const delays = a.witness.events('retrying').map(({ delayMs }) => delayMs);
    for (const [failure, delayMs] of delays.entries())
      expect(delayMs).toBeLessThanOrEqual(Math.min(16, 2 * 2 ** failure));
    expect(new Set(delays).size).toBe(delays.length);
    expect(a.witness.events('retrying')[0]?.reason).toContain('ECONNREFUSED');
  });
});

describe('a peer that cannot be kept', () => {
  it('is dialed less and less often while it flaps, and at once after a connection that lasted', async () => {
    let skipMs = 0;
    const clock: Clock = { ...platformClock, now: () => platformClock.now() + skipMs };
    let lasting = false;
    const flapping = await listenAsStranger((stranger) => {
      stranger.socket.send(sealHello(helloOfA({ id: 'b', wantedId: 'a' })));
      stranger.socket.send(sealWelcome());
      stranger.frame(1).then(
        () => {
          if (!lasting) stranger.socket.close();
        },
        () => {},
      );
    });
    cleanups.push(() => flapping.close());
    const a = await startStation('a', {
      peers: [{ id: 'b', address: flapping.url }],
      reconnect: { baseMs: 2, capMs: 128 },
      clock,
    });
    await a.witness.until(() => a.witness.events('retrying').length >= 8);
    const delays = a.witness.events('retrying').map(({ delayMs }) => delayMs);
    expect(Math.max(...delays)).toBeGreaterThan(16);
    lasting = true;
    await untilUp(a, 'b');
    const before = a.witness.events('retrying').length;
    skipMs = 1000;
    flapping.close();
    await untilDown(a, 'b');
    await a.witness.until(() => a.witness.events('retrying').length > before);
    expect(a.witness.events('retrying')[before]?.delayMs).toBeLessThanOrEqual(2);
  });

  it('is given up for the moment when it accepts the connection and says nothing', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}).resume());
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanups.push(() => silent.close());
    const { port } = silent.address() as AddressInfo;
    const a = await startStation('a', {
      peers: [{ id: 'b', address: `ws://127.0.0.1:${port}` }],
      limits: { handshakeTimeoutMs: 40 },
    });
    await a.witness.until(() => a.witness.events('retrying').length >= 2);
    expect(a.witness.events('retrying')[0]?.reason).toBe('the handshake took more than 40 ms');
    await a.transport.close();
  });
});

describe('a connection that breaks', () => {
  it('by a reset is replaced at once', async () => {
    const { a, b, proxy } = await startPairOverProxy(1000);
    proxy.cut();
    await untilDown(a, 'b');
    await b.witness.until(() => b.witness.all('peerUp').length === 2);
    await untilUp(a, 'b');
    expect(a.witness.all('peerDown')).toHaveLength(1);
    expect(b.witness.all('peerDown')).toHaveLength(1);
  });

  it('by silence in both directions is found dead by both sides after three periods', async () => {
    const { a, b, proxy } = await startPairOverProxy(30);
    proxy.swallow();
    await Promise.all([
      a.witness.until(() => a.witness.all('peerDown').length > 0),
      b.witness.until(() => b.witness.all('peerDown').length > 0),
    ]);
    for (const { witness } of [a, b]) {
      expect(['nothing came from the peer for 90 ms', 'the connection broke']).toContain(
        witness.all('peerDown')[0]?.reason,
      );
    }
    await Promise.all([untilUp(a, 'b'), untilUp(b, 'a')]);
    a.transport.send('b', 0, bytesOf('new life'));
    await b.witness.until(() => b.witness.payloads.length === 1);
  });

  it('by silence in one direction is found dead by the side that hears nothing', async () => {
    for (const direction of [{ fromClient: false }, { fromServer: false }]) {
      const { a, b, proxy } = await startPairOverProxy(30);
      const deaf = direction.fromClient === false ? a : b;
      proxy.swallow(direction);
      await deaf.witness.until(() => deaf.witness.all('peerDown').length > 0);
      expect(deaf.witness.all('peerDown')[0]?.reason).toBe('nothing came from the peer for 90 ms');
      await Promise.all([a.witness.until(() => a.witness.all('peerUp').length === 2), untilUp(b, 'a')]);
      await closeStations();
    }
  });

  it('but not one that is merely idle: beats keep it up', async () => {
    const { a, b } = await startPair({ heartbeatMs: 10 });
    await new Promise((resolve) => setTimeout(resolve, 20 * 10));
    expect(a.witness.all('peerDown')).toEqual([]);
    expect(b.witness.all('peerDown')).toEqual([]);
  });
});

describe('a damaged frame', () => {
  it('is not delivered and costs its connection; the next connection is sound', async () => {
    const { a, b, proxy } = await startPairOverProxy(1000);
    proxy.flipBit(100);
    a.transport.send('b', 0, bytesOf('x'.repeat(500)));
    await b.witness.until(() => b.witness.all('peerDown').length > 0);
    expect(b.witness.events('damaged')).toMatchObject([{ peer: 'a' }]);
    expect(b.transport.stats().framesDamaged).toBe(1);
    expect(b.witness.payloads).toEqual([]);
    await b.witness.until(() => b.witness.all('peerUp').length === 2);
    await a.witness.until(() => a.witness.all('peerUp').length === 2);
    a.transport.send('b', 0, bytesOf('sound'));
    await b.witness.until(() => b.witness.payloads.length === 1);
    expect(b.witness.payloads[0]?.text).toBe('sound');
  });
});

describe('updatePeers', () => {
  it('closes the connection to a node that is removed, and never calls it again', async () => {
    const { a, b } = await startPair();
    a.transport.updatePeers([]);
    expect(a.witness.all('peerDown')).toMatchObject([
      { peer: 'b', reason: 'b is no longer among the peers of a' },
    ]);
    expect(a.transport.connected()).toEqual([]);
    await untilDown(b, 'a');
    expect(a.witness.events('retrying')).toEqual([]);
  });

  it('follows a node to its new address, and leaves the others alone', async () => {
    const { a, b } = await startPair();
    const c = await startStation('c', { peers: [{ id: 'a', address: urlOf(a) }] });
    a.transport.updatePeers([
      { id: 'b', address: urlOf(b) },
      { id: 'c', address: urlOf(c) },
    ]);
    await untilUp(a, 'c');
    const moved = await startStation('b', { peers: [{ id: 'a', address: urlOf(a) }] });
    a.transport.updatePeers([
      { id: 'b', address: urlOf(moved) },
      { id: 'c', address: urlOf(c) },
    ]);
    await untilUp(moved, 'a');
    await untilUp(a, 'b');
    expect(a.witness.all('peerDown').map(({ peer }) => peer)).toEqual(['b']);
    expect(c.witness.all('peerDown')).toEqual([]);
    a.transport.send('b', 0, bytesOf('moved'));
    await moved.witness.until(() => moved.witness.payloads.length === 1);
  });

  it('refuses a list that is wrong and keeps the old one', async () => {
    const { a, b } = await startPair();
    const twice = { id: 'b', address: urlOf(b) };
    expect(() => a.transport.updatePeers([twice, twice])).toThrow('listed twice');
    expect(() => a.transport.updatePeers([{ id: 'b', address: 'http://127.0.0.1:1' }])).toThrow(
      'ws://host:port',
    );
    expect(a.transport.connected()).toEqual(['b']);
  });
});
