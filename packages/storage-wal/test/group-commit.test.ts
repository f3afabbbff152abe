import { describe, expect, it } from 'vitest';
import { StorageFailedError, type WalEvent } from '../src/index.js';
import { entryOf, indexesOf, newDrive, openOn, rejectionOf, writeOf } from './node-life.js';

describe('group commit', () => {
  it('shares one write and one sync between all saves of one turn, across groups', async () => {
    const disk = newDrive();
    const storage = await openOn(disk);
    const before = new Map(disk.calls);
    const saves = Array.from({ length: 100 }, (_, index) =>
      storage.group(index % 3).save(writeOf([entryOf(index + 1)])),
    );
    await Promise.all(saves);
    expect((disk.calls.get('dataSync') ?? 0) - (before.get('dataSync') ?? 0)).toBe(1);
    expect((disk.calls.get('write') ?? 0) - (before.get('write') ?? 0)).toBe(1);
    expect(storage.stats()).toMatchObject({ batches: 1, writes: 100, entries: 100, syncs: 1, segments: 1 });
    await storage.close();
  });

  it('gathers what comes during a sync into the next batch', async () => {
    const disk = newDrive();
    const storage = await openOn(disk);
    const first = storage.group(0).save(writeOf([entryOf(1)]));
    await Promise.resolve();
    await Promise.resolve();
    const later = Array.from({ length: 50 }, (_, index) =>
      storage.group(0).save(writeOf([entryOf(index + 2)])),
    );
    await Promise.all([first, ...later]);
    expect(storage.stats()).toMatchObject({ batches: 2, writes: 51 });
    await storage.close();
  });

  it('closes a batch at its limit, so that no sync carries everything', async () => {
    const disk = newDrive();
    const synced: number[] = [];
    const onEvent = (event: WalEvent) => {
      if (event.type === 'synced') synced.push(event.bytes);
    };
    const storage = await openOn(disk, { batchBytesMax: 2000, onEvent });
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => storage.group(0).save(writeOf([entryOf(index + 1, 1, 500)]))),
    );
    expect(synced.length).toBeGreaterThan(4);
    expect(Math.max(...synced)).toBeLessThan(2600);
    await storage.close();
  });

  it('settles saves in the order of the calls', async () => {
    const storage = await openOn(newDrive(), { batchBytesMax: 1024 });
    const settled: number[] = [];
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        await storage.group(index % 2).save(writeOf([entryOf(index + 1, 1, 100)]));
        settled.push(index);
      }),
    );
    expect(settled).toEqual([...settled].sort((left, right) => left - right));
    await storage.close();
  });

  it('takes the bytes of a write before save() returns', async () => {
    const disk = newDrive();
    const storage = await openOn(disk);
    const data = Uint8Array.of(1, 2, 3);
    const saved = storage.group(0).save(writeOf([{ index: 1, term: 1, kind: 'command', data }]));
    data.fill(9);
    await saved;
    await storage.close();
    const again = await openOn(disk);
    expect(again.group(0).recover().entries[0]?.data).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe('a write that is refused', () => {
  it.each([
    ['entries that do not ascend', writeOf([entryOf(2), entryOf(2)]), 'must ascend'],
    ['an index of 0', writeOf([entryOf(0)]), 'entry index is 0'],
    ['a broken term', writeOf([entryOf(1, -1)]), 'term of entry 1 is -1'],
    [
      'entries before its own discard point',
      writeOf([entryOf(3)], { discardThrough: { index: 3, term: 1 } }),
      'after discardThrough',
    ],
    ['a truncation from 0', writeOf([], { truncateFrom: 0 }), 'truncateFrom is 0'],
    ['more than one record may hold', writeOf([entryOf(1, 1, 5000)]), 'at most 4096 fit'],
  ])('leaves the storage as it was: %s', async (_, write, message) => {
    const disk = newDrive();
    const storage = await openOn(disk, { recordBytesMax: 4096 });
    const refused = rejectionOf(storage.group(0).save(write));
    const saved = storage.group(0).save(writeOf([entryOf(1)]));
    expect(await refused).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
    });
    await saved;
    await storage.close();
    expect(indexesOf((await openOn(disk)).group(0))).toEqual([1]);
  });
});

describe('a disk that fails', () => {
  it.each([
    ['write', 'EIO'],
    ['dataSync', 'EIO'],
    // A write may be tried again where there was no room; a sync may not, whatever its reason.
    ['dataSync', 'ENOSPC'],
  ] as const)('stops the storage for good when a %s fails with %s', async (kind, code) => {
    const disk = newDrive();
    const events: WalEvent[] = [];
    const storage = await openOn(disk, { batchBytesMax: 1024, onEvent: (event) => events.push(event) });
    await storage.group(0).save(writeOf([entryOf(1)]));
    disk.failFrom(kind, 1, code);
    const saves = [2, 3, 4].map((index) =>
      rejectionOf(storage.group(0).save(writeOf([entryOf(index, 1, 1000)]))),
    );
    for (const error of await Promise.all(saves)) {
      expect(error).toBeInstanceOf(StorageFailedError);
      expect(error).toMatchObject({ code: 'STORAGE_FAILED', effect: 'unknown', cause: { code } });
    }
    disk.mend();
    const syncs = disk.calls.get('dataSync');
    expect(await rejectionOf(storage.group(0).save(writeOf([entryOf(5)])))).toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('restart the node once the disk is sound'),
    });
    expect(disk.calls.get('dataSync')).toBe(syncs);
    expect(await rejectionOf(storage.group(0).openSnapshot())).toMatchObject({ code: 'STORAGE_FAILED' });
    expect(await rejectionOf(storage.incarnations.admit())).toMatchObject({ code: 'STORAGE_FAILED' });
    expect(events.filter((event) => event.type === 'failed')).toHaveLength(1);
    await storage.close();
    expect(disk.files()).not.toContain('wal/closed');
    expect(indexesOf((await openOn(disk)).group(0))[0]).toBe(1);
  });

  it('fails the saves too when the register cannot be written', async () => {
    const disk = newDrive();
    const storage = await openOn(disk);
    disk.failFrom('rename', 1, 'EIO');
    expect(await rejectionOf(storage.incarnations.record('n2', 'ab'.repeat(16)))).toMatchObject({
      code: 'STORAGE_FAILED',
    });
    expect(storage.incarnations.known('n2')).toBeUndefined();
    expect(await rejectionOf(storage.group(0).save(writeOf([])))).toMatchObject({ code: 'STORAGE_FAILED' });
    await storage.close();
  });
});

describe('a closed storage', () => {
  it('finishes the writes under way and refuses later ones', async () => {
    const disk = newDrive();
    const storage = await openOn(disk);
    const saved = storage.group(0).save(writeOf([entryOf(1)]));
    const closed = storage.close();
    const group = storage.group(0);
    expect(await rejectionOf(group.save(writeOf([entryOf(2)])))).toMatchObject({
      code: 'STORAGE_CLOSED',
      effect: 'none',
    });
    await saved;
    await closed;
    await storage.close();
    expect(await rejectionOf(group.openSnapshot())).toMatchObject({ code: 'STORAGE_CLOSED' });
    expect(await rejectionOf(storage.incarnations.admit())).toMatchObject({ code: 'STORAGE_CLOSED' });
    const again = await openOn(disk);
    expect(again.recovery).toMatchObject({ closedCleanly: true, batches: 1, groups: [0] });
    expect(indexesOf(again.group(0))).toEqual([1]);
  });

  it('is not disturbed by a listener that throws', async () => {
    const storage = await openOn(newDrive(), {
      onEvent: () => {
        throw new Error('listener');
      },
    });
    await storage.group(0).save(writeOf([entryOf(1)]));
    expect(storage.stats().batches).toBe(1);
    await storage.close();
  });
});

describe('recover()', () => {
  it('gives all fields of the last states, and never a proposal number', async () => {
    const disk = newDrive();
    const storage = await openOn(disk);
    expect(storage.group(4).recover()).toEqual({ discarded: { index: 0, term: 0 }, entries: [] });
    await storage.group(4).save(
      writeOf(
        [
          { ...entryOf(1), proposal: 7 },
          { index: 2, term: 3, kind: 'noop', data: new Uint8Array(0) },
        ],
        { hardState: Uint8Array.of(5, 6) },
      ),
    );
    await storage.group(4).save(
      writeOf([{ index: 2, term: 4, kind: 'membership', data: Uint8Array.of(1) }], {
        hardState: Uint8Array.of(7),
      }),
    );
    await storage.close();
    const recovered = (await openOn(disk)).group(4).recover();
    expect(recovered).toEqual({
      discarded: { index: 0, term: 0 },
      entries: [entryOf(1), { index: 2, term: 4, kind: 'membership', data: Uint8Array.of(1) }],
      hardState: Uint8Array.of(7),
    });
  });

  it('is there once, and not after the first save', async () => {
    const storage = await openOn(newDrive());
    storage.group(0).recover();
    expect(() => storage.group(0).recover()).toThrow('once, before the first save()');
    await storage.group(1).save(writeOf([entryOf(1)]));
    expect(() => storage.group(1).recover()).toThrow('once, before the first save()');
    expect(() => storage.group(-1)).toThrow('group is -1');
    await storage.close();
  });
});
