import { afterEach, describe, expect, it } from 'vitest';
import { NetworkProxy } from './network-proxy.js';
import { bytesOf, closeStations, nextTurn, portOf, startPair, startStation, untilUp } from './witness.js';

afterEach(closeStations);

describe('payloads', () => {
  it('arrive as sent, in order, with their group, in both directions', async () => {
    const { a, b } = await startPair();
    for (let sent = 0; sent < 100; sent++) {
      expect(a.transport.send('b', sent, bytesOf(`to b ${sent}`))).toBe(true);
      expect(b.transport.send('a', 2 ** 32 - 1 - sent, bytesOf(`to a ${sent}`))).toBe(true);
    }
    await b.witness.until(() => b.witness.payloads.length === 100);
    await a.witness.until(() => a.witness.payloads.length === 100);
    expect(b.witness.payloads.map(({ group, text }) => [group, text])).toEqual(
      Array.from({ length: 100 }, (_, sent) => [sent, `to b ${sent}`]),
    );
    expect(a.witness.payloads[99]).toEqual({ from: 'b', group: 2 ** 32 - 100, text: 'to a 99', length: 7 });
  });

  it('of one turn of the event loop leave in one frame', async () => {
    const { a, b } = await startPair();
    for (let sent = 0; sent < 1000; sent++) a.transport.send('b', 1, bytesOf('x'.repeat(100)));
    await b.witness.until(() => b.witness.payloads.length === 1000);
    expect(a.transport.stats()).toMatchObject({ framesSent: 1, payloadsSent: 1000 });
    expect(b.transport.stats()).toMatchObject({ framesReceived: 1, payloadsReceived: 1000 });
    expect(b.transport.stats().bytesReceived).toBe(a.transport.stats().bytesSent);
    a.transport.send('b', 1, bytesOf('next turn'));
    await b.witness.until(() => b.witness.payloads.length === 1001);
    expect(a.transport.stats().framesSent).toBe(2);
  });

  it('of promises that settle in one turn leave in one frame too', async () => {
    const { a, b } = await startPair();
    const sends = Array.from({ length: 50 }, async () => {
      await Promise.resolve();
      a.transport.send('b', 1, bytesOf('x'));
    });
    await Promise.all(sends);
    await b.witness.until(() => b.witness.payloads.length === 50);
    expect(a.transport.stats().framesSent).toBe(1);
  });

  it('may be changed by the sender as soon as send returned', async () => {
    const { a, b } = await startPair();
    const payload = bytesOf('first');
    a.transport.send('b', 0, payload);
    payload.set(bytesOf('xxxxx'));
    await b.witness.until(() => b.witness.payloads.length === 1);
    expect(b.witness.payloads[0]?.text).toBe('first');
  });

  it('of no bytes and of a whole frame arrive; one byte more is dropped and told', async () => {
    const frameBytesMax = 4096;
    const { a, b } = await startPair({ limits: { frameBytesMax } });
    const largest = frameBytesMax - 16 - 1 - 1 - 2;
    expect(a.transport.send('b', 0, new Uint8Array(0))).toBe(true);
    expect(a.transport.send('b', 0, new Uint8Array(largest))).toBe(true);
    expect(a.transport.send('b', 0, new Uint8Array(largest + 1))).toBe(false);
    expect(a.witness.events('dropped')).toEqual([
      { type: 'dropped', peer: 'b', lane: 'protocol', reason: 'too-large' },
    ]);
    expect(a.transport.stats().dropped.protocol['too-large']).toBe(1);
    await b.witness.until(() => b.witness.payloads.length === 2);
    expect(b.witness.payloads.map(({ length }) => length)).toEqual([0, largest]);
  });

  it('of the default greatest frame arrive', async () => {
    const { a, b } = await startPair();
    const large = new Uint8Array(4 * 1024 * 1024 - 26).fill(7);
    let intact = false;
    b.witness.onArrival = (payload) => {
      intact = Buffer.from(payload).equals(large);
    };
    expect(a.transport.send('b', 2 ** 32 - 1, large, 'snapshot')).toBe(true);
    await b.witness.until(() => b.witness.payloads.length === 1);
    expect(intact).toBe(true);
  });
});

describe('masking', () => {
  it('hides what a dialer sends by default, and can be left out', async () => {
    for (const [maskFrames, readable] of [
      [undefined, false],
      [true, false],
      [false, true],
    ] as const) {
      const b = await startStation('b', { peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }] });
      const proxy = await NetworkProxy.before(portOf(b));
      const a = await startStation('a', {
        peers: [{ id: 'b', address: proxy.url }],
        ...(maskFrames === undefined ? {} : { maskFrames }),
      });
      await untilUp(a, 'b');
      const wire = proxy.listen();
      a.transport.send('b', 0, bytesOf('GET /like-http'));
      await b.witness.until(() => b.witness.payloads.length === 1);
      expect(b.witness.payloads[0]?.text).toBe('GET /like-http');
      expect(Buffer.concat(wire).includes('GET /like-http')).toBe(readable);
      await closeStations();
      proxy.close();
    }
  });
});

describe('send', () => {
  it('drops what is for a node that is not connected, no peer, or this node itself', async () => {
    const a = await startStation('a', { peers: [{ id: 'b', address: 'ws://127.0.0.1:1' }] });
    expect(a.transport.send('b', 0, bytesOf('x'))).toBe(false);
    expect(a.transport.send('b', 0, bytesOf('x'))).toBe(false);
    expect(a.transport.send('nobody', 0, bytesOf('x'))).toBe(false);
    expect(a.transport.send('a', 0, bytesOf('x'))).toBe(false);
    expect(a.transport.stats().dropped.protocol['not-connected']).toBe(4);
    expect(a.witness.events('dropped')).toEqual([
      { type: 'dropped', peer: 'b', lane: 'protocol', reason: 'not-connected' },
    ]);
  });

  it('refuses a group that is no group', async () => {
    const { a } = await startPair();
    for (const group of [-1, 0.5, 2 ** 32, Number.NaN]) {
      expect(() => a.transport.send('b', group, bytesOf('x'))).toThrow('group is');
    }
  });

  it('works from within onPeerUp and onPayload', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }] });
    b.witness.onArrival = (payload) => {
      b.transport.send('a', 0, Buffer.concat([Buffer.from('echo '), payload]));
    };
    const a = await startStation('a');
    const greeted = a.witness.until(() => a.transport.connected().length === 1).then(nextTurn);
    a.transport.updatePeers([{ id: 'b', address: b.transport.address?.url ?? '' }]);
    await greeted;
    a.transport.send('b', 0, bytesOf('hi'));
    await a.witness.until(() => a.witness.payloads.length === 1);
    expect(a.witness.payloads[0]?.text).toBe('echo hi');
  });
});
