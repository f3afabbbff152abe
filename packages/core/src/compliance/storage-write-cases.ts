/** Cases about durable writes: what is there after a close and after a crash. */
import { ByteWriter } from '../bytes.js';
import type { NodeStorage } from '../durable.js';
import { logStart } from '../ids.js';
import { createMembership, writeMembership } from '../membership.js';
import { Random } from '../random.js';
import { demand } from './contract-watch.js';
import { DiskModel } from './disk-model.js';
import {
  bytesOf,
  demandRejected,
  demandState,
  entryAt,
  isSameState,
  metaAt,
  nextLife,
  storeSnapshot,
  writeOf,
} from './storage-trial.js';
import type { StorageCase, StorageUnderTest } from './storage-under-test.js';

const ends = ['closed', 'crashed'] as const;

/** Cases about what is saved. */
export function storageWriteCases(storage: StorageUnderTest): readonly StorageCase[] {
  return [
    { name: 'holds nothing at first', run: () => beginsEmpty(storage) },
    { name: 'holds every part of a write once it was saved', run: () => holdsEveryPart(storage) },
    { name: 'applies the parts of a write in their order', run: () => appliesInOrder(storage) },
    {
      name: 'takes entries out of order, and an entry again under a higher term',
      run: () => takesAnyOrder(storage),
    },
    { name: 'keeps the groups apart', run: () => keepsGroupsApart(storage) },
    { name: 'saves in the order of the calls, also when they overlap', run: () => savesInOrder(storage) },
    { name: 'keeps a write as a whole or not at all when it crashes', run: () => isAtomic(storage) },
    { name: 'finishes what is under way when it is closed, and takes no more', run: () => closes(storage) },
    { name: 'holds what a model of it holds, through any writes and crashes', run: () => agrees(storage) },
  ];
}

async function beginsEmpty({ newDisk }: StorageUnderTest): Promise<void> {
  const storage = await (await newDisk()).open();
  demandState(storage, 0, { discarded: logStart, entries: [] });
  demand((await storage.group(0).openSnapshot()) === undefined, 'there is no snapshot at first');
  await storage.close();
}

async function holdsEveryPart({ newDisk }: StorageUnderTest): Promise<void> {
  for (const end of ends) {
    const disk = await newDisk();
    const storage = await disk.open();
    const entries = [
      { ...entryAt(1), proposal: 7 },
      { ...entryAt(2, 2), kind: 'noop' as const, data: new Uint8Array(0) },
      { ...entryAt(3, 2), kind: 'membership' as const, data: membershipBytes() },
    ];
    await storage.group(0).save(writeOf(entries, { hardState: bytesOf(1, 9) }));
    await storage.group(0).save(writeOf([entryAt(4, 2, 3000)]));
    const again = await nextLife(disk, storage, end);
    // The number of a proposal means nothing to the next life.
    const expected = [...entries.map(({ index, term, kind, data }) => ({ index, term, kind, data }))];
    const hardState = bytesOf(1, 9);
    demandState(again, 0, { discarded: logStart, entries: [...expected, entryAt(4, 2, 3000)], hardState });
    await again.close();
  }
}

function membershipBytes(): Uint8Array {
  const writer = new ByteWriter();
  writeMembership(writer, createMembership(['n1', 'n2', 'n3']));
  return writer.take();
}

async function appliesInOrder({ newDisk }: StorageUnderTest): Promise<void> {
  const disk = await newDisk();
  const storage = await disk.open();
  const group = storage.group(0);
  await group.save(
    writeOf(
      [1, 2, 3, 4, 5].map((index) => entryAt(index)),
      { hardState: bytesOf(1, 3) },
    ),
  );
  await storeSnapshot(group, metaAt({ index: 2, term: 1 }), bytesOf(2, 10));
  const discardThrough = { index: 2, term: 1 };
  await group.save(writeOf([entryAt(4, 2)], { discardThrough, truncateFrom: 4, hardState: bytesOf(2, 5) }));
  // What was discarded already stays so.
  await group.save(writeOf([], { discardThrough: { index: 1, term: 1 } }));
  const again = await nextLife(disk, storage, 'crashed');
  demandState(again, 0, {
    discarded: discardThrough,
    entries: [entryAt(3), entryAt(4, 2)],
    hardState: bytesOf(2, 5),
    snapshot: metaAt({ index: 2, term: 1 }),
  });
  await again.close();
}

async function takesAnyOrder({ newDisk }: StorageUnderTest): Promise<void> {
  const disk = await newDisk();
  const storage = await disk.open();
  await storage.group(0).save(writeOf([entryAt(5), entryAt(9)]));
  await storage.group(0).save(writeOf([entryAt(2), entryAt(9, 3)]));
  await storage.group(0).save(writeOf([entryAt(3, 2), entryAt(5, 4)]));
  const again = await nextLife(disk, storage, 'crashed');
  const entries = [entryAt(2), entryAt(3, 2), entryAt(5, 4), entryAt(9, 3)];
  demandState(again, 0, { discarded: logStart, entries });
  await again.close();
}

async function keepsGroupsApart({ newDisk }: StorageUnderTest): Promise<void> {
  const disk = await newDisk();
  const storage = await disk.open();
  const groups = [0, 1, 4_000_000_000];
  await Promise.all(
    groups.map((group, at) =>
      storage.group(group).save(writeOf([entryAt(at + 1, at + 1)], { hardState: bytesOf(at, 4) })),
    ),
  );
  await storage.group(1).save(writeOf([], { truncateFrom: 1 }));
  const again = await nextLife(disk, storage, 'crashed');
  demandState(again, 0, { discarded: logStart, entries: [entryAt(1, 1)], hardState: bytesOf(0, 4) });
  demandState(again, 1, { discarded: logStart, entries: [], hardState: bytesOf(1, 4) });
  demandState(again, 4_000_000_000, {
    discarded: logStart,
    entries: [entryAt(3, 3)],
    hardState: bytesOf(2, 4),
  });
  demandState(again, 2, { discarded: logStart, entries: [] });
  await again.close();
}

async function savesInOrder({ newDisk }: StorageUnderTest): Promise<void> {
  const storage = await (await newDisk()).open();
  const settled: number[] = [];
  const lengths = [10, 20_000, 10, 300_000, 0, 1000];
  await Promise.all(
    lengths.map(async (length, at) => {
      await storage.group(0).save(writeOf([entryAt(at + 1, 1, length)]));
      settled.push(at);
    }),
  );
  demand(
    settled.join(' ') === [...settled].sort((left, right) => left - right).join(' '),
    `overlapping saves settle in their order, not as ${settled.join(' ')}`,
  );
  await storage.close();
}

/** Each write stores its number twice, as an entry and as the hard state: both are there or neither. */
async function isAtomic({ newDisk, pause = () => Promise.resolve() }: StorageUnderTest): Promise<void> {
  for (let waits = 0; waits < 12; waits++) {
    const disk = await newDisk();
    const storage = await disk.open();
    let acknowledged = 0;
    const saves = Array.from({ length: 10 }, async (_, at) => {
      const entry = entryAt(at + 1, 1, 400 * at);
      await storage.group(0).save(writeOf([entry], { hardState: Uint8Array.of(at + 1) }));
      acknowledged = at + 1;
    });
    for (const save of saves) save.catch(() => undefined);
    for (let turn = 0; turn < waits; turn++) await (turn % 3 === 2 ? pause() : undefined);
    await disk.crash();
    const promised = acknowledged;
    const again = await disk.open();
    const { entries, hardState } = again.group(0).recover();
    const kept = entries.length;
    demand(kept >= promised, `a crash keeps the ${promised} writes that were acknowledged, not only ${kept}`);
    demand(
      (hardState?.[0] ?? 0) === kept && entries.every(({ index }, at) => index === at + 1),
      `a crash keeps each write whole: ${kept} entries go with hard state ${kept}, not ${hardState?.[0]}`,
    );
    await again.close();
  }
}

async function closes({ newDisk }: StorageUnderTest): Promise<void> {
  const disk = await newDisk();
  const storage = await disk.open();
  const group = storage.group(0);
  const saved = group.save(writeOf([entryAt(1)]));
  const closed = storage.close();
  await Promise.all([saved, closed]);
  await demandRejected(group.save(writeOf([entryAt(2)])), 'a save after close()');
  const again = await disk.open();
  demandState(again, 0, { discarded: logStart, entries: [entryAt(1)] });
  await again.close();
}

async function agrees({ newDisk }: StorageUnderTest): Promise<void> {
  for (let seed = 1; seed <= 3; seed++) {
    const random = new Random(seed);
    const disk = await newDisk();
    const models = [new DiskModel(), new DiskModel()];
    for (let life = 0; life < 4; life++) {
      const storage = await disk.open();
      demandModels(storage, models, `seed ${seed}, life ${life}`);
      for (let count = 0; count < 40; count++) await saveAtRandom(storage, models, random);
      if (random.chance(0.5)) await storage.close();
      else await disk.crash();
    }
  }
}

function demandModels(storage: NodeStorage, models: readonly DiskModel[], when: string): void {
  for (const [group, model] of models.entries()) {
    const found = storage.group(group).recover();
    demand(
      isSameState(found, model.recover()),
      `${when}: group ${group} holds what was saved, and nothing else`,
    );
  }
}

async function saveAtRandom(
  storage: NodeStorage,
  models: readonly DiskModel[],
  random: Random,
): Promise<void> {
  const number = random.integer(0, models.length);
  const model = models[number];
  if (model === undefined) return;
  const group = storage.group(number);
  const last = Math.max(model.discarded.index, ...model.entries.keys());
  if (random.chance(0.1) && last > model.discarded.index) {
    const index = random.integer(model.discarded.index + 1, last + 1);
    const term = model.entries.get(index)?.term ?? 1;
    const meta = metaAt({ index, term });
    if (index > (model.snapshot?.index ?? 0)) {
      await storeSnapshot(group, meta, bytesOf(index, random.integer(0, 2000)));
      model.snapshot = meta;
    }
    const discard = writeOf([], { discardThrough: { index, term } });
    await group.save(discard);
    model.apply(discard);
    return;
  }
  const from = random.chance(0.2) ? random.integer(model.discarded.index + 1, last + 2) : last + 1;
  const count = random.integer(0, 4);
  const term = random.integer(1, 5);
  const entries = Array.from({ length: count }, (_, at) => entryAt(from + at, term, random.integer(0, 300)));
  const write = writeOf(entries, {
    ...(from <= last ? { truncateFrom: from } : {}),
    ...(random.chance(0.3) ? { hardState: bytesOf(term, random.integer(0, 20)) } : {}),
  });
  await group.save(write);
  model.apply(write);
}
