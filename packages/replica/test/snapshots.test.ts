import { type Entry, encodeUtf8, type SnapshotMeta } from '@synod/core';
import { MemoryNodeStorage } from '@synod/core/memory';
import { describe, expect, it } from 'vitest';
import { add, Counter } from './counter.js';
import { settled } from './scripted-engine.js';
import { incarnation, openSolo } from './solo.js';

function command(index: number, term = 1): Entry {
  return { index, term, kind: 'command', data: add(1) };
}

async function storedBytes(storage: MemoryNodeStorage): Promise<Uint8Array | undefined> {
  const reader = await storage.group(0).openSnapshot();
  return reader?.read(0, reader.bytesTotal);
}

/** A storage that holds a snapshot of a counter. */
async function storageWith(meta: SnapshotMeta, counter: Counter): Promise<MemoryNodeStorage> {
  const storage = new MemoryNodeStorage(incarnation);
  await storage.incarnations.admit();
  const writer = await storage.group(0).beginSnapshot(meta);
  for (const piece of counter.snapshot()) await writer.write(piece);
  await writer.commit();
  return storage.reopen();
}

function counted(total: number, commands: number, padding = 0): Counter {
  return Object.assign(new Counter(padding), { total, commands });
}

describe('a snapshot of the own state machine', () => {
  it('is taken after so many entries, with the term and membership that stand there, and the engine hears of it', async () => {
    const { engine, storage, replica } = await openSolo({
      actsAlone: false,
      group: { snapshotEveryEntries: 3 },
    });
    const joined = new Uint8Array([2, 2, ...encodeUtf8('n1'), 1, 1, 2, ...encodeUtf8('n2'), 2, 1, 0]);
    engine.emit({ committed: [command(1), { index: 2, term: 4, kind: 'membership', data: joined }] });
    replica.campaign();
    await settled();
    expect(engine.inputsOf('snapshotSaved')).toEqual([]);
    engine.emit({ committed: [command(3, 5)] });
    replica.campaign();
    await settled(6);
    const meta = engine.inputsOf('snapshotSaved')[0]?.meta;
    expect(meta).toMatchObject({ index: 3, term: 5 });
    expect(meta?.membership.members.map(({ id }) => id)).toEqual(['n1', 'n2']);
    expect(storage.reopen().group(0).recover().snapshot).toEqual(meta);
    expect([...((await storedBytes(storage)) ?? [])]).toEqual([2, 2]);
    expect(replica.metrics().snapshotsSaved).toBe(1);
  });

  it('is taken after so many bytes', async () => {
    const { replica, engine } = await openSolo({ group: { snapshotEveryBytes: 100 } });
    await replica.propose(new Uint8Array(60));
    await settled(6);
    expect(engine.inputsOf('snapshotSaved').length).toBe(0);
    await replica.propose(new Uint8Array(60));
    await settled(6);
    expect(engine.inputsOf('snapshotSaved').length).toBe(1);
  });

  it('describes the moment it was begun, while commands go on being applied', async () => {
    const counter = new Counter(1_000_000);
    const { replica, storage, engine } = await openSolo({ counter, group: { snapshotEveryEntries: 5 } });
    for (let count = 0; count < 5; count++) await replica.propose(add(1));
    expect(engine.inputsOf('snapshotSaved')).toEqual([]);
    for (let count = 0; count < 4; count++) await replica.propose(add(1));
    await settled(40);
    expect(engine.inputsOf('snapshotSaved').map(({ meta }) => meta.index)).toEqual([5]);
    const bytes = await storedBytes(storage);
    expect([...(bytes?.subarray(0, 2) ?? [])]).toEqual([5, 5]);
    expect(bytes?.length).toBe(1_000_002);
    expect(counter.total).toBe(9);
  });

  it('is given up when the replica closes', async () => {
    const { replica, host, events, storage } = await openSolo({
      counter: new Counter(1_000_000),
      group: { snapshotEveryEntries: 1 },
    });
    await replica.propose(add(1));
    await host.close();
    expect(events.map(({ event }) => event.type)).toContain('snapshotAbandoned');
    expect(storage.reopen().group(0).recover().snapshot).toBeUndefined();
  });

  it('that the state machine cannot give stops the replica', async () => {
    const counter = new Counter();
    counter.snapshot = () => {
      throw new Error('no memory for it');
    };
    const { replica } = await openSolo({ counter, group: { snapshotEveryEntries: 1 } });
    await replica.propose(add(1)).catch(() => undefined);
    await expect(replica.failed).rejects.toThrow(/no memory for it/);
  });
});

describe('an install', () => {
  it('restores the state machine from the stored snapshot before the commits that follow on it', async () => {
    const meta = { index: 7, term: 2, membership: { members: [], outgoingVoters: [] } };
    const storage = await storageWith(meta, counted(40, 7, 600_000));
    const { engine, counter, replica, events } = await openSolo({ actsAlone: false, storage });
    engine.emit({ snapshots: [{ type: 'install', meta }] });
    engine.emit({ committed: [command(8, 2)] });
    const read = replica.read(() => counter.total);
    await settled();
    engine.emit({ reads: [{ context: 1, index: 8 }] });
    replica.campaign();
    expect(await read).toBe(41);
    expect(counter.commands).toBe(8);
    expect(engine.inputsOf('applied')).toEqual([
      { type: 'applied', through: 7 },
      { type: 'applied', through: 8 },
    ]);
    expect(events.map(({ event }) => event)).toContainEqual({
      type: 'snapshotRestored',
      at: { index: 7, term: 2 },
      bytes: 600_002,
    });
  });

  it('of a snapshot that is not stored stops the replica', async () => {
    const { engine, replica } = await openSolo({ actsAlone: false });
    const meta = { index: 7, term: 2, membership: { members: [], outgoingVoters: [] } };
    engine.emit({ snapshots: [{ type: 'install', meta }] });
    replica.campaign();
    await expect(replica.failed).rejects.toThrow(/snapshot 7 is stored here/);
  });

  it('finds a newer snapshot stored: commits that it covers are passed over, their own proposals unknown', async () => {
    const membership = { members: [], outgoingVoters: [] };
    const storage = await storageWith({ index: 9, term: 2, membership }, counted(40, 9));
    const { engine, counter, replica } = await openSolo({ actsAlone: false, storage });
    const outcome = replica.propose(add(1));
    await settled();
    const proposal = engine.inputsOf('propose')[0]?.commands[0]?.proposal ?? 0;
    engine.emit({ snapshots: [{ type: 'install', meta: { index: 7, term: 2, membership } }] });
    engine.emit({ committed: [{ ...command(8, 2), proposal }, command(9, 2), command(10, 2)] });
    replica.campaign();
    await expect(outcome).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await settled();
    expect(counter).toMatchObject({ total: 41, commands: 10 });
    expect(replica.status().appliedIndex).toBe(10);
  });

  it('ends a snapshot of the own state that is under way', async () => {
    const membership = { members: [], outgoingVoters: [] };
    const counter = new Counter(1_000_000);
    const { engine, replica, events, storage } = await openSolo({
      actsAlone: false,
      counter,
      group: { snapshotEveryEntries: 1 },
    });
    engine.emit({ committed: [command(1)] });
    replica.campaign();
    await settled(1);
    const writer = await storage.group(0).beginSnapshot({ index: 20, term: 3, membership });
    for (const piece of counted(90, 20).snapshot()) await writer.write(piece);
    await writer.commit();
    engine.emit({ snapshots: [{ type: 'install', meta: { index: 20, term: 3, membership } }] });
    replica.campaign();
    await settled(20);
    expect(counter.total).toBe(90);
    expect(events.map(({ event }) => event.type)).toContain('snapshotAbandoned');
    expect(engine.inputsOf('snapshotSaved')).toEqual([]);
  });
});
