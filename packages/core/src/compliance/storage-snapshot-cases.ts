/** Cases about snapshots. */
import { demand } from './contract-watch.js';
import {
  bytesOf,
  demandRejected,
  entryAt,
  isSameBytes,
  metaAt,
  nextLife,
  snapshotBytes,
  storeSnapshot,
  writeOf,
} from './storage-trial.js';
import type { StorageCase, StorageUnderTest } from './storage-under-test.js';

/** Cases about what is stored beside the log. */
export function storageSnapshotCases(storage: StorageUnderTest): readonly StorageCase[] {
  return [
    { name: 'shows a snapshot only when it is committed', run: () => showsCommitted(storage) },
    { name: 'drops a snapshot that is given up', run: () => dropsAborted(storage) },
    { name: 'holds a committed snapshot through a crash', run: () => holdsThroughCrash(storage) },
    { name: 'reads any part of a snapshot', run: () => readsAnyPart(storage) },
    { name: 'lets a newer snapshot take the place of an older one', run: () => takesPlace(storage) },
    { name: 'goes on reading a snapshot that a newer one replaces', run: () => keepsReading(storage) },
    { name: 'takes bytes of a snapshot before write() is done', run: () => takesBytes(storage) },
  ];
}

const meta = metaAt({ index: 3, term: 2 });

async function showsCommitted({ newDisk }: StorageUnderTest): Promise<void> {
  const disk = await newDisk();
  const storage = await disk.open();
  const writer = await storage.group(0).beginSnapshot(meta);
  await writer.write(bytesOf(1, 5000));
  demand((await storage.group(0).openSnapshot()) === undefined, 'a snapshot is not seen before commit()');
  const again = await nextLife(disk, storage, 'crashed');
  demand(again.group(0).recover().snapshot === undefined, 'a crash before commit() leaves no snapshot');
  await again.close();
}

async function dropsAborted({ newDisk }: StorageUnderTest): Promise<void> {
  const storage = await (await newDisk()).open();
  const group = storage.group(0);
  await storeSnapshot(group, metaAt({ index: 1, term: 1 }), bytesOf(1, 10));
  const writer = await group.beginSnapshot(meta);
  await writer.write(bytesOf(2, 100));
  await writer.abort();
  await demandRejected(writer.write(bytesOf(3, 1)), 'write() after abort()');
  await demandRejected(writer.commit(), 'commit() after abort()');
  demand(isSameBytes(await snapshotBytes(group), bytesOf(1, 10)), 'the snapshot before stays');
  await storage.close();
}

async function holdsThroughCrash({ newDisk }: StorageUnderTest): Promise<void> {
  const disk = await newDisk();
  const storage = await disk.open();
  await storage.group(0).save(writeOf([1, 2, 3, 4].map((index) => entryAt(index, 2))));
  await storeSnapshot(storage.group(0), meta, bytesOf(7, 70_000));
  const again = await nextLife(disk, storage, 'crashed');
  const { snapshot, entries } = again.group(0).recover();
  demand(
    snapshot?.index === 3 && snapshot.term === 2 && snapshot.membership.members.length === 3,
    'a committed snapshot is recovered with its index, term and members',
  );
  demand(entries.length === 4, 'a snapshot alone discards no entries');
  demand(isSameBytes(await snapshotBytes(again.group(0)), bytesOf(7, 70_000)), 'its bytes are those written');
  await again.close();
}

async function readsAnyPart({ newDisk }: StorageUnderTest): Promise<void> {
  const storage = await (await newDisk()).open();
  const bytes = bytesOf(4, 3000);
  await storeSnapshot(storage.group(0), meta, bytes);
  const reader = await storage.group(0).openSnapshot();
  demand(reader?.bytesTotal === bytes.length && reader.meta.index === 3, 'a reader says what it reads');
  for (const [offset, length] of [
    [0, 1],
    [0, 3000],
    [1, 1],
    [511, 1026],
    [2999, 1],
    [2990, 100],
    [3000, 10],
    [5, 0],
  ] as const) {
    const part = await reader.read(offset, length);
    demand(
      isSameBytes(part, bytes.subarray(offset, offset + length)),
      `${length} bytes from ${offset} of 3000 are those written there`,
    );
  }
  await reader.close();
  await storage.close();
}

async function takesPlace({ newDisk }: StorageUnderTest): Promise<void> {
  const disk = await newDisk();
  const storage = await disk.open();
  for (const index of [1, 2, 5]) {
    await storeSnapshot(storage.group(0), metaAt({ index, term: 1 }), bytesOf(index, 100 * index));
    demand(
      isSameBytes(await snapshotBytes(storage.group(0)), bytesOf(index, 100 * index)),
      'the newest is read',
    );
  }
  await storeSnapshot(storage.group(0), metaAt({ index: 6, term: 1 }), new Uint8Array(0));
  const again = await nextLife(disk, storage, 'crashed');
  demand(again.group(0).recover().snapshot?.index === 6, 'the newest is recovered, be it empty');
  demand((await snapshotBytes(again.group(0)))?.length === 0, 'an empty snapshot is read as empty');
  await again.close();
}

async function keepsReading({ newDisk }: StorageUnderTest): Promise<void> {
  const storage = await (await newDisk()).open();
  await storeSnapshot(storage.group(0), metaAt({ index: 1, term: 1 }), bytesOf(1, 2000));
  const reader = await storage.group(0).openSnapshot();
  await storeSnapshot(storage.group(0), metaAt({ index: 2, term: 1 }), bytesOf(2, 2000));
  const part = await reader?.read(1000, 1000);
  demand(isSameBytes(part, bytesOf(1, 2000).subarray(1000)), 'an open reader goes on reading what it opened');
  await reader?.close();
  demand(
    isSameBytes(await snapshotBytes(storage.group(0)), bytesOf(2, 2000)),
    'the next one reads the newer',
  );
  await storage.close();
}

async function takesBytes({ newDisk }: StorageUnderTest): Promise<void> {
  const storage = await (await newDisk()).open();
  const writer = await storage.group(0).beginSnapshot(meta);
  const chunk = bytesOf(1, 600);
  await writer.write(chunk);
  chunk.fill(0);
  await writer.write(chunk);
  await writer.commit();
  const expected = new Uint8Array(1200);
  expected.set(bytesOf(1, 600));
  demand(
    isSameBytes(await snapshotBytes(storage.group(0)), expected),
    'a chunk is not read after its write()',
  );
  await storage.close();
}
