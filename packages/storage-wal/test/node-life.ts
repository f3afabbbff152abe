/** Short words for what many tests do with a storage. */
import type { DurableWrite, Entry, GroupStorage } from '@synod/core';
import { SimulatedDrive } from '@synod/simulator';
import { openWal, type WalSettings, type WalStorage } from '../src/index.js';
import { snapshotMeta } from './durable-model.js';

export const incarnation = '00112233445566778899aabbccddeeff';

const bare: WalSettings = { preallocateBytes: 0, reserveBytes: 0, sectorBytes: 1 };

/** A drive whose blocks are short, so that a crash tears even small writes. */
export function newDrive(): SimulatedDrive {
  return new SimulatedDrive({ blockBytes: 16 });
}

/**
 * Opens a storage that trusts the drive with nothing, since a simulated one tears at any byte, and puts nothing on it that
 * a test did not ask for.
 */
export function openOn(disk: SimulatedDrive, settings: WalSettings = {}): Promise<WalStorage> {
  return openWal({ ...bare, ...settings, fileSystem: disk.boot(), incarnation });
}

export function entryOf(index: number, term = 1, length = 8): Entry {
  return { index, term, kind: 'command', data: new Uint8Array(length).fill(index) };
}

export function writeOf(entries: readonly Entry[], rest: Partial<DurableWrite> = {}): DurableWrite {
  return { receipt: { sequence: 1, last: undefined }, entries, ...rest };
}

export function indexesOf(group: GroupStorage): readonly number[] {
  return group.recover().entries.map((entry) => entry.index);
}

export async function storeSnapshot(group: GroupStorage, index: number, content: Uint8Array): Promise<void> {
  const writer = await group.beginSnapshot(snapshotMeta({ index, term: 1 }));
  await writer.write(content);
  await writer.commit();
}

/** The error that a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
