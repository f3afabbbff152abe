import { afterEach, describe, expect, it } from 'vitest';
import { NetworkProxy } from './network-proxy.js';
import { bytesOf, closeStations, nextTurn, portOf, type Station, startStation, untilUp } from './witness.js';

const kibibyte = 1024;
const mebibyte = 1024 * 1024;
const limits = {
  frameBytesMax: 256 * kibibyte,
  protocolLaneBytesMax: mebibyte,
  snapshotLaneBytesMax: 512 * kibibyte,
  socketBytesMax: mebibyte,
};
const cleanups: (() => void)[] = [];

afterEach(async () => {
  await closeStations();
  for (const clean of cleanups.splice(0)) clean();
});

/** Node `a` with a peer `b` that can stop reading. */
async function startBeforeStuckReader(): Promise<{ a: Station; b: Station; proxy: NetworkProxy }> {
  const b = await startStation('b', {
    peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }],
    limits,
    heartbeatMs: 60_000,
  });
  const proxy = await NetworkProxy.before(portOf(b));
  cleanups.push(() => proxy.close());
  const a = await startStation('a', {
    peers: [{ id: 'b', address: proxy.url }],
    limits,
    heartbeatMs: 60_000,
  });
  await untilUp(a, 'b');
  await untilUp(b, 'a');
  return { a, b, proxy };
}

/** Sends until the lane refuses; returns how many were taken. */
async function fill(a: Station, lane: 'protocol' | 'snapshot', payload: Uint8Array): Promise<number> {
  let taken = 0;
  for (let refusals = 0; refusals < 100; ) {
    if (a.transport.send('b', 0, payload, lane)) taken++;
    else {
      refusals++;
      await nextTurn();
    }
  }
  return taken;
}

describe('a peer that stops reading', () => {
  it('makes send return false, costs bounded memory, and gets what was taken once it reads again', async () => {
    const { a, b, proxy } = await startBeforeStuckReader();
    proxy.hold({ fromClient: true });
    const payload = new Uint8Array(10 * kibibyte);
    let taken = (await fill(a, 'protocol', payload)) + (await fill(a, 'snapshot', payload));
    let refused = 0;
    for (let turn = 0; turn < 1000; turn++) {
      for (const lane of ['protocol', 'snapshot'] as const) {
        // The operating system may still find a little room for more.
        if (a.transport.send('b', 0, payload, lane)) taken++;
        else refused++;
      }
      if (turn % 100 === 0) await nextTurn();
    }
    expect(refused).toBeGreaterThan(1900);
    const [peer] = a.transport.stats().peers;
    expect(peer?.queuedBytes.protocol).toBeLessThanOrEqual(limits.protocolLaneBytesMax);
    expect(peer?.queuedBytes.snapshot).toBeLessThanOrEqual(limits.snapshotLaneBytesMax);
    expect(peer?.socketBytes).toBeLessThanOrEqual(limits.socketBytesMax + limits.frameBytesMax + 100);
    expect(a.transport.stats().dropped.protocol['lane-full']).toBeGreaterThan(900);
    expect(a.witness.events('dropped').map(({ lane, reason }) => [lane, reason])).toContainEqual([
      'protocol',
      'lane-full',
    ]);
    expect(a.witness.events('dropped').length).toBeLessThan(20);
    proxy.release();
    await b.witness.until(() => b.witness.payloads.length === taken);
    expect(a.transport.send('b', 0, bytesOf('room again'))).toBe(true);
  });

  it('does not let a full snapshot lane hold up the protocol lane', async () => {
    const { a, b, proxy } = await startBeforeStuckReader();
    proxy.hold({ fromClient: true });
    const bulk = await fill(a, 'snapshot', new Uint8Array(64 * kibibyte));
    expect(a.transport.send('b', 0, bytesOf('bulk'), 'snapshot')).toBe(true);
    expect(a.transport.send('b', 0, bytesOf('urgent'))).toBe(true);
    // It goes to the socket although snapshot frames, which were there before, still wait for room.
    await nextTurn();
    await nextTurn();
    const [peer] = a.transport.stats().peers;
    expect(peer?.queuedBytes.protocol).toBe(0);
    expect(peer?.queuedBytes.snapshot).toBeGreaterThan(0);
    proxy.release();
    await b.witness.until(() => b.witness.payloads.length === bulk + 2);
    const order = b.witness.payloads.map(({ text }) => text);
    expect(order.indexOf('urgent')).toBeLessThan(order.indexOf('bulk'));
  });

  it('is given up after three silent periods even while bytes wait for it', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }], limits });
    const proxy = await NetworkProxy.before(portOf(b));
    cleanups.push(() => proxy.close());
    const a = await startStation('a', { peers: [{ id: 'b', address: proxy.url }], limits, heartbeatMs: 30 });
    await untilUp(a, 'b');
    proxy.hold({ fromClient: true, fromServer: true });
    while (a.transport.connected().length > 0) {
      while (a.transport.send('b', 0, new Uint8Array(10 * kibibyte)));
      await nextTurn();
    }
    expect(a.witness.all('peerDown')).toMatchObject([{ reason: 'nothing came from the peer for 90 ms' }]);
    expect(a.transport.stats().peers[0]).toMatchObject({
      connected: false,
      queuedBytes: { protocol: 0, snapshot: 0 },
      socketBytes: 0,
    });
    expect(a.transport.stats().payloadsLost).toBeGreaterThan(0);
  });
});

describe('a slow but living peer', () => {
  it('stays up while one large frame is on its way for many periods', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }], heartbeatMs: 40 });
    const proxy = await NetworkProxy.before(portOf(b));
    cleanups.push(() => proxy.close());
    const a = await startStation('a', { peers: [{ id: 'b', address: proxy.url }], heartbeatMs: 40 });
    await untilUp(a, 'b');
    await untilUp(b, 'a');
    proxy.throttle(16 * kibibyte);
    const startedAt = performance.now();
    a.transport.send('b', 0, new Uint8Array(4 * mebibyte - 26), 'snapshot');
    await b.witness.until(() => b.witness.payloads.length === 1);
    expect(performance.now() - startedAt).toBeGreaterThan(4 * 40);
    expect(a.witness.all('peerDown')).toEqual([]);
    expect(b.witness.all('peerDown')).toEqual([]);
  });
});

describe('the lanes', () => {
  it('let the protocol overtake snapshot payloads that were sent before it', async () => {
    const { a, b } = await startBeforeStuckReader();
    for (let chunk = 0; chunk < 8; chunk++)
      a.transport.send('b', 0, new Uint8Array(60 * kibibyte), 'snapshot');
    a.transport.send('b', 0, bytesOf('overtakes'));
    await b.witness.until(() => b.witness.payloads.length === 9);
    expect(b.witness.payloads[0]?.text).toBe('overtakes');
  });

  it('keep their own order', async () => {
    const { a, b } = await startBeforeStuckReader();
    for (let sent = 0; sent < 200; sent++) {
      a.transport.send('b', sent, bytesOf(`${sent}`), sent % 2 === 0 ? 'protocol' : 'snapshot');
      if (sent % 7 === 0) await nextTurn();
    }
    await b.witness.until(() => b.witness.payloads.length === 200);
    for (const parity of [0, 1]) {
      const groups = b.witness.payloads.map(({ group }) => group).filter((group) => group % 2 === parity);
      expect(groups).toEqual([...groups].sort((left, right) => left - right));
    }
  });
});
