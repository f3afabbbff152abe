/** Storages that answer with promises, under the storm: one that keeps its promises, and some that do not. */
import type { GroupStorage, NodeStorage } from '@synod/core';
import { MemoryNodeStorage } from '@synod/core/memory';
import { describe, expect, it } from 'vitest';
import {
  drawScript,
  type OpenStorage,
  runScript,
  runScriptOnStorage,
  shrinkOnStorage,
  simulateOnStorage,
} from '../src/index.js';
import { registersOnRaft } from './raft-under-test.js';

const incarnation = '00112233445566778899aabbccddeeff';

/** A new and empty storage at every start. */
const forgetful: OpenStorage = async () => new MemoryNodeStorage(incarnation);

/** Refuses whatever it finds. */
const reluctant: OpenStorage = async () => {
  throw new Error('no');
};

/** Lets every other write take longer than the one after it. */
const disorderly: OpenStorage = async ({ fileSystem }) => {
  const storage: NodeStorage = new MemoryNodeStorage(incarnation);
  let count = 0;
  const unsteady = (group: GroupStorage): GroupStorage => ({
    group: group.group,
    recover: () => group.recover(),
    beginSnapshot: (meta) => group.beginSnapshot(meta),
    openSnapshot: () => group.openSnapshot(),
    save: async (write) => {
      for (let waits = ++count % 2 === 0 ? 1 : 50; waits > 0; waits--) await fileSystem.list('.');
      await group.save(write);
    },
  });
  return {
    incarnations: storage.incarnations,
    group: (number) => unsteady(storage.group(number)),
    close: () => storage.close(),
  };
};

describe('storms over a storage', () => {
  it('a storage that keeps everything passes as long as no process ends, and runs the same twice', async () => {
    const script = {
      ...drawScript(3, { ticks: 800, faults: ['loss', 'cut', 'campaign', 'snapshot'] }),
      calm: false,
    };
    const subject = { ...registersOnRaft, storage: forgetful };
    const runs = [await runScriptOnStorage(script, subject), await runScriptOnStorage(script, subject)];
    expect(runs[0]?.finding).toBeUndefined();
    expect(runs[0]?.answered).toBeGreaterThan(10);
    expect(runs[0]?.traceHash).toBe(runs[1]?.traceHash);
  });

  it('one that forgets is found at the first restart, and the storm is shrunk', async () => {
    const subject = { ...registersOnRaft, storage: forgetful };
    const found = await simulateOnStorage({ ...subject, seeds: [1, 20], ticks: 100, shrinks: false });
    expect(found.failure?.finding?.invariant).toBe('confirmed is recovered');
    expect(found.explanation).toContain('at its restart it finds');
    if (found.failure === undefined) return;
    const { smallest } = await shrinkOnStorage(found.failure, subject, { runsMax: 12 });
    expect(smallest.finding?.invariant).toBe('confirmed is recovered');
    expect(smallest.script.steps.length).toBeLessThan(found.failure.script.steps.length);
  }, 60_000);

  it('one that refuses a sound disk is found at once', async () => {
    const run = await runScriptOnStorage(drawScript(1, { ticks: 20 }), {
      ...registersOnRaft,
      storage: reluctant,
    });
    expect(run.finding?.invariant).toBe('storage contract');
    expect(run.finding?.message).toContain('though its disk is sound: no');
  });

  it('one that confirms out of order is found', async () => {
    const options = {
      ...registersOnRaft,
      storage: disorderly,
      seeds: [1, 20] as const,
      ticks: 400,
      faults: [],
    };
    const { failure } = await simulateOnStorage({ ...options, shrinks: false });
    expect(failure?.finding?.invariant).toBe('storage contract');
  }, 60_000);

  it('the model of a storage runs there too, to the same hash', async () => {
    const script = drawScript(2, { ticks: 100 });
    const run = await runScriptOnStorage(script, registersOnRaft, { drain: async () => undefined });
    expect(run.traceHash).toBe(runScript(script, registersOnRaft).traceHash);
  });

  it('refuses to run without promises what answers with them', () => {
    const subject = { ...registersOnRaft, storage: forgetful };
    expect(() => runScript(drawScript(1), subject)).toThrow(/runScriptOnStorage/);
  });
});
