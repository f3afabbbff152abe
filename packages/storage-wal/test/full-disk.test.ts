import { Random, StorageFullError } from '@synod/core';
import type { SimulatedDrive } from '@synod/simulator';
import { describe, expect, it } from 'vitest';
import type { WalEvent, WalSettings } from '../src/index.js';
import { entryOf, indexesOf, newDrive, openOn, rejectionOf, storeSnapshot, writeOf } from './node-life.js';

async function openListened(disk: SimulatedDrive, settings: WalSettings) {
  const events: string[] = [];
  const onEvent = (event: WalEvent) => {
    if (event.type === 'full') events.push(`full, ${event.left} left`);
    else if (event.type === 'roomFound' || event.type === 'failed') events.push(event.type);
  };
  return { storage: await openOn(disk, { ...settings, onEvent }), events };
}

/** Whether a promise has settled once all that can happen has happened. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe.each(['no room to grow', 'no room to write'] as const)('a disk with %s', (kind) => {
  const fill = (disk: SimulatedDrive) =>
    kind === 'no room to grow' ? disk.leaveRoom(20) : disk.failFrom('write', 1, 'ENOSPC');
  const empty = (disk: SimulatedDrive) => {
    disk.leaveRoom(Number.POSITIVE_INFINITY);
    disk.mend();
  };

  it('lets saves wait in their order, and all of them succeed when there is room', async () => {
    const disk = newDrive();
    const { storage, events } = await openListened(disk, { batchBytesMax: 1024 });
    await storage.group(0).save(writeOf([entryOf(1)]));
    fill(disk);
    const order: number[] = [];
    const saves = [2, 3, 4, 5].map((index) =>
      storage
        .group(0)
        .save(writeOf([entryOf(index, 1, 900)]))
        .then(() => order.push(index)),
    );
    expect(await isSettled(Promise.race(saves))).toBe(false);
    expect(storage.room.isFull).toBe(true);
    await storage.room.retry();
    expect(order).toEqual([]);
    empty(disk);
    await storage.room.retry();
    await Promise.all(saves);
    expect(order).toEqual([2, 3, 4, 5]);
    expect(storage.room.isFull).toBe(false);
    expect(events).toEqual(['full, nothing left', 'roomFound']);
    await storage.close();
    expect(indexesOf((await openOn(disk)).group(0))).toEqual([1, 2, 3, 4, 5]);
  });

  it('needs nobody to retry when another save comes: that one looks for room as well', async () => {
    const disk = newDrive();
    const { storage, events } = await openListened(disk, {});
    fill(disk);
    const waiting = storage.group(0).save(writeOf([entryOf(1, 1, 900)]));
    expect(await isSettled(waiting)).toBe(false);
    empty(disk);
    await storage.group(1).save(writeOf([entryOf(1)]));
    await waiting;
    expect(events).toEqual(['full, nothing left', 'roomFound']);
  });

  it('goes on reading', async () => {
    const disk = newDrive();
    const { storage } = await openListened(disk, {});
    await storeSnapshot(storage.group(0), 1, Uint8Array.of(1, 2, 3));
    fill(disk);
    expect(await isSettled(storage.group(0).save(writeOf([entryOf(2, 1, 900)])))).toBe(false);
    const reader = await storage.group(0).openSnapshot();
    expect(await reader?.read(0, 3)).toEqual(Uint8Array.of(1, 2, 3));
    await reader?.close();
  });

  it('refuses what still waits when the storage is closed: none of it is there, and none comes back', async () => {
    for (const end of ['close', 'crash'] as const) {
      const disk = newDrive();
      const { storage } = await openListened(disk, {});
      await storage.group(0).save(writeOf([entryOf(1)]));
      fill(disk);
      const refused = rejectionOf(storage.group(0).save(writeOf([entryOf(2, 1, 900)])));
      await isSettled(refused);
      await storage.close();
      expect(await refused).toBeInstanceOf(StorageFullError);
      expect(await refused).toMatchObject({ code: 'STORAGE_FULL', effect: 'none', retryable: true });
      if (end === 'crash') disk.crash(new Random(3));
      empty(disk);
      expect(indexesOf((await openOn(disk)).group(0))).toEqual([1]);
    }
  });

  it('keeps what waits bounded, and refuses the rest', async () => {
    const disk = newDrive();
    const { storage } = await openListened(disk, {});
    fill(disk);
    const big = () => storage.group(0).save(writeOf([entryOf(1, 1, 1 << 24)]));
    const waiting = [big(), big(), big()];
    await isSettled(Promise.race(waiting));
    for (const save of waiting) save.catch(() => undefined);
    expect(await rejectionOf(big())).toMatchObject({ code: 'STORAGE_FULL', effect: 'none' });
    await storage.close();
  });
});

describe('the reserve', () => {
  const settings = { reserveBytes: 4000 };

  it('is given up for what finds no room, and kept again when there is some', async () => {
    const disk = newDrive();
    const { storage, events } = await openListened(disk, settings);
    expect(disk.bytesOf('reserve').length).toBe(4000);
    disk.leaveRoom(0);
    await storage.group(0).save(writeOf([entryOf(1, 1, 900)], { hardState: Uint8Array.of(1) }));
    expect(storage.room.isFull).toBe(true);
    expect(disk.files()).not.toContain('reserve');
    await storage.group(0).save(writeOf([], { hardState: Uint8Array.of(2) }));
    await storage.room.retry();
    expect(storage.room.isFull).toBe(true);
    disk.leaveRoom(10_000);
    await storage.room.retry();
    expect(storage.room.isFull).toBe(false);
    expect(disk.bytesOf('reserve').length).toBe(4000);
    expect(events).toEqual(['full, reserve left', 'roomFound']);
    await storage.close();
  });

  it('serves a snapshot and the register of incarnations too', async () => {
    const disk = newDrive();
    const { storage } = await openListened(disk, settings);
    disk.leaveRoom(0);
    await storeSnapshot(storage.group(0), 5, new Uint8Array(900).fill(7));
    expect(storage.room.isFull).toBe(true);
    const other = newDrive();
    const { storage: second } = await openListened(other, settings);
    other.leaveRoom(0);
    await second.incarnations.record('n2', 'ab'.repeat(16));
    expect(second.incarnations.known('n2')).toBe('ab'.repeat(16));
  });

  it('of a log that is mostly covered by a snapshot comes back without help: the log makes the room', async () => {
    const disk = newDrive();
    const { storage, events } = await openListened(disk, { ...settings, segmentBytesMax: 1 << 20 });
    for (let index = 1; index <= 100; index++)
      await storage.group(0).save(writeOf([entryOf(index, 1, 1000)]));
    disk.leaveRoom(0);
    await storage.group(0).save(writeOf([entryOf(101, 1, 1000)]));
    await storeSnapshot(storage.group(0), 100, Uint8Array.of(1));
    await storage.group(0).save(writeOf([], { discardThrough: { index: 100, term: 1 } }));
    await storage.room.retry();
    expect(storage.room.isFull).toBe(false);
    expect(events).toEqual(['full, reserve left', 'roomFound']);
    expect(storage.stats().logBytes).toBeLessThan(5000);
    disk.crash(new Random(1));
    expect(indexesOf((await openOn(disk)).group(0))).toEqual([101]);
  });

  it('that does not fit at the open says so, and saves succeed as long as there is room', async () => {
    const disk = newDrive();
    await (await openOn(disk)).close();
    disk.leaveRoom(2000);
    const { storage, events } = await openListened(disk, settings);
    expect(events).toEqual(['full, nothing left']);
    expect(storage.room.isFull).toBe(true);
    await storage.group(0).save(writeOf([entryOf(1)]));
    disk.leaveRoom(10_000);
    await storage.room.retry();
    expect(storage.room.isFull).toBe(false);
    await storage.close();
    expect(indexesOf((await openOn(disk)).group(0))).toEqual([1]);
    expect(disk.files()).not.toContain('reserve');
  });
});
