/** The reference storage in memory, held to the contract; and storages with a mistake each, which the suite must find. */
import { describe, expect, it } from 'vitest';
import { type StorageDisk, storageCases } from '../compliance/index.js';
import type { DurableWrite, GroupStorage, NodeStorage } from '../durable.js';
import { MemoryNodeStorage } from './memory-storage.js';

let disks = 0;

function newDisk(): StorageDisk {
  const incarnation = `${++disks}`.padStart(32, '0');
  let life: MemoryNodeStorage | undefined;
  return {
    async open() {
      life = life?.reopen() ?? new MemoryNodeStorage(incarnation);
      return life;
    },
    crash: () => life?.fail('the process was killed'),
    failSyncs: () => life?.fail('the disk is broken'),
    fill: () => life?.fail('no space is left'),
  };
}

describe('the contract of storages: memory', () => {
  for (const { name, run } of storageCases({ newDisk })) it(name, run);
});

type Mistake = (group: GroupStorage) => Partial<GroupStorage>;

function withMistake(mistake: Mistake): StorageDisk {
  const disk = newDisk();
  return {
    ...disk,
    async open(): Promise<NodeStorage> {
      const storage = await disk.open();
      const groups = new Map<number, GroupStorage>();
      return {
        incarnations: storage.incarnations,
        close: () => storage.close(),
        group(number) {
          const inner = storage.group(number);
          const group = groups.get(number) ?? {
            group: number,
            recover: () => inner.recover(),
            save: (write: DurableWrite) => inner.save(write),
            beginSnapshot: (meta) => inner.beginSnapshot(meta),
            openSnapshot: () => inner.openSnapshot(),
            ...mistake(inner),
          };
          groups.set(number, group);
          return group;
        },
      };
    },
  };
}

const mistakes: readonly (readonly [what: string, mistake: Mistake])[] = [
  [
    'confirms a save before it is durable',
    (inner) => ({
      async save(write) {
        inner.save(write).catch(() => undefined);
      },
    }),
  ],
  ['forgets the hard state', (inner) => ({ save: ({ hardState, ...write }) => inner.save(write) })],
  ['does not truncate', (inner) => ({ save: ({ truncateFrom, ...write }) => inner.save(write) })],
  ['does not discard', (inner) => ({ save: ({ discardThrough, ...write }) => inner.save(write) })],
  [
    'tears a write in two',
    (inner) => ({
      async save({ hardState, ...write }) {
        await inner.save(write);
        if (hardState !== undefined) await inner.save({ receipt: write.receipt, entries: [], hardState });
      },
    }),
  ],
  [
    'gives out whole snapshots only',
    (inner) => ({
      async openSnapshot() {
        const reader = await inner.openSnapshot();
        return reader && { ...reader, read: () => reader.read(0, reader.bytesTotal) };
      },
    }),
  ],
  [
    'shows a snapshot before it is committed',
    (inner) => ({
      async beginSnapshot(meta) {
        const writer = await inner.beginSnapshot(meta);
        const written: Uint8Array[] = [];
        return {
          async write(chunk) {
            written.push(chunk);
            const early = await inner.beginSnapshot(meta);
            for (const each of written) await early.write(each);
            await early.commit();
          },
          commit: () => writer.commit(),
          abort: () => writer.abort(),
        };
      },
    }),
  ],
  [
    'recovers from an index on only',
    (inner) => ({
      recover() {
        const state = inner.recover();
        return { ...state, entries: state.entries.slice(0, -1) };
      },
    }),
  ],
];

describe('a storage with a mistake', () => {
  it.each(mistakes)('is found out: one that %s', async (_, mistake) => {
    const found: string[] = [];
    for (const { name, run } of storageCases({ newDisk: () => withMistake(mistake) })) {
      await run().catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'NOT_COMPLIANT' });
        found.push(name);
      });
    }
    expect(found).not.toEqual([]);
  });
});
