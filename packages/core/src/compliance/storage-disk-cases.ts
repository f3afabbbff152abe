/** Cases about disks that fail and fill up. */
import type { NodeStorage } from '../durable.js';
import { logStart } from '../ids.js';
import { demand } from './contract-watch.js';
import { demandRejected, demandState, entryAt, nextLife, writeOf } from './storage-trial.js';
import type { StorageCase, StorageDisk, StorageUnderTest } from './storage-under-test.js';

/** Pauses after which a storage that is full must know it. */
const turnsMax = 1000;

/** Cases about broken disks, those that the disks under test can play. */
export function storageDiskCases(storage: StorageUnderTest): readonly StorageCase[] {
  return [
    {
      name: 'fails for good when a sync fails, and loses nothing acknowledged',
      run: () => failsForGood(storage),
    },
    { name: 'waits for room on a full disk, or fails for good', run: () => waitsForRoom(storage) },
  ];
}

async function failsForGood({ newDisk }: StorageUnderTest): Promise<void> {
  const disk = await newDisk();
  if (disk.failSyncs === undefined) return;
  const storage = await disk.open();
  await storage.group(0).save(writeOf([entryAt(1)]));
  disk.failSyncs();
  const first = await demandRejected(storage.group(0).save(writeOf([entryAt(2)])), 'a save whose sync fails');
  demand(first.effect === 'unknown', 'nobody knows what a failed sync has left: the effect is unknown');
  await demandRejected(storage.group(0).save(writeOf([entryAt(3)])), 'a save after a failed one');
  await demandRejected(storage.group(1).save(writeOf([entryAt(1)])), 'a save of another group after it');
  await storage.close().catch(() => undefined);
  const again = await nextLife(disk, storage, 'crashed');
  const indexes = again
    .group(0)
    .recover()
    .entries.map(({ index }) => index);
  demand(indexes[0] === 1, 'what was acknowledged before is there');
  demand(!indexes.includes(3), 'what was rejected after the failure never comes');
  await again.close();
}

async function waitsForRoom({ newDisk, pause = () => Promise.resolve() }: StorageUnderTest): Promise<void> {
  const disk = await newDisk();
  if (disk.fill === undefined) return;
  const storage = await disk.open();
  await storage.group(0).save(writeOf([entryAt(1)]));
  disk.fill();
  if (storage.room === undefined) return failsOnFullDisk(disk, storage);
  const order: number[] = [];
  const saves = [2, 3, 4].map((index) =>
    storage
      .group(0)
      .save(writeOf([entryAt(index, 1, 100_000)]))
      .then(() => order.push(index)),
  );
  for (const save of saves) save.catch(() => undefined);
  for (let turn = 0; turn < turnsMax && !storage.room.isFull; turn++) await pause();
  demand(storage.room.isFull, 'a storage whose saves find no room says that it is full');
  await storage.room.retry();
  disk.empty?.();
  await storage.room.retry();
  await Promise.all(saves);
  demand(!storage.room.isFull, 'a storage whose saves have found room is not full any more');
  demand(order.join(' ') === '2 3 4', `saves that waited settle in their order, not as ${order.join(' ')}`);
  const again = await nextLife(disk, storage, 'crashed');
  const entries = [entryAt(1), ...[2, 3, 4].map((index) => entryAt(index, 1, 100_000))];
  demandState(again, 0, { discarded: logStart, entries });
  await again.close();
}

async function failsOnFullDisk(disk: StorageDisk, storage: NodeStorage): Promise<void> {
  await demandRejected(storage.group(0).save(writeOf([entryAt(2, 1, 100_000)])), 'a save that finds no room');
  disk.empty?.();
  await demandRejected(storage.group(0).save(writeOf([entryAt(3)])), 'a save after a failed one');
  const again = await nextLife(disk, storage, 'crashed');
  const indexes = again
    .group(0)
    .recover()
    .entries.map(({ index }) => index);
  demand(indexes[0] === 1 && !indexes.includes(3), 'what was acknowledged is there, and nothing of later');
  await again.close();
}
