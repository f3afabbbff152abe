import { Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { entryOf, indexesOf, newDrive, openOn, rejectionOf, writeOf } from './node-life.js';

const segment = 'wal/00000001.log';

describe('zeros ahead of the log', () => {
  it('are written with a batch now and then, so that most batches change no length', async () => {
    const disk = newDrive();
    const storage = await openOn(disk, { preallocateBytes: 4096 });
    const lengths = new Set<number>();
    for (let index = 1; index <= 60; index++) {
      await storage.group(0).save(writeOf([entryOf(index, 1, 64)]));
      lengths.add(disk.bytesOf(segment).length);
    }
    expect(lengths.size).toBe(2);
    expect(storage.stats()).toMatchObject({ syncs: 60, batches: 60 });
    disk.kill();
    const again = await openOn(disk, { preallocateBytes: 4096 });
    expect(again.recovery.tornTail).toBeUndefined();
    expect(indexesOf(again.group(0))).toHaveLength(60);
    const before = disk.bytesOf(segment).length;
    await again.group(0).save(writeOf([entryOf(61)]));
    expect(disk.bytesOf(segment).length).toBe(before);
    await again.close();
    expect((await openOn(disk)).recovery).toMatchObject({ closedCleanly: true, batches: 61 });
  });

  it('are left out behind a long batch, beyond a full segment, and by a setting of 0', async () => {
    for (const [preallocateBytes, length] of [
      [1024, 600],
      [0, 10],
    ] as const) {
      const disk = newDrive();
      const storage = await openOn(disk, { preallocateBytes });
      await storage.group(0).save(writeOf([entryOf(1, 1, length)]));
      expect(disk.bytesOf(segment).at(-1)).toBe(1);
      await storage.close();
    }
    const disk = newDrive();
    const storage = await openOn(disk, { preallocateBytes: 1 << 20, segmentBytesMax: 4096 });
    await storage.group(0).save(writeOf([entryOf(1)]));
    expect(disk.bytesOf(segment).length).toBe(4096);
  });

  it('are gone from a segment that the log has left, also when a crash came in between', async () => {
    const settings = { preallocateBytes: 3000, segmentBytesMax: 4096, batchBytesMax: 1024 };
    for (let operations = 1; operations <= 60; operations++) {
      const disk = newDrive();
      const storage = await openOn(disk, settings);
      for (let index = 1; index <= 10; index++)
        await storage.group(0).save(writeOf([entryOf(index, 1, 300)]));
      disk.crashAfter(operations);
      for (let index = 11; index <= 20; index++)
        await rejectionOf(storage.group(0).save(writeOf([entryOf(index, 1, 300)])));
      if (operations % 2 === 0) disk.kill();
      else disk.crash(new Random(operations));
      const again = await openOn(disk, settings);
      for (let index = 21; index <= 24; index++) await again.group(1).save(writeOf([entryOf(index, 1, 300)]));
      await again.close();
      const third = await openOn(disk, settings);
      expect(indexesOf(third.group(0)).slice(0, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const [first = ''] = disk.files().filter((file) => file.endsWith('.log'));
      expect(disk.bytesOf(first).at(-1), `${operations}`).not.toBe(0);
    }
  });
});
