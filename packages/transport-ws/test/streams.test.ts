import { createHash } from 'node:crypto';
import { Random, SynodError } from '@synod/core';
import { afterEach, describe, expect, it } from 'vitest';
import type { NodeStream } from '../src/index.js';
import { NetworkProxy } from './network-proxy.js';
import {
  bytesOf,
  closeStations,
  failureOf,
  nextTurn,
  portOf,
  startPair,
  startStation,
  untilUp,
} from './witness.js';

const mebibyte = 1024 * 1024;
const cleanups: (() => void)[] = [];

afterEach(async () => {
  await closeStations();
  for (const clean of cleanups.splice(0)) clean();
});

async function readAll(stream: NodeStream): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function randomBytes(length: number, seed: string): Uint8Array {
  const random = new Random(seed);
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => random.uint32());
  return new Uint8Array(words.buffer, 0, length);
}

describe('a stream', () => {
  it('carries bytes whole and in order both ways, whatever the sizes of writes', async () => {
    const { a, b } = await startPair();
    b.transport.handleStream('digest', async (stream) => {
      const hash = createHash('sha256').update(stream.header);
      for await (const chunk of stream) hash.update(chunk);
      await stream.write(hash.digest());
    });
    const content = randomBytes(5 * mebibyte + 7, 'content');
    const stream = await a.transport.openStream('b', 'digest', { header: bytesOf('header') });
    expect(stream).toMatchObject({ peer: 'b', name: 'digest' });
    const random = new Random('sizes');
    for (let at = 0; at < content.length; ) {
      const length = random.chance(0.5) ? random.integer(0, 100) : random.integer(0, mebibyte);
      await stream.write(content.subarray(at, at + length));
      at += length;
    }
    await stream.finish();
    const expected = createHash('sha256').update('header').update(content).digest();
    expect((await readAll(stream)).equals(expected)).toBe(true);
    await stream.closed;
  });

  it('does not outgrow a frame of 16 KiB, as some proxies allow', async () => {
    const { a, b } = await startPair({ limits: { frameBytesMax: 16 * 1024 } });
    let read = 0;
    b.transport.handleStream('sink', async (stream) => {
      for await (const chunk of stream) read += chunk.length;
    });
    const stream = await a.transport.openStream('b', 'sink');
    await stream.write(new Uint8Array(mebibyte));
    await stream.finish();
    await stream.closed;
    expect(read).toBe(mebibyte);
  });

  it('slows its writer to the pace of its reader, and a stuck reader bounds what is held', async () => {
    const streamWindowBytes = 64 * 1024;
    const { a, b } = await startPair({ limits: { streamWindowBytes } });
    let reader: NodeStream | undefined;
    b.transport.handleStream('stuck', (stream) => {
      reader = stream;
      return stream.closed;
    });
    const stream = await a.transport.openStream('b', 'stuck');
    let written = 0;
    const writing = (async () => {
      for (; written < mebibyte; written += 1024) await stream.write(new Uint8Array(1024));
      await stream.finish();
    })();
    for (let turn = 0; turn < 200; turn++) await nextTurn();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(written).toBeGreaterThan(streamWindowBytes / 2);
    expect(written).toBeLessThanOrEqual(streamWindowBytes);
    // Messages and calls go on beside it.
    b.transport.handle('ping', () => bytesOf('pong'));
    expect(await a.transport.call('b', 'ping', bytesOf(''))).toEqual(bytesOf('pong'));
    if (reader === undefined) throw new Error('the stream was not opened');
    const finished = reader.finish();
    expect((await readAll(reader)).length).toBe(mebibyte);
    await writing;
    await finished;
    await stream.closed;
  });

  it('shares the connection with others, none of which is held up by a stuck one', async () => {
    const { a, b } = await startPair();
    b.transport.handleStream('stuck', (stream) => stream.closed);
    b.transport.handleStream('sink', async (stream) => {
      for await (const _chunk of stream);
    });
    const stuck = await a.transport.openStream('b', 'stuck');
    const held = failureOf(stuck.write(new Uint8Array(mebibyte)));
    const streams = await Promise.all(Array.from({ length: 8 }, () => a.transport.openStream('b', 'sink')));
    await Promise.all(
      streams.map(async (stream) => {
        await stream.write(new Uint8Array(mebibyte));
        await stream.finish();
        await stream.closed;
      }),
    );
    stuck.cancel('enough');
    expect(await held).toMatchObject({ code: 'CANCELLED' });
  });

  it('that one side gives up fails at the other, with the reason', async () => {
    const { a, b } = await startPair();
    const seen: unknown[] = [];
    b.transport.handleStream('ours', async (stream) => {
      seen.push(await failureOf(readAll(stream)));
    });
    b.transport.handleStream('theirs', async (stream) => {
      await stream.read();
      throw new SynodError({ code: 'DISK_FULL', message: 'no room left', effect: 'none', retryable: true });
    });
    const controller = new AbortController();
    const ours = await a.transport.openStream('b', 'ours', { signal: controller.signal });
    await ours.write(bytesOf('begin'));
    controller.abort();
    expect(await failureOf(ours.closed)).toMatchObject({
      code: 'CANCELLED',
      effect: 'unknown',
      remote: false,
    });
    expect(await failureOf(ours.write(bytesOf('x')))).toMatchObject({ code: 'CANCELLED' });
    const theirs = await a.transport.openStream('b', 'theirs');
    await theirs.write(bytesOf('x'));
    expect(await failureOf(theirs.closed)).toMatchObject({
      code: 'DISK_FULL',
      message: 'no room left',
      effect: 'none',
      retryable: true,
      remote: true,
    });
    expect(seen).toMatchObject([{ code: 'CANCELLED', remote: true }]);
  });

  it('whose reader leaves early tells the writer', async () => {
    const { a, b } = await startPair();
    b.transport.handleStream('picky', async (stream) => {
      for await (const _chunk of stream) break;
    });
    const stream = await a.transport.openStream('b', 'picky');
    expect(await failureOf(stream.write(new Uint8Array(8 * mebibyte)))).toMatchObject({
      code: 'CANCELLED',
      remote: true,
    });
  });

  it('whose handler ends before the opener still gives its answer', async () => {
    const { a, b } = await startPair();
    b.transport.handleStream('enough', async (stream) => {
      await stream.read();
      await stream.write(bytesOf('that will do'));
    });
    const stream = await a.transport.openStream('b', 'enough');
    await stream.write(bytesOf('x'));
    expect((await readAll(stream)).toString()).toBe('that will do');
  });

  it('is refused for good where nobody takes it, and above the limit until one ends', async () => {
    const { a, b } = await startPair({ limits: { streamsOpenMax: 2 } }, { limits: { streamsOpenMax: 1 } });
    b.transport.handleStream('held', (stream) => stream.closed);
    expect(await failureOf(a.transport.openStream('b', 'missing'))).toMatchObject({
      code: 'NO_SUCH_STREAM',
      effect: 'none',
    });
    const long = a.transport.openStream('b', 'held', { header: new Uint8Array(4097) });
    expect(await failureOf(long)).toMatchObject({ code: 'TOO_LARGE', effect: 'none' });
    const first = await a.transport.openStream('b', 'held', { header: new Uint8Array(4096) });
    expect(await failureOf(a.transport.openStream('b', 'held'))).toMatchObject({
      code: 'TOO_MANY_STREAMS',
      remote: true,
      effect: 'none',
    });
    const [, third] = await Promise.all([
      failureOf(a.transport.openStream('b', 'held')),
      failureOf(a.transport.openStream('b', 'held')),
    ]);
    expect(third).toMatchObject({ code: 'TOO_MANY_STREAMS', remote: false });
    first.cancel();
    await failureOf(first.closed);
    const again = await a.transport.openStream('b', 'held');
    again.cancel();
  });

  it('fails when the connection breaks, with unknown effect, at both ends', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }] });
    const proxy = await NetworkProxy.before(portOf(b));
    cleanups.push(() => proxy.close());
    const a = await startStation('a', { peers: [{ id: 'b', address: proxy.url }] });
    await untilUp(a, 'b');
    const seen: Promise<unknown>[] = [];
    b.transport.handleStream('held', (stream) => {
      seen.push(failureOf(readAll(stream)));
      return stream.closed;
    });
    const stream = await a.transport.openStream('b', 'held');
    const closed = failureOf(stream.closed);
    const writing = failureOf(stream.write(new Uint8Array(4 * mebibyte)));
    proxy.cut();
    for (const failed of [closed, seen[0]]) {
      if (failed === undefined) throw new Error('the stream was not taken');
      expect(await failed).toMatchObject({ code: 'PEER_LOST', effect: 'unknown' });
    }
    expect(await writing).toMatchObject({ code: 'PEER_LOST', effect: 'unknown' });
  });

  it('takes one write and one read at a time, and none after its end', async () => {
    const { a, b } = await startPair();
    b.transport.handleStream('held', (stream) => stream.closed);
    const stream = await a.transport.openStream('b', 'held');
    const reading = failureOf(stream.read());
    expect(await failureOf(stream.read())).toMatchObject({ code: 'INVALID_ARGUMENT' });
    const writing = failureOf(stream.write(new Uint8Array(mebibyte)));
    expect(await failureOf(stream.write(bytesOf('x')))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    stream.cancel();
    expect(await reading).toMatchObject({ code: 'CANCELLED' });
    expect(await writing).toMatchObject({ code: 'CANCELLED' });
  });
});

describe('room on a lane', () => {
  it('is told to whoever waits for it, also when the peer is lost', async () => {
    const b = await startStation('b', {
      peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }],
      heartbeatMs: 60_000,
    });
    const proxy = await NetworkProxy.before(portOf(b));
    cleanups.push(() => proxy.close());
    const a = await startStation('a', { peers: [{ id: 'b', address: proxy.url }], heartbeatMs: 60_000 });
    expect(await a.transport.ready('nobody')).toBe(false);
    await untilUp(a, 'b');
    await untilUp(b, 'a');
    expect(await a.transport.ready('b')).toBe(true);
    proxy.hold({ fromClient: true });
    const payload = new Uint8Array(mebibyte);
    let sent = 0;
    while (a.transport.send('b', 0, payload)) sent++;
    let told: boolean | undefined;
    const ready = a.transport.ready('b').then((room) => {
      told = room;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toBeUndefined();
    proxy.release();
    await ready;
    expect(told).toBe(true);
    expect(a.transport.send('b', 0, payload)).toBe(true);
    await b.witness.until(() => b.witness.payloads.length === sent + 1);
    proxy.hold({ fromClient: true });
    for (let refusals = 0; refusals < 50; await nextTurn())
      if (!a.transport.send('b', 0, payload)) refusals++;
    const lost = a.transport.ready('b');
    proxy.cut();
    expect(await lost).toBe(false);
  });
});
