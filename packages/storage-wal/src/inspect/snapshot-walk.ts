/** Reads every stored snapshot from its first byte to its last: an opening node reads their ends only. */
import { type FileSystem, type GroupId, isSynodError } from '@synod/core';
import { StorageCorruptError } from '../errors.js';
import { groupDirectory, snapshotPath, snapshotPosition, snapshotsDirectory } from '../snapshot-format.js';
import { readSnapshotEnds, SnapshotFileReader } from '../snapshot-reader.js';
import type { InspectedSnapshot } from './inspection.js';
import { namesIn } from './names-in.js';

/** A snapshot, and what is wrong with it. */
export interface WalkedSnapshot extends InspectedSnapshot {
  /** What is wrong; absent when nothing is. */
  readonly damage?: StorageCorruptError;
}

/** Bytes read at a time. */
const readBytes = 1 << 20;

/**
 * Reads all snapshots.
 *
 * @param fileSystem - Where.
 * @returns All of them, by group and then by what they cover.
 */
export async function walkSnapshots(fileSystem: FileSystem): Promise<readonly WalkedSnapshot[]> {
  const groups = (await namesIn(fileSystem, snapshotsDirectory))
    .filter((name) => /^\d{1,10}$/.test(name))
    .map(Number)
    .sort((left, right) => left - right);
  const snapshots: WalkedSnapshot[] = [];
  for (const group of groups) snapshots.push(...(await walkGroup(fileSystem, group)));
  return snapshots;
}

async function walkGroup(fileSystem: FileSystem, group: GroupId): Promise<readonly WalkedSnapshot[]> {
  const positions = (await namesIn(fileSystem, groupDirectory(group)))
    .map(snapshotPosition)
    .filter((position) => position !== undefined)
    .sort((left, right) => left.index - right.index || left.term - right.term);
  const snapshots: WalkedSnapshot[] = [];
  for (const [place, position] of positions.entries()) {
    const file = snapshotPath(group, position);
    const newest = place === positions.length - 1;
    snapshots.push({ file, group, position, newest, ...(await readAll(fileSystem, file)) });
  }
  return snapshots;
}

async function readAll(
  fileSystem: FileSystem,
  file: string,
): Promise<Pick<WalkedSnapshot, 'bytes' | 'checksumGood' | 'damage'>> {
  const handle = await fileSystem.open(file, 'existing');
  try {
    const bytes = await handle.size();
    try {
      const ends = await readSnapshotEnds(handle, file);
      const onClosed = () => Promise.resolve();
      const reader = new SnapshotFileReader({ handle, file, ends, onClosed });
      for (let offset = 0; offset < reader.bytesTotal; offset += readBytes)
        await reader.read(offset, readBytes);
      return { bytes, checksumGood: true };
    } catch (error) {
      const damage = damageOf(error, file);
      if (damage === undefined) throw error;
      return { bytes, checksumGood: false, damage };
    }
  } finally {
    await handle.close();
  }
}

/** A trailer that opens but says something impossible is damage like any other. */
function damageOf(error: unknown, file: string): StorageCorruptError | undefined {
  if (error instanceof StorageCorruptError) return error;
  if (!isSynodError(error) || error.code !== 'DECODE_FAILED') return undefined;
  return new StorageCorruptError({ file, offset: 0, expected: 'a whole snapshot', found: error.message });
}
