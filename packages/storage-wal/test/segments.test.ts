import { Random } from '@synod/core';
import type { SimulatedDrive } from '@synod/simulator';
import { describe, expect, it } from 'vitest';
import type { WalEvent, WalSettings, WalStorage } from '../src/index.js';
import { entryOf, indexesOf, newDrive, openOn, rejectionOf, storeSnapshot, writeOf } from './node-life.js';

const small: WalSettings = { segmentBytesMax: 4096, batchBytesMax: 1024, segmentsBeforeMove: 2 };

function segmentsOf(disk: SimulatedDrive): string[] {
  return disk.files().filter((file) => file.endsWith('.log'));
}

/** Appends entries of 500 bytes to a group, snapshotting and discarding all but the last of each ten. */
async function busyWrites(storage: WalStorage, group: number, from: number, count: number): Promise<void> {
  for (let index = from; index < from + count; index++) {
    await storage.group(group).save(writeOf([entryOf(index, 1, 500)]));
    if (index % 10 !== 0) continue;
    await storeSnapshot(storage.group(group), index, Uint8Array.of(index));
    await storage.group(group).save(writeOf([], { discardThrough: { index: index - 1, term: 1 } }));
  }
}

describe('segments', () => {
  it('are begun when one is full, and all are read back in order', async () => {
    const disk = newDrive();
    const created: string[] = [];
    const onEvent = (event: WalEvent) => {
      if (event.type === 'segmentCreated') created.push(event.file);
    };
    const storage = await openOn(disk, { ...small, onEvent });
    for (let index = 1; index <= 30; index++) await storage.group(0).save(writeOf([entryOf(index, 1, 500)]));
    expect(created.length).toBeGreaterThan(2);
    for (const file of segmentsOf(disk)) expect(disk.bytesOf(file).length).toBeLessThanOrEqual(4096 + 100);
    expect(storage.stats().segments).toBe(segmentsOf(disk).length);
    await storage.close();
    const again = await openOn(disk, small);
    expect(again.recovery.segments).toBe(created.length + 1);
    expect(indexesOf(again.group(0))).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  });

  it('hold a batch that is longer than a segment may be', async () => {
    const disk = newDrive();
    const storage = await openOn(disk, small);
    await storage.group(0).save(writeOf([entryOf(1, 1, 20_000)]));
    await storage.group(0).save(writeOf([entryOf(2, 1, 20_000)]));
    await storage.close();
    expect(
      (await openOn(disk, small))
        .group(0)
        .recover()
        .entries.map((entry) => entry.data.length),
    ).toEqual([20_000, 20_000]);
  });

  it('go when a snapshot covers what they hold', async () => {
    const disk = newDrive();
    const storage = await openOn(disk, small);
    await busyWrites(storage, 0, 1, 100);
    expect(segmentsOf(disk).length).toBeLessThanOrEqual(5);
    expect(segmentsOf(disk)).not.toContain('wal/00000001.log');
    await storage.close();
    const again = await openOn(disk, small);
    expect(indexesOf(again.group(0))).toEqual([100]);
  });

  it('are not held by a quiet group: its small state is written again', async () => {
    const disk = newDrive();
    const storage = await openOn(disk, small);
    await storage.group(5).save(writeOf([], { hardState: Uint8Array.of(1, 2, 3) }));
    await storeSnapshot(storage.group(6), 9, Uint8Array.of(1));
    await storage.group(6).save(writeOf([], { discardThrough: { index: 9, term: 4 } }));
    await busyWrites(storage, 0, 1, 100);
    expect(segmentsOf(disk)).not.toContain('wal/00000001.log');
    disk.crash(new Random(1));
    const again = await openOn(disk, small);
    expect(again.group(5).recover().hardState).toEqual(Uint8Array.of(1, 2, 3));
    expect(again.group(6).recover().discarded).toEqual({ index: 9, term: 4 });
  });

  it('are not held by entries of a quiet group: they are moved, within a budget, and stay what they were', async () => {
    const disk = newDrive();
    let moved = 0;
    const onEvent = (event: WalEvent) => {
      if (event.type !== 'entriesMoved') return;
      moved += event.entries;
      expect(event.bytes).toBeLessThan(2048 + 1024);
    };
    const storage = await openOn(disk, { ...small, onEvent });
    for (let index = 1; index <= 6; index++) {
      await storage.group(5).save(writeOf([entryOf(index, index, 300)], { hardState: Uint8Array.of(index) }));
    }
    await storage.group(5).save(writeOf([entryOf(4, 40, 300)], { truncateFrom: 4 }));
    await busyWrites(storage, 0, 1, 200);
    expect(moved).toBeGreaterThanOrEqual(4);
    expect(segmentsOf(disk)).not.toContain('wal/00000001.log');
    expect(segmentsOf(disk).length).toBeLessThanOrEqual(8);
    disk.crash(new Random(1));
    const recovered = (await openOn(disk, small)).group(5).recover();
    expect(recovered.entries.map((entry) => [entry.index, entry.term])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 40],
    ]);
    expect(recovered.entries[3]?.data).toEqual(new Uint8Array(300).fill(4));
    expect(recovered.hardState).toEqual(Uint8Array.of(6));
  });

  it('stay bounded in number over many restarts', async () => {
    const disk = newDrive();
    let index = 1;
    for (let life = 0; life < 10; life++) {
      const storage = await openOn(disk, small);
      if (life === 0) await storage.group(5).save(writeOf([entryOf(1, 1, 300)]));
      await busyWrites(storage, 0, index, 40);
      index += 40;
      if (life % 2 === 0) await storage.close();
      else disk.crash(new Random(life));
    }
    expect(segmentsOf(disk).length).toBeLessThanOrEqual(8);
    expect(indexesOf((await openOn(disk, small)).group(5))).toEqual([1]);
  });
});

describe('segments that are missing or damaged', () => {
  async function diskWithSegments(): Promise<SimulatedDrive> {
    const disk = newDrive();
    const storage = await openOn(disk, small);
    for (let index = 1; index <= 40; index++) await storage.group(0).save(writeOf([entryOf(index, 1, 500)]));
    disk.crash(new Random(1));
    expect(segmentsOf(disk).length).toBeGreaterThanOrEqual(5);
    return disk;
  }

  it('are refused wherever the missing one stood', async () => {
    const names = segmentsOf(await diskWithSegments());
    for (const lost of names) {
      const disk = await diskWithSegments();
      disk.lose(lost);
      expect(await rejectionOf(openOn(disk, small)), lost).toMatchObject({
        code: 'STORAGE_CORRUPT',
        file: lost,
        found: 'no such file',
      });
    }
  });

  it('are refused when the tail of one before the last is cut, however short the cut', async () => {
    const disk = await diskWithSegments();
    const file = 'wal/00000002.log';
    const whole = disk.bytesOf(file).slice();
    for (const length of [whole.length - 1, whole.length - 20, whole.length - 34, whole.length - 35, 700]) {
      disk.damage(file, whole.subarray(0, length));
      expect(await rejectionOf(openOn(disk, small)), `${length}`).toMatchObject({
        code: 'STORAGE_CORRUPT',
        file,
      });
    }
    disk.damage(file, Buffer.concat([whole, Buffer.from('more')]));
    expect(await rejectionOf(openOn(disk, small))).toMatchObject({ file, offset: whole.length });
  });

  it('are refused wherever a bit flips before the last batch', async () => {
    const disk = await diskWithSegments();
    const random = new Random(5);
    const files = segmentsOf(disk);
    for (let count = 0; count < 300; count++) {
      const file = files[random.integer(0, files.length - 1)] ?? '';
      const damaged = disk.copy();
      const bytes = damaged.bytesOf(file).slice();
      const position = random.integer(0, bytes.length);
      bytes[position] = (bytes[position] ?? 0) ^ (1 << random.integer(0, 8));
      damaged.damage(file, bytes);
      const error = await rejectionOf(openOn(damaged, small));
      expect(error, `${file} at ${position}`).toMatchObject({ code: 'STORAGE_CORRUPT', file });
    }
  });

  it('are refused when one stands in the place of another', async () => {
    const disk = await diskWithSegments();
    disk.damage('wal/00000002.log', disk.bytesOf('wal/00000003.log'));
    expect(await rejectionOf(openOn(disk, small))).toMatchObject({
      code: 'STORAGE_CORRUPT',
      file: 'wal/00000002.log',
      offset: 0,
    });
  });

  it('are found when they are damaged while the log runs and entries must be moved', async () => {
    const disk = newDrive();
    const storage = await openOn(disk, small);
    await storage.group(5).save(writeOf([entryOf(1, 1, 300)]));
    const bytes = disk.bytesOf('wal/00000001.log').slice();
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    disk.damage('wal/00000001.log', bytes);
    const failed = busyWrites(storage, 0, 1, 100);
    expect(await rejectionOf(failed)).toMatchObject({ code: 'STORAGE_CORRUPT', file: 'wal/00000001.log' });
    expect(await rejectionOf(storage.group(0).save(writeOf([])))).toMatchObject({ code: 'STORAGE_CORRUPT' });
  });
});
