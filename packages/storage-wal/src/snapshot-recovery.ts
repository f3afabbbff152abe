/**
 * Finds each group's newest snapshot when the storage is opened. A snapshot has its name only when it is durable, so
 * a damaged one was damaged later, and going back to an older one would silently forget what it covered: refused.
 */
import type { FileSystem, GroupId, LogPosition, SnapshotMeta } from '@synod/core';
import { StorageCorruptError } from './errors.js';
import { asideSuffix } from './replace-file.js';
import { groupDirectory, snapshotPath, snapshotPosition, snapshotsDirectory } from './snapshot-format.js';
import { readSnapshotEnds } from './snapshot-reader.js';

/** What the folder of snapshots holds. */
export interface RecoveredSnapshots {
  /** The newest snapshot of each group that has one. */
  readonly newest: ReadonlyMap<GroupId, SnapshotMeta>;
  /** Folders of groups. */
  readonly directories: readonly string[];
  /** Files that no one needs. */
  readonly leftovers: readonly string[];
}

/**
 * Reads the ends of all newest snapshots.
 *
 * @param fileSystem - Where.
 * @throws {@link StorageCorruptError} when one is damaged.
 */
export async function recoverSnapshots(fileSystem: FileSystem): Promise<RecoveredSnapshots> {
  const newest = new Map<GroupId, SnapshotMeta>();
  const leftovers: string[] = [];
  const directories: string[] = [];
  for (const name of [...(await fileSystem.list(snapshotsDirectory))].sort()) {
    if (!/^\d{1,10}$/.test(name)) continue;
    const group = Number(name);
    const directory = groupDirectory(group);
    directories.push(directory);
    const names = await fileSystem.list(directory);
    leftovers.push(
      ...names.filter((file) => file.endsWith(asideSuffix)).map((file) => `${directory}/${file}`),
    );
    const [last, ...older] = names
      .map(snapshotPosition)
      .filter((position) => position !== undefined)
      .sort((left, right) => right.index - left.index || right.term - left.term);
    leftovers.push(...older.map((position) => snapshotPath(group, position)));
    if (last !== undefined) newest.set(group, await readMeta(fileSystem, snapshotPath(group, last)));
  }
  return { newest, directories, leftovers };
}

/**
 * States that a group's snapshot reaches to where its log begins.
 *
 * @param group - The group.
 * @param discarded - Through where its log was discarded.
 * @param newest - Its newest snapshot.
 * @throws {@link StorageCorruptError} when entries between them are lost.
 */
export function checkCovered(group: GroupId, discarded: LogPosition, newest: SnapshotMeta | undefined): void {
  if (discarded.index <= (newest?.index ?? 0)) return;
  throw new StorageCorruptError({
    file: groupDirectory(group),
    offset: 0,
    expected: `a snapshot through index ${discarded.index} or later, because the log before it was discarded`,
    found: newest === undefined ? 'no snapshot' : `a newest snapshot through index ${newest.index}`,
  });
}

async function readMeta(fileSystem: FileSystem, file: string): Promise<SnapshotMeta> {
  const handle = await fileSystem.open(file, 'existing');
  try {
    return (await readSnapshotEnds(handle, file)).header.meta;
  } finally {
    await handle.close();
  }
}
