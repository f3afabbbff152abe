import { afterEach, describe, expect, it } from 'vitest';
import { NetworkProxy } from './network-proxy.js';
import { bytesOf, closeStations, nextTurn, portOf, startStation, untilUp } from './witness.js';

const kibibyte = 1024;
const limits = {
  frameBytesMax: 64 * kibibyte,
  protocolLaneBytesMax: 1024 * kibibyte,
  socketBytesMax: 64 * kibibyte,
  streamWindowBytes: 1024 * kibibyte,
};
const cleanups: (() => void)[] = [];

afterEach(async () => {
  await closeStations();
  for (const clean of cleanups.splice(0)) clean();
});

describe('many groups on one connection', () => {
  it('that is held up: a group that floods it neither keeps the others out nor goes before them', async () => {
    const options = { limits, heartbeatMs: 60_000 };
    const b = await startStation('b', { peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }], ...options });
    const proxy = await NetworkProxy.before(portOf(b));
    cleanups.push(() => proxy.close());
    const a = await startStation('a', { peers: [{ id: 'b', address: proxy.url }], ...options });
    await untilUp(a, 'b');
    await untilUp(b, 'a');
    proxy.hold({ fromClient: true });
    const flood = new Uint8Array(kibibyte);
    for (let refusals = 0; refusals < 100; ) {
      if (a.transport.send('b', 1, flood)) continue;
      refusals++;
      await nextTurn();
    }
    expect(a.transport.send('b', 1, flood)).toBe(false);
    for (let group = 2; group < 500; group++)
      expect(a.transport.send('b', group, bytesOf('beat'))).toBe(true);
    const waiting = a.transport.stats().peers[0]?.queuedBytes.protocol ?? 0;
    expect(waiting).toBeLessThanOrEqual(limits.protocolLaneBytesMax * (1 + 1 / 8));
    proxy.release();
    await b.witness.until(() => b.witness.payloads.filter(({ group }) => group > 1).length === 498);
    const lastBeat = b.witness.payloads.map(({ group }) => group > 1).lastIndexOf(true);
    const { payloadsSent } = a.transport.stats();
    await b.witness.until(() => b.witness.payloads.length >= payloadsSent);
    while ((a.transport.stats().peers[0]?.queuedBytes.protocol ?? 0) > 0) await nextTurn();
    await b.witness.until(() => b.witness.payloads.length === a.transport.stats().payloadsSent);
    const behind = b.witness.payloads.length - 1 - lastBeat;
    expect(behind).toBeGreaterThan(400);
    expect(b.witness.payloads.slice(lastBeat + 1).every(({ group }) => group === 1)).toBe(true);
  });

  it('goes before calls, and these before streams', async () => {
    const options = { limits, heartbeatMs: 60_000 };
    const b = await startStation('b', { peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }], ...options });
    const a = await startStation('a', {
      peers: [{ id: 'b', address: b.transport.address?.url ?? '' }],
      ...options,
    });
    await untilUp(a, 'b');
    const order: string[] = [];
    b.witness.onArrival = () => order.push('message');
    b.transport.handle('call', () => {
      order.push('call');
      return bytesOf('');
    });
    let chunks = 0;
    b.transport.handleStream('bulk', async (stream) => {
      for await (const _chunk of stream) {
        if (chunks++ === 0) order.push('chunk');
      }
    });
    const stream = await a.transport.openStream('b', 'bulk');
    const writing = stream.write(new Uint8Array(512 * kibibyte));
    const call = a.transport.call('b', 'call', bytesOf(''));
    a.transport.send('b', 0, bytesOf('beat'));
    await Promise.all([writing, call]);
    await stream.finish();
    await stream.closed;
    expect(order).toEqual(['message', 'call', 'chunk']);
  });
});
