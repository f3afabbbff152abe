import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Random } from '@synod/core';
import { sealFrame } from '@synod/integrity';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { sealHello, sealWelcome } from '../src/handshake-frames.js';
import { helloOfA, Stranger } from './stranger.js';
import {
  bytesOf,
  closeStations,
  nextTurn,
  portOf,
  type Station,
  startStation,
  untilDown,
  untilUp,
  urlOf,
} from './witness.js';

afterEach(closeStations);

const peers = [{ id: 'a', address: 'ws://127.0.0.1:1' }];

async function expectStillAlive(b: Station): Promise<void> {
  const a = await startStation('a', { peers: [{ id: 'b', address: urlOf(b) }] });
  await untilUp(a, 'b');
  const before = b.witness.payloads.length;
  a.transport.send('b', 0, bytesOf('alive?'));
  await b.witness.until(() => b.witness.payloads.length > before);
  await a.transport.close();
}

function upgradeRequest(extra = ''): string {
  return `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${extra}\r\n`;
}

async function rawConnection(b: Station): Promise<Socket> {
  const socket = connect(portOf(b), '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

describe('a stranger at the port of a node', () => {
  it('that speaks plain HTTP is told to upgrade', async () => {
    const b = await startStation('b', { peers });
    const asked = request({ port: portOf(b), host: '127.0.0.1', path: '/status', agent: false });
    asked.end();
    const [response] = await once(asked, 'response');
    expect(response.statusCode).toBe(426);
    expect(response.headers.upgrade).toBe('websocket');
    response.resume();
    await once(response, 'close');
    await expectStillAlive(b);
  });

  it('that is a web page is turned away', async () => {
    const b = await startStation('b', { peers });
    const page = new WebSocket(urlOf(b), { origin: 'https://example.org' });
    const [error] = await once(page, 'error');
    expect(String(error)).toContain('403');
    await expectStillAlive(b);
  });

  it('that sends random bytes is closed', async () => {
    const b = await startStation('b', { peers });
    const random = new Random('random bytes');
    for (let round = 0; round < 30; round++) {
      const socket = await rawConnection(b);
      const noise = Uint8Array.from({ length: random.integer(1, 3000) }, () => random.integer(0, 256));
      if (round % 2 === 0) socket.write(upgradeRequest());
      const closed = once(socket, 'close');
      socket.end(noise);
      await closed;
    }
    expect(b.witness.all('asked')).toEqual([]);
    await expectStillAlive(b);
  });

  it('that sends a text message, or a binary one that is no handshake, is refused', async () => {
    const b = await startStation('b', { peers });
    const text = await Stranger.connect(urlOf(b));
    text.socket.send('hello?');
    expect((await text.closed).code).toBe(1003);
    const random = new Random('no handshake');
    const noise = Uint8Array.from({ length: 200 }, () => random.integer(0, 256));
    const damaged = sealHello(helloOfA());
    damaged[damaged.length - 1] = 0;
    for (const bytes of [
      noise,
      damaged,
      new Uint8Array(0),
      sealFrame(new Uint8Array(0)),
      sealFrame(Uint8Array.of(9)),
    ]) {
      const stranger = await Stranger.connect(urlOf(b));
      stranger.socket.send(bytes);
      expect(await stranger.frame(0)).toMatchObject({ type: 'refuse', refusal: { code: 'MALFORMED' } });
      expect((await stranger.closed).code).toBe(4001);
    }
    expect(b.witness.events('refused')).toHaveLength(5);
    await expectStillAlive(b);
  });

  it('that sends a hello above 1 KiB is refused', async () => {
    const b = await startStation('b', { peers });
    const stranger = await Stranger.connect(urlOf(b));
    stranger.socket.send(sealHello(helloOfA({ clusterId: 'c'.repeat(1024) })));
    expect(await stranger.frame(0)).toMatchObject({ type: 'refuse', refusal: { code: 'MALFORMED' } });
  });

  it('that announces a large message and trickles it is cut before it costs memory', async () => {
    const b = await startStation('b', { peers });
    const socket = await rawConnection(b);
    const closed = once(socket, 'close');
    socket.write(upgradeRequest());
    const header = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x30, 0, 0, 1, 2, 3, 4]);
    socket.write(header);
    socket.write(Buffer.alloc(5000));
    await closed;
    expect(b.witness.events('handshakeFailed')[0]?.reason).toContain('4096 bytes');
    await expectStillAlive(b);
  });

  it('that announces a message above the greatest frame is cut', async () => {
    const b = await startStation('b', { peers });
    const stranger = await Stranger.connect(urlOf(b));
    stranger.socket.send(new Uint8Array(5 * 1024 * 1024));
    await stranger.closed;
    await expectStillAlive(b);
  });

  it('that never finishes any stage of the handshake is closed in time', async () => {
    const b = await startStation('b', { peers, limits: { handshakeTimeoutMs: 200 } });
    const silent = await rawConnection(b);
    const silentClosed = once(silent, 'close');
    const halfRequest = await rawConnection(b);
    const halfRequestClosed = once(halfRequest, 'close');
    halfRequest.write('GET / HTTP/1.1\r\nHost: x\r\n');
    const upgraded = await Stranger.connect(urlOf(b));
    const greeted = await Stranger.connect(urlOf(b));
    greeted.socket.send(sealHello(helloOfA()));
    await Promise.all([silentClosed, halfRequestClosed, upgraded.closed, greeted.closed]);
    while (b.transport.stats().strangers > 0) await nextTurn();
    expect(b.transport.connected()).toEqual([]);
    await expectStillAlive(b);
  });
});

describe('a flood of a thousand strangers', () => {
  it('never holds more than the bound; peers stay, and others get in all the same', async () => {
    const b = await startStation('b', {
      peers: [...peers, { id: '0', address: 'ws://127.0.0.1:1' }],
      limits: { strangersMax: 16 },
    });
    const early = await startStation('0', { peers: [{ id: 'b', address: urlOf(b) }] });
    await Promise.all([untilUp(early, 'b'), untilUp(b, '0')]);
    expect(b.transport.stats().strangers).toBe(0);
    const flood: Socket[] = [];
    let most = 0;
    for (let wave = 0; wave < 20; wave++) {
      const arrivals = await Promise.all(Array.from({ length: 50 }, () => rawConnection(b)));
      for (const socket of arrivals) socket.write(upgradeRequest());
      flood.push(...arrivals);
      most = Math.max(most, b.transport.stats().strangers);
    }
    const a = await startStation('a', { peers: [{ id: 'b', address: urlOf(b) }] });
    await untilUp(a, 'b');
    most = Math.max(most, b.transport.stats().strangers);
    expect(most).toBeLessThanOrEqual(16);
    expect(b.transport.stats().strangersTurnedAway).toBeGreaterThanOrEqual(1000 - 16);
    a.transport.send('b', 0, bytesOf('through the crowd'));
    await b.witness.until(() => b.witness.payloads.length === 1);
    expect(b.transport.connected()).toContain('0');
    expect(b.witness.all('peerDown')).toEqual([]);
    for (const socket of flood) socket.destroy();
  });
});

describe('a peer that goes mad after its hello', () => {
  const madness: readonly [string, (stranger: Stranger) => void][] = [
    ['noise', (mad) => mad.socket.send(new Uint8Array(300).fill(0x5a))],
    ['a text message', (mad) => mad.socket.send('boo')],
    ['an empty message', (mad) => mad.socket.send(new Uint8Array(0))],
    ['an empty sealed frame', (mad) => mad.socket.send(sealFrame(new Uint8Array(0)))],
    ['a frame of an unknown kind', (mad) => mad.socket.send(sealFrame(Uint8Array.of(77)))],
    ['a second hello', (mad) => mad.socket.send(sealHello(helloOfA()))],
    ['a second welcome', (mad) => mad.socket.send(sealWelcome())],
    ['a batch that ends in an item', (mad) => mad.socket.send(sealFrame(Uint8Array.of(4, 1, 200, 1, 9)))],
    [
      'a batch of a group above 2^32',
      (mad) => mad.socket.send(sealFrame(Uint8Array.of(4, 255, 255, 255, 255, 31, 0))),
    ],
    [
      'two frames in one message',
      (mad) => mad.socket.send(Buffer.concat([sealFrame(Uint8Array.of(4)), sealFrame(Uint8Array.of(4))])),
    ],
    ['an oversize message', (mad) => mad.socket.send(new Uint8Array(5 * 1024 * 1024))],
  ];

  for (const [name, act] of madness) {
    it(`and sends ${name} loses its connection, and nothing else happens`, async () => {
      const b = await startStation('b', { peers });
      const mad = await Stranger.connect(urlOf(b));
      await mad.becomePeer();
      await untilUp(b, 'a');
      act(mad);
      await untilDown(b, 'a');
      await mad.closed;
      expect(b.witness.payloads).toEqual([]);
      expect(b.witness.all('peerDown')).toHaveLength(1);
      expect(b.witness.all('weWereRefused')).toEqual([]);
      expect(b.transport.stats().framesDamaged).toBe(1);
      expect(b.witness.events('damaged')).toMatchObject([{ peer: 'a' }]);
      await expectStillAlive(b);
    });
  }

  it('gets no answers to its pings, so it cannot pile them up', async () => {
    const b = await startStation('b', { peers });
    const mad = await Stranger.connect(urlOf(b));
    await mad.becomePeer();
    await untilUp(b, 'a');
    let pongs = 0;
    mad.socket.on('pong', () => pongs++);
    for (let ping = 0; ping < 1000; ping++) mad.socket.ping();
    mad.socket.send(sealFrame(Uint8Array.of(4, 0, 0)));
    await b.witness.until(() => b.witness.payloads.length === 1);
    b.transport.send('a', 0, bytesOf('after the pings'));
    await once(mad.socket, 'message');
    expect(pongs).toBe(0);
  });
});
