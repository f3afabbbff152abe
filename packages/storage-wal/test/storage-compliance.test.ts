/** The log held to the contract of storages: over a simulated drive that forgets, and over a real folder. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@synod/core';
import { type StorageDisk, storageCases } from '@synod/core/compliance';
import { SimulatedDrive } from '@synod/simulator';
import { afterAll, describe, it } from 'vitest';
import { nodeFileSystem, openWal, type WalSettings, type WalStorage } from '../src/index.js';

let disks = 0;

function incarnationOf(number: number): string {
  return `${number}`.padStart(32, '0');
}

function simulated(settings: WalSettings): StorageDisk {
  const incarnation = incarnationOf(++disks);
  const drive = new SimulatedDrive({ random: new Random(disks), blockBytes: 64 });
  return {
    open() {
      drive.mend();
      // Simulated drives tear at any byte.
      return openWal({ ...settings, sectorBytes: 1, fileSystem: drive.boot(), incarnation });
    },
    crash: () => void drive.crash(),
    failSyncs: () => drive.failFrom('dataSync', 1, 'EIO'),
    fill: () => drive.failFrom('write', 1, 'ENOSPC'),
    empty: () => drive.mend(),
  };
}

const small = { segmentBytesMax: 4096, batchBytesMax: 1024, segmentsBeforeMove: 2, snapshotChunkBytes: 512 };

describe.each([
  ['as it is by default', { reserveBytes: 20_000 }],
  [
    'in small segments, without zeros ahead and without a reserve',
    { ...small, preallocateBytes: 0, reserveBytes: 0 },
  ],
  ['in small segments, with both', { ...small, preallocateBytes: 2000, reserveBytes: 2000 }],
] as const)('the contract of storages: the log, %s', (_, settings) => {
  const pause = () => new Promise<void>((resolve) => setImmediate(resolve));
  for (const { name, run } of storageCases({ newDisk: () => simulated(settings), pause })) it(name, run);
});

describe('the contract of storages: the log in a real folder', () => {
  const folders: string[] = [];

  /** A killed process leaves the folder as it is; here it is copied, so that what still writes to it is of no more use. */
  async function newDisk(): Promise<StorageDisk> {
    const root = await mkdtemp(join(tmpdir(), 'synod-contract-'));
    folders.push(root);
    let life = 0;
    let storage: WalStorage | undefined;
    const incarnation = incarnationOf(++disks);
    const folder = () => join(root, `${life}`);
    await nodeFileSystem(root).makeDirectory('0');
    return {
      async open() {
        storage = await openWal({ fileSystem: nodeFileSystem(folder()), incarnation });
        return storage;
      },
      async crash() {
        await cp(folder(), join(root, `${life + 1}`), { recursive: true });
        life++;
        await storage?.close();
      },
    };
  }

  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  });

  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 1));
  for (const { name, run } of storageCases({ newDisk, pause })) it(name, run);
});
