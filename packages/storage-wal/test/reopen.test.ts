import { Random } from '@synod/core';
import type { SimulatedDrive } from '@synod/simulator';
import { describe, expect, it } from 'vitest';
import type { WalStorage } from '../src/index.js';
import { printed } from './durable-model.js';
import { entryOf, newDrive, openOn, rejectionOf, storeSnapshot, writeOf } from './node-life.js';

const settings = { segmentBytesMax: 4096, batchBytesMax: 1024, segmentsBeforeMove: 1 };

/** All that a node reads when it starts, and from then on takes for durable. */
async function shownBy(storage: WalStorage): Promise<string> {
  const { incarnations } = storage;
  const shown: unknown[] = [incarnations.own, incarnations.admitted, incarnations.known('n2')];
  for (const group of [0, 1]) {
    const state = storage.group(group).recover();
    shown.push(printed(state), state.snapshot ?? 'no snapshot');
    const reader = await storage.group(group).openSnapshot();
    shown.push(reader === undefined ? 'none' : Buffer.from(await reader.read(0, 10_000)).toString('hex'));
    await reader?.close();
  }
  return JSON.stringify(shown);
}

async function work(disk: SimulatedDrive): Promise<void> {
  const storage = await openOn(disk, settings);
  await storage.incarnations.admit();
  await storage.incarnations.record('n2', 'cd'.repeat(16));
  for (let index = 1; index <= 12; index++) {
    await storage.group(0).save(writeOf([entryOf(index, 1, 600)], { hardState: Uint8Array.of(index) }));
    await storage.group(1).save(writeOf([entryOf(index, 2, 40)]));
    if (index % 5 !== 0) continue;
    await storeSnapshot(storage.group(0), index, new Uint8Array(1500).fill(index));
    await storage.group(0).save(writeOf([], { discardThrough: { index, term: 1 } }));
  }
  await storage.close();
}

async function operationsOfWork(): Promise<number> {
  const disk = newDrive();
  await work(disk);
  return disk.operations;
}

describe('what an open has shown', () => {
  it('stays, though the program was killed before it could sync it, and the power goes next', async () => {
    const operations = await operationsOfWork();
    for (let count = 1; count < operations; count++) {
      const disk = newDrive();
      disk.crashAfter(count);
      await rejectionOf(work(disk));
      disk.kill();
      const shown = await shownBy(await openOn(disk, settings));
      for (let seed = 0; seed < 2; seed++) {
        const after = disk.copyAsIs();
        after.crash(new Random(seed));
        expect(await shownBy(await openOn(after, settings)), `killed at operation ${count}`).toBe(shown);
      }
    }
  });

  it('stays after a failed sync, whose bytes the operating system shows although they are not on disk', async () => {
    for (let nth = 1; nth <= 40; nth++) {
      const disk = newDrive();
      disk.failFrom('dataSync', nth, 'EIO');
      await rejectionOf(work(disk));
      disk.mend();
      disk.kill();
      const shown = await shownBy(await openOn(disk, settings));
      disk.crash(new Random(nth));
      expect(await shownBy(await openOn(disk, settings)), `sync ${nth} failed`).toBe(shown);
    }
  });
});
