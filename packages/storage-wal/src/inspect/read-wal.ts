/** Reads what a storage holds without opening it: nothing is put right, nothing is changed, and a retired one is read too. */
import type { FileSystem, GroupId, RecoveredState, SnapshotMeta, SnapshotReader } from '@synod/core';
import { StorageCorruptError } from '../errors.js';
import { identityPath } from '../identity-file.js';
import { readIdentity } from '../open-wal.js';
import { recoverLog } from '../recovery.js';
import { rootDirectory } from '../replace-file.js';
import { readRetired } from '../retired-mark.js';
import { snapshotPath, snapshotsDirectory } from '../snapshot-format.js';
import { readSnapshotEnds, SnapshotFileReader } from '../snapshot-reader.js';
import { checkCovered, recoverSnapshots } from '../snapshot-recovery.js';
import type { InspectedIdentity } from './inspection.js';
import { namesIn } from './names-in.js';

/** What a storage holds. */
export interface WalContents {
  /** Whose it is. */
  readonly identity: InspectedIdentity;
  /** Why the storage was retired; `undefined` when it was not. What a retired one holds is not all that it acknowledged. */
  readonly retired: string | undefined;
  /** Each group's durable state, as an engine recovers it. */
  readonly groups: ReadonlyMap<GroupId, RecoveredState>;
  /**
   * Opens a group's newest snapshot.
   *
   * @param group - Which.
   * @returns `undefined` when it has none. Close it.
   */
  openSnapshot(group: GroupId): Promise<SnapshotReader | undefined>;
}

/**
 * Reads a storage that nobody has open, for backups and other tools.
 *
 * @remarks A torn tail is left out and left where it is. All live entries are in memory then.
 * @param fileSystem - Where it is.
 * @returns What it holds.
 * @throws {@link StorageCorruptError} when durable data is damaged or missing, and {@link StorageVersionError} when a
 * file is of a later format.
 *
 * @example
 * ```ts
 * const last = await useWalDirectory('data/n1', async (fileSystem) =>
 *   (await readWal(fileSystem)).groups.get(0)?.entries.at(-1)?.index);
 * ```
 */
export async function readWal(fileSystem: FileSystem): Promise<WalContents> {
  const names = await fileSystem.list(rootDirectory);
  const identity = await readIdentity(fileSystem, names);
  if (identity === undefined) {
    throw new StorageCorruptError({
      file: identityPath,
      offset: 0,
      expected: 'the identity of a storage',
      found: 'no such file',
    });
  }
  const log = await recoverLog(fileSystem, identity.own);
  const newest = await newestSnapshots(fileSystem);
  const groups = new Map<GroupId, RecoveredState>();
  for (const [group, { log: place, entries }] of log.groups) {
    checkCovered(group, place.discarded, newest.get(group));
    groups.set(group, entries.take());
  }
  for (const [group, snapshot] of newest) {
    const state = groups.get(group) ?? { discarded: { index: 0, term: 0 }, entries: [] };
    groups.set(group, { ...state, snapshot });
  }
  const openSnapshot = async (group: GroupId): Promise<SnapshotReader | undefined> => {
    const meta = newest.get(group);
    return meta === undefined ? undefined : await openAt(fileSystem, snapshotPath(group, meta));
  };
  return { identity, retired: await readRetired(fileSystem, names), groups, openSnapshot };
}

async function newestSnapshots(fileSystem: FileSystem): Promise<ReadonlyMap<GroupId, SnapshotMeta>> {
  if ((await namesIn(fileSystem, snapshotsDirectory)).length === 0) return new Map();
  return (await recoverSnapshots(fileSystem)).newest;
}

async function openAt(fileSystem: FileSystem, file: string): Promise<SnapshotReader> {
  const handle = await fileSystem.open(file, 'existing');
  try {
    const ends = await readSnapshotEnds(handle, file);
    return new SnapshotFileReader({ handle, file, ends, onClosed: () => Promise.resolve() });
  } catch (error) {
    await handle.close();
    throw error;
  }
}
