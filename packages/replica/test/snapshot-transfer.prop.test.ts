import { ByteReader, ByteWriter, Random } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSnapshotProgress } from '../src/payload.js';
import { settled } from './scripted-engine.js';
import { bytesOf, meta, openTransfer, settings, stored, storeWith } from './snapshot-line.js';

describe('a snapshot on its way to a peer', () => {
  it('arrives whole, in the snapshot lane, and its message is stepped only when it is durable', async () => {
    const { line, to, ended, durable, offer } = await openTransfer(bytesOf(2345));
    offer(10);
    let seenBefore = 0;
    while (durable.length === 0) {
      if ((await to.storage.group(0).openSnapshot()) !== undefined) break;
      seenBefore++;
      await settled(1);
    }
    await settled(5);
    expect(seenBefore).toBeGreaterThan(2);
    expect(await stored(to.storage)).toEqual(bytesOf(2345));
    expect(durable).toEqual([{ from: 'a', to: 'b', text: 'install', snapshot: meta(10) }]);
    expect(ended).toEqual([true]);
    expect(line.sent.filter((lane) => lane === 'snapshot').length).toBe(1 + 24 + 1);
    expect(line.underWayMost).toBeLessThanOrEqual(settings.snapshotWindowChunks + 1);
  });

  it('arrives or is given up, and never arrives damaged, whatever the line does', async () => {
    const shape = fc.record({
      seed: fc.nat(),
      length: fc.integer({ min: 0, max: 1500 }),
      lossPercent: fc.integer({ min: 0, max: 60 }),
      doublePercent: fc.integer({ min: 0, max: 20 }),
      refusePercent: fc.integer({ min: 0, max: 30 }),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ seed, length, lossPercent, doublePercent, refusePercent }) => {
        const random = new Random(seed);
        const { line, to, ended, durable, events, offer, tick } = await openTransfer(bytesOf(length));
        line.fate = () => {
          if (random.chance(refusePercent / 100)) return 'refuse';
          if (random.chance(lossPercent / 100)) return 0;
          return random.chance(doublePercent / 100) ? 2 : 1;
        };
        offer(10);
        await tick(2000);
        expect(ended.length).toBe(1);
        expect(events.filter((event) => event.startsWith('failed'))).toEqual([]);
        if (ended[0] === true) expect(durable.length).toBeGreaterThan(0);
        const arrived = await stored(to.storage);
        if (durable.length > 0) expect(arrived).toEqual(bytesOf(length));
        else expect(arrived).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  it('arrives over a line that loses one payload in five: what is lost is sent again', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const random = new Random(seed);
      const { line, to, ended, offer, tick } = await openTransfer(bytesOf(3000));
      line.fate = () => (random.chance(0.2) ? 0 : 1);
      offer(10);
      await tick(2000);
      expect(ended).toEqual([true]);
      expect(await stored(to.storage)).toEqual(bytesOf(3000));
    }
  });

  it('is newer than asked for when a newer one is stored, and says so in its message', async () => {
    const { durable, offer, ended } = await openTransfer(bytesOf(10), 25);
    offer(10);
    await settled(20);
    expect(durable[0]?.snapshot?.index).toBe(25);
    expect(ended).toEqual([true]);
  });

  it('is not sent when none that covers enough is stored', async () => {
    for (const bytes of [undefined, bytesOf(10)]) {
      const { offer, ended, events, line } = await openTransfer(bytes, 5);
      offer(10);
      await settled(5);
      expect(ended).toEqual([false]);
      expect(events).toEqual(['snapshotSendEnded no snapshot through index 10 is stored here']);
      expect(line.sent).toEqual([]);
    }
  });

  it('is given up when the peer stays silent, and when the connection goes', async () => {
    const silent = await openTransfer(bytesOf(500));
    silent.line.fate = () => 0;
    silent.offer(10);
    await settled(5);
    await silent.tick(3 * 10);
    expect(silent.ended).toEqual([]);
    await silent.tick(3);
    expect(silent.events.at(-1)).toBe('snapshotSendEnded the peer did not answer');
    const cut = await openTransfer(bytesOf(5000));
    cut.offer(10);
    await settled(4);
    cut.sender.peerDown('b');
    cut.receiver.peerDown('a');
    await settled(20);
    expect(cut.ended).toEqual([false]);
    expect(cut.durable).toEqual([]);
    expect(await stored(cut.to.storage)).toBeUndefined();
    expect(cut.events).toContain('snapshotReceiveEnded the connection to the peer is gone');
  });

  it('is not taken while another peer sends one, unless that one has fallen silent', async () => {
    const { receiver, events, durable } = await openTransfer(undefined);
    const begin = (peer: string) =>
      receiver.begin(peer, { transfer: 1, bytesTotal: 10 }, meta(3), { from: peer, to: 'b', text: peer });
    begin('c');
    await settled(2);
    begin('d');
    await settled(2);
    expect(receiver.peer).toBe('c');
    for (let count = 0; count < settings.snapshotRetryTicks; count++) receiver.tick();
    begin('d');
    await settled(2);
    expect(receiver.peer).toBe('d');
    expect(events).toContain('snapshotReceiveEnded another transfer takes its place');
    for (let count = 0; count < 10 * settings.snapshotRetryTicks; count++) receiver.tick();
    expect(receiver.peer).toBeUndefined();
    expect(durable).toEqual([]);
  });

  it('is refused when it is larger than allowed, or when its pieces exceed what was announced', async () => {
    const tooLarge = await openTransfer(bytesOf(500), 10, { snapshotBytesMax: 400 });
    tooLarge.offer(10);
    await settled(6);
    expect(tooLarge.ended).toEqual([false]);
    const { receiver, events } = await openTransfer(undefined);
    receiver.begin('a', { transfer: 1, bytesTotal: 3 }, meta(3), { from: 'a', to: 'b', text: '' });
    await settled(2);
    receiver.chunk('a', { transfer: 1, offset: 0, bytes: bytesOf(4) });
    expect(receiver.peer).toBeUndefined();
    expect(events).toContain('snapshotReceiveEnded the peer sent more than it announced');
  });

  it('costs the receiver no more memory than a bounded window, however fast the peer sends', async () => {
    const { receiver } = await openTransfer(undefined);
    const bytes = new Uint8Array(2 * 1024 * 1024);
    receiver.begin('a', { transfer: 1, bytesTotal: 1e9 }, meta(3), { from: 'a', to: 'b', text: '' });
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 100; count++) {
      receiver.chunk('a', { transfer: 1, offset: count * bytes.length, bytes });
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 1024 * 1024);
    await receiver.stop();
  });

  it('that is here already needs no transfer: its message is stepped at once', async () => {
    const { receiver, to, durable } = await openTransfer(undefined);
    const writer = await to.store.begin(meta(8));
    await to.store.commit(writer, meta(8));
    receiver.begin('a', { transfer: 1, bytesTotal: 10 }, meta(5), { from: 'a', to: 'b', text: 'late' });
    expect(durable.map(({ text }) => text)).toEqual(['late']);
    expect(receiver.peer).toBeUndefined();
  });
});

describe('the stored snapshot', () => {
  it('is never replaced by an older one, in whatever order they are finished', async () => {
    const { store, storage } = await storeWith(undefined, 0);
    const [older, newer] = [await store.begin(meta(3)), await store.begin(meta(9))];
    await older.write(bytesOf(3));
    await newer.write(bytesOf(9));
    const results = await Promise.all([store.commit(newer, meta(9)), store.commit(older, meta(3))]);
    expect(results).toEqual([true, false]);
    expect(await stored(storage)).toEqual(bytesOf(9));
    expect(store.newestIndex).toBe(9);
  });
});

it('progress of an outcome that does not exist is refused', () => {
  const writer = new ByteWriter();
  for (const value of [1, 2, 9]) writer.u8(value);
  expect(() => readSnapshotProgress(new ByteReader(writer.view()))).toThrow(/9 stands where the outcome/);
});
