import { Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import type { WalEvent } from '../src/index.js';
import { membership, snapshotMeta } from './durable-model.js';
import { entryOf, newDrive, openOn, rejectionOf, storeSnapshot, writeOf } from './node-life.js';

function content(length: number): Uint8Array {
  return new Uint8Array(length).map((_, position) => position * 7);
}

const small = { snapshotChunkBytes: 512 };

describe('a snapshot', () => {
  it.each([0, 1, 511, 512, 513, 1024, 5000])(
    'of %i bytes is read back in parts of any length',
    async (length) => {
      const disk = newDrive();
      const storage = await openOn(disk, small);
      const bytes = content(length);
      const writer = await storage.group(3).beginSnapshot({ index: 7, term: 2, membership });
      for (let start = 0; start < length; start += 300)
        await writer.write(bytes.subarray(start, start + 300));
      await writer.commit();
      await storage.close();
      const again = await openOn(disk, { snapshotChunkBytes: 4096 });
      expect(again.recovery.groups).toEqual([3]);
      expect(again.group(3).recover()).toMatchObject({
        entries: [],
        snapshot: { index: 7, term: 2, membership },
      });
      const reader = await again.group(3).openSnapshot();
      expect(reader?.bytesTotal).toBe(length);
      expect(reader?.meta).toEqual({ index: 7, term: 2, membership });
      for (const [offset, wanted] of [
        [0, length],
        [0, 1],
        [length, 5],
        [500, 100],
        [511, 2],
        [100, 4000],
      ] as const) {
        expect(await reader?.read(offset, wanted)).toEqual(bytes.slice(offset, offset + wanted));
      }
      await reader?.close();
      await again.close();
    },
  );

  it('cannot be seen before it is committed, and leaves nothing behind when it is aborted', async () => {
    const disk = newDrive();
    const storage = await openOn(disk, small);
    const group = storage.group(0);
    expect(await group.openSnapshot()).toBeUndefined();
    const writer = await group.beginSnapshot(snapshotMeta({ index: 5, term: 1 }));
    await writer.write(content(2000));
    expect(await group.openSnapshot()).toBeUndefined();
    await writer.abort();
    await writer.abort();
    expect(disk.files().filter((file) => file.startsWith('snapshots'))).toEqual([]);
    expect(await rejectionOf(writer.write(content(1)))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await rejectionOf(writer.commit())).toMatchObject({ code: 'INVALID_ARGUMENT' });
    await storage.close();
  });

  it('takes the place of the one before, which goes when nobody reads it any more', async () => {
    const disk = newDrive();
    const events: WalEvent[] = [];
    const storage = await openOn(disk, { ...small, onEvent: (event) => events.push(event) });
    const group = storage.group(0);
    await storeSnapshot(group, 5, content(1000));
    const reader = await group.openSnapshot();
    const second = await group.openSnapshot();
    await storeSnapshot(group, 9, content(10));
    expect(disk.files()).toContain('snapshots/0/5-1.snap');
    expect(await reader?.read(0, 1000)).toEqual(content(1000));
    await reader?.close();
    await reader?.close();
    expect(disk.files()).toContain('snapshots/0/5-1.snap');
    await second?.close();
    expect(disk.files()).not.toContain('snapshots/0/5-1.snap');
    expect((await group.openSnapshot())?.meta.index).toBe(9);
    expect(events.filter((event) => event.type === 'snapshotSaved').map((event) => event.file)).toEqual([
      'snapshots/0/5-1.snap',
      'snapshots/0/9-1.snap',
    ]);
    await storage.close();
  });

  it('that is older than the stored one is dropped at its commit', async () => {
    const disk = newDrive();
    const storage = await openOn(disk, small);
    const late = await storage.group(0).beginSnapshot(snapshotMeta({ index: 5, term: 1 }));
    await late.write(content(10));
    await storeSnapshot(storage.group(0), 9, content(20));
    await late.commit();
    expect((await storage.group(0).openSnapshot())?.meta.index).toBe(9);
    await storage.close();
    expect(disk.files().filter((file) => file.startsWith('snapshots'))).toEqual(['snapshots/0/9-1.snap']);
  });

  it.each([
    [5, 9],
    [9, 5],
  ])('stays when an older one is committed at the same time: through %i and %i', async (first, second) => {
    const disk = newDrive();
    const storage = await openOn(disk, small);
    const writers = await Promise.all(
      [first, second].map((index) => storage.group(0).beginSnapshot(snapshotMeta({ index, term: 1 }))),
    );
    await Promise.all(writers.map((writer) => writer.commit()));
    expect((await storage.group(0).openSnapshot())?.meta.index).toBe(9);
    await storage.close();
    expect(disk.files().filter((file) => file.startsWith('snapshots'))).toEqual(['snapshots/0/9-1.snap']);
    expect((await openOn(disk)).group(0).recover().snapshot?.index).toBe(9);
  });

  it('can be written anew for the same position', async () => {
    const disk = newDrive();
    const storage = await openOn(disk, small);
    await storeSnapshot(storage.group(0), 5, content(10));
    const reader = await storage.group(0).openSnapshot();
    await storeSnapshot(storage.group(0), 5, content(20));
    expect(await reader?.read(0, 100)).toEqual(content(10));
    await reader?.close();
    expect((await storage.group(0).openSnapshot())?.bytesTotal).toBe(20);
    await storage.close();
    expect((await openOn(disk)).group(0).recover().snapshot?.index).toBe(5);
  });

  it('that was cut short by a crash is cleared away at the next open', async () => {
    const disk = newDrive();
    const storage = await openOn(disk, small);
    await storeSnapshot(storage.group(0), 5, content(10));
    const writer = await storage.group(0).beginSnapshot(snapshotMeta({ index: 9, term: 1 }));
    await writer.write(content(3000));
    await disk.boot().syncDirectory('snapshots/0');
    disk.crash(new Random(2));
    expect(disk.files().some((file) => file.endsWith('.tmp'))).toBe(true);
    const again = await openOn(disk, small);
    expect(disk.files().filter((file) => file.startsWith('snapshots'))).toEqual(['snapshots/0/5-1.snap']);
    expect(again.group(0).recover().snapshot?.index).toBe(5);
  });

  it('that the disk refuses leaves the storage and the snapshot before it as they were', async () => {
    const disk = newDrive();
    const storage = await openOn(disk, small);
    await storeSnapshot(storage.group(0), 5, content(10));
    const writer = await storage.group(0).beginSnapshot(snapshotMeta({ index: 9, term: 1 }));
    disk.failFrom('write', 1, 'ENOSPC');
    expect(await rejectionOf(writer.write(content(3000)))).toMatchObject({
      code: 'SNAPSHOT_FAILED',
      retryable: true,
      cause: { code: 'ENOSPC' },
    });
    disk.mend();
    expect((await storage.group(0).openSnapshot())?.meta.index).toBe(5);
    await storage.group(0).save(writeOf([entryOf(6)]));
    await storage.close();
    expect(disk.files().filter((file) => file.startsWith('snapshots'))).toEqual(['snapshots/0/5-1.snap']);
  });

  it('refuses calls that overlap and arguments out of range', async () => {
    const disk = newDrive();
    const storage = await openOn(disk, small);
    const group = storage.group(0);
    expect(await rejectionOf(group.beginSnapshot(snapshotMeta({ index: 0, term: 0 })))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    const writer = await group.beginSnapshot(snapshotMeta({ index: 5, term: 1 }));
    const first = writer.write(content(1000));
    expect(await rejectionOf(writer.write(content(1)))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    await first;
    await writer.commit();
    const reader = await group.openSnapshot();
    expect(reader && (await rejectionOf(reader.read(-1, 1)))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(reader && (await rejectionOf(reader.read(0, Number.NaN)))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await reader?.close();
    expect(reader && (await rejectionOf(reader.read(0, 1)))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    await storage.close();
  });
});

describe('a damaged snapshot', () => {
  it('is told with file and offset of the chunk when that is read', async () => {
    const disk = newDrive();
    const storage = await openOn(disk, small);
    await storeSnapshot(storage.group(0), 5, content(2000));
    const file = 'snapshots/0/5-1.snap';
    const bytes = disk.bytesOf(file).slice();
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 4;
    disk.damage(file, bytes);
    await storage.close();
    const again = await openOn(disk, small);
    const reader = await again.group(0).openSnapshot();
    const error = reader && (await rejectionOf(reader.read(0, 2000)));
    expect(error).toMatchObject({ code: 'STORAGE_CORRUPT', file });
    expect(error).toHaveProperty('offset', bytes.length - middle > 0 ? expect.any(Number) : 0);
    expect(await reader?.read(0, 10)).toEqual(content(10));
    await again.close();
  });

  it('is refused at the open when its ends are damaged, instead of going back to an older one', async () => {
    for (const from of ['begin', 'end']) {
      const disk = newDrive();
      const storage = await openOn(disk, small);
      await storage.group(0).save(writeOf([entryOf(1), entryOf(2)]));
      await storeSnapshot(storage.group(0), 2, content(100));
      await storage.group(0).save(writeOf([], { discardThrough: { index: 2, term: 1 } }));
      await storage.close();
      const file = 'snapshots/0/2-1.snap';
      const bytes = disk.bytesOf(file).slice();
      const position = from === 'begin' ? 20 : bytes.length - 2;
      bytes[position] = (bytes[position] ?? 0) ^ 1;
      disk.damage(file, bytes);
      expect(await rejectionOf(openOn(disk))).toMatchObject({ code: 'STORAGE_CORRUPT', file });
    }
  });

  it('is refused when it is gone, and the log before it too', async () => {
    const disk = newDrive();
    const storage = await openOn(disk, small);
    await storeSnapshot(storage.group(0), 2, content(100));
    await storage.group(0).save(writeOf([], { discardThrough: { index: 2, term: 1 } }));
    await storage.close();
    disk.lose('snapshots/0/2-1.snap');
    expect(await rejectionOf(openOn(disk))).toMatchObject({
      code: 'STORAGE_CORRUPT',
      expected: 'a snapshot through index 2 or later, because the log before it was discarded',
      found: 'no snapshot',
    });
  });

  it('is seen when its chunks are those of another snapshot', async () => {
    const disk = newDrive();
    const storage = await openOn(disk, small);
    await storeSnapshot(storage.group(0), 2, content(1000));
    const other = disk.bytesOf('snapshots/0/2-1.snap').slice();
    await storeSnapshot(storage.group(0), 3, content(1000));
    const bytes = disk.bytesOf('snapshots/0/3-1.snap').slice();
    bytes.set(other.subarray(100, 700), 100);
    disk.damage('snapshots/0/3-1.snap', bytes);
    const reader = await storage.group(0).openSnapshot();
    expect(reader && (await rejectionOf(reader.read(0, 1000)))).toMatchObject({ code: 'STORAGE_CORRUPT' });
    await storage.close();
  });
});
