import { createServer } from 'node:net';
import { type Clock, Random } from '@synod/core';
import { afterEach, describe, expect, it } from 'vitest';
import { sealHello } from '../src/handshake-frames.js';
import { createWebSocketTransport, TransportListenError } from '../src/index.js';
import { platformClock } from '../src/platform-clock.js';
import { NetworkProxy } from './network-proxy.js';
import { helloOfA, Stranger } from './stranger.js';
import {
  bytesOf,
  closeStations,
  incarnationOf,
  nextTurn,
  portOf,
  startPair,
  startStation,
  untilUp,
  urlOf,
  Witness,
} from './witness.js';

afterEach(closeStations);

/** The platform's clock, counting the timers that are set and neither ran nor were cancelled. */
class CountingClock implements Clock {
  readonly #running = new Set<object>();

  get running(): number {
    return this.#running.size;
  }

  now(): number {
    return platformClock.now();
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = {};
    this.#running.add(timer);
    const cancel = platformClock.after(delayMs, () => {
      this.#running.delete(timer);
      callback();
    });
    return () => {
      this.#running.delete(timer);
      cancel();
    };
  }
}

async function openSockets(): Promise<string[]> {
  // The event loop forgets a closed socket at the end of its turn.
  await nextTurn();
  await nextTurn();
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'));
}

describe('close', () => {
  it('tells each loss once, sends what was queued, and leaves no socket and no timer', async () => {
    const before = await openSockets();
    const clock = new CountingClock();
    const { a, b } = await startPair({ clock });
    a.transport.send('b', 0, bytesOf('last words'));
    const closed = a.transport.close();
    await Promise.all([closed, a.transport.close()]);
    expect(a.witness.all('peerDown')).toEqual([{ type: 'peerDown', peer: 'b', reason: 'a was closed' }]);
    await b.witness.until(() => b.witness.all('peerDown').length === 1);
    expect(b.witness.payloads.map(({ text }) => text)).toEqual(['last words']);
    expect(a.transport.address).toBeUndefined();
    expect(a.transport.connected()).toEqual([]);
    expect(a.transport.send('b', 0, bytesOf('x'))).toBe(false);
    await b.transport.close();
    expect(clock.running).toBe(0);
    expect(await openSockets()).toEqual(before);
  });

  it('in the middle of dialing, of handshakes and of admissions leaves nothing either', async () => {
    const before = await openSockets();
    const clock = new CountingClock();
    const b = await startStation('b', { clock, peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }] });
    b.witness.decision = () => new Promise(() => {});
    const strangers = await Promise.all([1, 2, 3].map(() => Stranger.connect(urlOf(b))));
    strangers[0]?.socket.send(sealHello(helloOfA()));
    await b.witness.until(() => b.witness.all('asked').length === 1);
    const a = await startStation('a', {
      clock,
      peers: [
        { id: 'b', address: urlOf(b) },
        { id: 'c', address: 'ws://127.0.0.1:1' },
      ],
    });
    await Promise.all([a.transport.close(), b.transport.close()]);
    await Promise.all(strangers.map(({ closed }) => closed));
    expect(clock.running).toBe(0);
    expect(await openSockets()).toEqual(before);
    const told = b.witness.occurrences.length;
    await nextTurn();
    await nextTurn();
    expect(b.witness.occurrences.length).toBe(told);
  });

  it('does not wait for long for a peer that does not answer', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }] });
    const proxy = await NetworkProxy.before(portOf(b));
    const a = await startStation('a', { peers: [{ id: 'b', address: proxy.url }] });
    await untilUp(a, 'b');
    proxy.swallow();
    const startedAt = performance.now();
    await a.transport.close();
    expect(performance.now() - startedAt).toBeLessThan(3000);
    proxy.close();
  });

  it('may be called from within a callback', async () => {
    const { a, b } = await startPair();
    let closed: Promise<void> | undefined;
    b.witness.onArrival = () => {
      closed = b.transport.close();
    };
    a.transport.send('b', 0, bytesOf('one'));
    a.transport.send('b', 0, bytesOf('two'));
    await a.witness.until(() => a.witness.all('peerDown').length === 1);
    await closed;
    expect(b.witness.all('peerDown')).toHaveLength(1);
  });

  it('before start, and while it starts, is possible', async () => {
    const options = { clusterId: 'test', id: 'a', listen: { port: 0 }, peers: [], random: new Random(1) };
    const never = createWebSocketTransport(options);
    await never.close();
    await expect(never.start(new Witness(), incarnationOf('a'))).rejects.toThrow('closed');
    const before = await openSockets();
    const hasty = createWebSocketTransport(options);
    const started = hasty.start(new Witness(), incarnationOf('a'));
    await hasty.close();
    await started;
    expect(hasty.address).toBeUndefined();
    expect(await openSockets()).toEqual(before);
  });
});

describe('start', () => {
  it('says what to do when the port is taken, and can be called again', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const transport = createWebSocketTransport({
      clusterId: 'test',
      id: 'a',
      listen: { port },
      peers: [],
      random: new Random(1),
    });
    const failure = await transport.start(new Witness(), incarnationOf('a')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TransportListenError);
    expect(failure).toMatchObject({
      code: 'LISTEN_FAILED',
      effect: 'none',
      retryable: true,
      port,
      host: '127.0.0.1',
    });
    expect(String(failure)).toContain('another process listens there');
    await new Promise((resolve) => taken.close(resolve));
    await transport.start(new Witness(), incarnationOf('a'));
    expect(transport.address).toEqual({ host: '127.0.0.1', port, url: `ws://127.0.0.1:${port}` });
    await expect(transport.start(new Witness(), incarnationOf('a'))).rejects.toThrow('start it once');
    await transport.close();
  });

  it('refuses a malformed incarnation', async () => {
    const transport = createWebSocketTransport({
      clusterId: 'test',
      id: 'a',
      listen: { port: 0 },
      peers: [],
      random: new Random(1),
    });
    await expect(transport.start(new Witness(), 'nonsense')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
