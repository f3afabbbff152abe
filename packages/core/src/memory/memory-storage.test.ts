import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DurableWrite, RecoveredState, SnapshotMeta } from '../durable.js';
import type { Entry } from '../entry.js';
import { InvalidArgumentError } from '../errors.js';
import { createMembership } from '../membership.js';
import { MemoryNodeStorage } from './memory-storage.js';

const incarnation = '0123456789abcdef0123456789abcdef';
const membership = createMembership(['n1']);

function entry(index: number, term = 1, ...data: number[]): Entry {
  return { index, term, kind: 'command', data: new Uint8Array(data) };
}

function write(change: Partial<DurableWrite>): DurableWrite {
  return { receipt: { sequence: 1, last: undefined }, entries: [], ...change };
}

function meta(index: number, term = 1): SnapshotMeta {
  return { index, term, membership };
}

/** A storage whose syncs happen when the test says so. */
function heldStorage() {
  const planned: (() => void)[] = [];
  const storage = new MemoryNodeStorage(incarnation, { defer: (callback) => planned.push(callback) });
  return { storage, sync: () => planned.splice(0).forEach((callback) => void callback()) };
}

async function afterRestart(...writes: readonly DurableWrite[]): Promise<RecoveredState> {
  const storage = new MemoryNodeStorage(incarnation);
  await Promise.all(writes.map((each) => storage.group(0).save(each)));
  return storage.reopen().group(0).recover();
}

describe('MemoryNodeStorage', () => {
  it('finds after a restart what was saved, without the proposals of the earlier life', async () => {
    const recovered = await afterRestart(
      write({ entries: [{ ...entry(1, 1, 7), proposal: 5 }, entry(2)], hardState: new Uint8Array([9]) }),
    );
    expect(recovered.entries).toEqual([entry(1, 1, 7), entry(2)]);
    expect([...(recovered.hardState ?? [])]).toEqual([9]);
    expect(recovered.snapshot).toBeUndefined();
  });

  it('discards, truncates and replaces in the order of a write', async () => {
    const entries = [entry(1), entry(2), entry(3), entry(4)];
    const recovered = await afterRestart(
      write({ entries }),
      write({ discardThrough: { index: 1, term: 1 }, truncateFrom: 3, entries: [entry(3, 2)] }),
    );
    expect(recovered.discarded).toEqual({ index: 1, term: 1 });
    expect(recovered.entries).toEqual([entry(2), entry(3, 2)]);
  });

  it('keeps an accepted slot beside a gap, and replaces it under a higher ballot', async () => {
    const recovered = await afterRestart(
      write({ entries: [entry(5, 1)] }),
      write({ entries: [entry(2, 1), entry(5, 3)] }),
    );
    expect(recovered.entries).toEqual([entry(2, 1), entry(5, 3)]);
  });

  it('starts the log anew behind a snapshot that reaches past its end', async () => {
    const recovered = await afterRestart(
      write({ entries: [entry(1), entry(2)] }),
      write({ discardThrough: { index: 10, term: 4 }, entries: [entry(11, 4)] }),
    );
    expect(recovered.discarded).toEqual({ index: 10, term: 4 });
    expect(recovered.entries).toEqual([entry(11, 4)]);
  });

  it('agrees with a plain map of entries under any writes', async () => {
    const position = fc.integer({ min: 1, max: 12 });
    const change = fc.record(
      {
        discard: position,
        truncate: position,
        put: fc.uniqueArray(position, { maxLength: 4 }),
        term: position,
      },
      { requiredKeys: ['put', 'term'] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
        const oracle = new Map<number, number>();
        const writes: DurableWrite[] = [];
        let discarded = 0;
        for (const { discard, truncate, put, term } of changes) {
          discarded = Math.max(discarded, discard ?? 0);
          for (const index of [...oracle.keys()]) {
            if (index <= discarded || index >= (truncate ?? 99)) oracle.delete(index);
          }
          const indexes = put.filter((index) => index > discarded).sort((left, right) => left - right);
          for (const index of indexes) oracle.set(index, term);
          writes.push(
            write({
              entries: indexes.map((index) => entry(index, term)),
              ...(discard === undefined ? {} : { discardThrough: { index: discard, term: 1 } }),
              ...(truncate === undefined ? {} : { truncateFrom: truncate }),
            }),
          );
        }
        const { entries } = await afterRestart(...writes);
        expect(entries.map(({ index, term }) => [index, term])).toEqual(
          [...oracle].sort(([left], [right]) => left - right),
        );
      }),
    );
  });

  it('shares one sync among the saves that wait together, of all groups', async () => {
    const storage = new MemoryNodeStorage(incarnation);
    const saves = Array.from({ length: 100 }, (_, number) => storage.group(number % 3).save(write({})));
    await Promise.all(saves);
    expect(storage.stats()).toMatchObject({ saves: 100, syncs: 1 });
  });

  it('loses at a crash what no sync covered, and ends it with an error', async () => {
    const { storage, sync } = heldStorage();
    const early = storage.group(0).save(write({ entries: [entry(1)] }));
    sync();
    await early;
    const late = storage.group(0).save(write({ entries: [entry(2)] }));
    const reopened = storage.reopen();
    await expect(late).rejects.toMatchObject({ code: 'STORAGE_FAILED', effect: 'unknown' });
    sync();
    expect(reopened.group(0).recover().entries).toEqual([entry(1)]);
    await expect(storage.group(0).save(write({}))).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  });

  it('shows a snapshot only once it is committed, and reads any part of it', async () => {
    const storage = new MemoryNodeStorage(incarnation);
    const group = storage.group(0);
    const writer = await group.beginSnapshot(meta(3, 2));
    const chunk = new Uint8Array([1, 2, 3]);
    await writer.write(chunk);
    chunk.fill(0);
    await writer.write(new Uint8Array([4]));
    expect(await group.openSnapshot()).toBeUndefined();
    await writer.commit();
    const reader = await group.openSnapshot();
    expect(reader?.meta).toEqual(meta(3, 2));
    expect(reader?.bytesTotal).toBe(4);
    expect([...((await reader?.read(1, 2)) ?? [])]).toEqual([2, 3]);
    expect([...((await reader?.read(3, 100)) ?? [])]).toEqual([4]);
    expect(storage.reopen().group(0).recover().snapshot).toEqual(meta(3, 2));
  });

  it('drops an aborted snapshot and takes nothing more for it', async () => {
    const group = new MemoryNodeStorage(incarnation).group(0);
    const writer = await group.beginSnapshot(meta(1));
    await writer.abort();
    await expect(writer.write(new Uint8Array([1]))).rejects.toBeInstanceOf(InvalidArgumentError);
    await expect(writer.commit()).rejects.toBeInstanceOf(InvalidArgumentError);
    expect(await group.openSnapshot()).toBeUndefined();
  });

  it('remembers incarnations and its own admission across restarts', async () => {
    const storage = new MemoryNodeStorage(incarnation);
    const peer = 'f'.repeat(32);
    await storage.incarnations.record('n2', peer);
    await storage.incarnations.admit();
    const { incarnations } = storage.reopen();
    expect(incarnations.own).toBe(incarnation);
    expect(incarnations.known('n2')).toBe(peer);
    expect(incarnations.known('n3')).toBeUndefined();
    expect(incarnations.admitted).toBe(true);
  });

  it('fails every save under way and later when its disk breaks', async () => {
    const { storage, sync } = heldStorage();
    const underWay = storage.group(0).save(write({}));
    storage.fail('no space left');
    await expect(underWay).rejects.toThrow(/no space left/);
    await expect(storage.incarnations.admit()).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await expect(storage.group(0).beginSnapshot(meta(1))).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    sync();
    expect(storage.reopen().incarnations.admitted).toBe(false);
  });

  it('finishes what is under way when closed', async () => {
    const { storage, sync } = heldStorage();
    const underWay = storage.group(0).save(write({ entries: [entry(1)] }));
    const closed = storage.close();
    sync();
    await Promise.all([underWay, closed]);
    expect(storage.reopen().group(0).recover().entries).toEqual([entry(1)]);
  });

  it('refuses an incarnation that is none', () => {
    expect(() => new MemoryNodeStorage('n1')).toThrow(InvalidArgumentError);
  });
});
