import { isSynodError, type NodeStorage, Random } from '@synod/core';
import { SimulatedDrive } from '@synod/simulator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openWal, type WalSettings, type WalStorage } from '../src/index.js';
import {
  applyStep,
  groupOf,
  modelAfter,
  type NodeModel,
  printed,
  printedModel,
  type Step,
  StepSource,
  snapshotMeta,
} from './durable-model.js';

const groups = [0, 1, 7];
/** What may be told when the disk goes away under a running storage; anything else is a fault of the storage. */
const endsOfLife = ['STORAGE_FAILED', 'SNAPSHOT_FAILED'];

/** What was promised to survive, and what may. */
interface Promised {
  steps: Step[];
  acknowledged: number;
  readonly snapshots: Map<number, { readonly index: number; readonly content: Uint8Array }>;
  readonly peers: Map<string, string>;
}

function settingsOf(random: Random): WalSettings {
  return {
    segmentBytesMax: random.integer(4096, 9000),
    batchBytesMax: random.integer(1024, 3000),
    segmentsBeforeMove: random.integer(1, 4),
    snapshotChunkBytes: 512,
    preallocateBytes: [0, 700, 5000][random.integer(0, 3)] ?? 0,
    reserveBytes: [0, 900][random.integer(0, 2)] ?? 0,
    // The drive tears at any byte.
    sectorBytes: 1,
  };
}

function snapshotContent(group: number, index: number): Uint8Array {
  const content = new Uint8Array((index * 37) % 1400);
  return content.map((_, position) => group + index + position);
}

async function storeSnapshot(
  storage: NodeStorage,
  group: number,
  index: number,
  term: number,
): Promise<Uint8Array> {
  const content = snapshotContent(group, index);
  const writer = await storage.group(group).beginSnapshot(snapshotMeta({ index, term }));
  await writer.write(content.subarray(0, 300));
  await writer.write(content.subarray(300));
  await writer.commit();
  return content;
}

/** One life of a node: random saves, snapshots and admissions until the power goes. */
async function live(storage: WalStorage, promised: Promised, random: Random, steps: number): Promise<void> {
  const source = new StepSource(random.uint32(), promised.steps);
  const pending: Promise<void>[] = [];
  for (let count = 0; count < steps; count++) {
    const group = groups[Math.min(random.integer(0, 12), 2)] ?? 0;
    const discardable = source.discardable(group);
    if (discardable !== undefined) {
      const content = await storeSnapshot(storage, group, discardable.index, discardable.term);
      promised.snapshots.set(group, { index: discardable.index, content });
    }
    const step = source.next(group, discardable);
    promised.steps.push(step);
    const number = promised.steps.length;
    const saved = storage.group(group).save(step.write);
    const acknowledged = saved.then(() => {
      if (promised.acknowledged !== number - 1) throw new Error(`save ${number} settled out of order`);
      promised.acknowledged = number;
    });
    acknowledged.catch(() => undefined);
    pending.push(acknowledged);
    if (random.chance(0.1)) {
      const peer = `n${random.uint32()}`;
      await storage.incarnations.record(peer, random.uint32().toString(16).padStart(32, '0'));
      promised.peers.set(peer, storage.incarnations.known(peer) ?? '');
    }
    if (random.chance(0.3)) await acknowledged;
    if (random.chance(0.05)) await Promise.all(pending);
  }
  await Promise.all(pending);
}

/** The storage must hold exactly the first k steps, for one k that covers all acknowledged ones. */
async function checkRecovered(storage: WalStorage, promised: Promised): Promise<void> {
  const found = new Map(groups.map((group) => [group, storage.group(group).recover()]));
  const printedFound = groups.map((group) =>
    printed(found.get(group) ?? { discarded: { index: 0, term: 0 }, entries: [] }),
  );
  const model: NodeModel = modelAfter(promised.steps, promised.acknowledged);
  let kept: number | undefined;
  for (let count = promised.acknowledged; count <= promised.steps.length && kept === undefined; count++) {
    const same = groups.every((group, position) => {
      const state = groupOf(model, group);
      if (state.entries.size !== found.get(group)?.entries.length) return false;
      return printedModel(state) === printedFound[position];
    });
    if (same) kept = count;
    const step = promised.steps[count];
    if (step !== undefined) applyStep(model, step);
  }
  if (kept === undefined) {
    expect(printedFound).toEqual(
      groups.map((group) => printedModel(groupOf(modelAfter(promised.steps, promised.acknowledged), group))),
    );
  }
  promised.steps = promised.steps.slice(0, kept);
  promised.acknowledged = promised.steps.length;
  for (const [group, { index }] of promised.snapshots) {
    const meta = found.get(group)?.snapshot;
    expect(meta?.index).toBeGreaterThanOrEqual(index);
  }
  for (const group of groups) {
    const reader = await storage.group(group).openSnapshot();
    if (reader === undefined) continue;
    expect(await reader.read(0, reader.bytesTotal)).toEqual(snapshotContent(group, reader.meta.index));
    promised.snapshots.set(group, {
      index: reader.meta.index,
      content: snapshotContent(group, reader.meta.index),
    });
    await reader.close();
  }
  for (const [peer, incarnation] of promised.peers)
    expect(storage.incarnations.known(peer)).toBe(incarnation);
}

async function openThroughCrashes(
  disk: SimulatedDrive,
  random: Random,
  settings: WalSettings,
): Promise<WalStorage> {
  for (;;) {
    if (random.chance(0.3)) disk.crashAfter(random.integer(1, 60));
    try {
      const storage = await openWal({
        ...settings,
        fileSystem: disk.boot(),
        incarnation: random.uint32().toString(16).padStart(32, '0'),
      });
      disk.crashAfter(Number.POSITIVE_INFINITY);
      return storage;
    } catch (error) {
      if (isSynodError(error)) throw error;
      endLife(disk, random);
    }
  }
}

/** The power goes, or only the program ends: then nothing is lost yet, but nothing more is durable either. */
function endLife(disk: SimulatedDrive, random: Random): void {
  disk.mend();
  if (random.chance(0.3)) disk.kill();
  else disk.crash(random);
}

async function runLives(
  seed: number,
  lives: number,
  stepsMax: number,
  seen = new Set<string>(),
): Promise<void> {
  const random = new Random(seed);
  const settings: WalSettings = { ...settingsOf(random), onEvent: ({ type }) => seen.add(type) };
  const disk = new SimulatedDrive({ blockBytes: random.integer(8, 600) });
  const promised: Promised = { steps: [], acknowledged: 0, snapshots: new Map(), peers: new Map() };
  let own: string | undefined;
  for (let life = 0; life < lives; life++) {
    const storage = await openThroughCrashes(disk, random, settings);
    expect(storage.incarnations.own).toBe(own ?? storage.incarnations.own);
    own = storage.incarnations.own;
    await checkRecovered(storage, promised);
    const clean = random.chance(0.2);
    if (!clean && random.chance(0.2)) disk.failFrom('dataSync', random.integer(1, 60), 'EIO');
    else if (!clean) disk.crashAfter(random.integer(1, 400));
    try {
      await live(storage, promised, random, random.integer(1, stepsMax));
      await storage.close();
    } catch (error) {
      if (clean || !isSynodError(error) || !endsOfLife.includes(error.code)) throw error;
    }
    if (!clean) endLife(disk, random);
  }
}

describe('a crash at any moment', () => {
  it('leaves exactly a prefix of the writes that holds all acknowledged ones, and acknowledged snapshots and peers', async () => {
    const runs = Number(process.env.SYNOD_WAL_RUNS ?? 40);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => runLives(seed, 6, 80)),
      { numRuns: runs, endOnFailure: true },
    );
  }, 120_000);

  it('does not disturb long lives, whose segments come and go and whose old entries are moved', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => runLives(seed, 4, 900, seen)),
      { numRuns: 8, endOnFailure: true },
    );
    for (const type of ['segmentCreated', 'segmentRemoved', 'entriesMoved', 'snapshotSaved'])
      expect(seen).toContain(type);
  }, 120_000);
});
