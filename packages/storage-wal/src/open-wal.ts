/**
 * Opening a storage: read and judge everything, then put right what a crash left, then go on. A storage is born with
 * its first segment and its identity, in this order: an identity without a log means that the log was lost.
 */
import type { FileSystem, Incarnation } from '@synod/core';
import { closedMarkPath } from './closed-mark.js';
import { StorageCorruptError } from './errors.js';
import { decodeIdentity, encodeIdentity, type Identity, identityPath } from './identity-file.js';
import { listSegments, type RecoveredLog, recoverLog } from './recovery.js';
import { asideSuffix, readWhole, replaceFile, rootDirectory } from './replace-file.js';
import { Reserve } from './reserve.js';
import { checkNotRetired } from './retired-mark.js';
import { decodeSegmentHeader, segmentHeaderBytes, segmentPath, walDirectory } from './segment.js';
import { nameSegment, prepareSegment, SegmentChain } from './segment-chain.js';
import { snapshotsDirectory } from './snapshot-format.js';
import { checkCovered, type RecoveredSnapshots, recoverSnapshots } from './snapshot-recovery.js';
import { type WalOptions, walLimits } from './wal-options.js';
import { NodeWal, type WalStorage } from './wal-storage.js';

/**
 * Opens a node's storage, or makes it when there is none yet.
 *
 * @remarks Deterministic: given the same file system and calls, it does the same. It has no clock and no randomness.
 * Nothing stops a second process from opening the same files: {@link openWalDirectory} does.
 * @param options - Where it is, and its limits.
 * @returns The storage. Take each group's state with `recover()` before the first `save()`.
 * @throws {@link StorageCorruptError} when durable data is damaged or missing; nothing was changed then.
 * @throws {@link StorageVersionError} when the files are of a later format.
 * @throws {@link StorageRetiredError} when acknowledged data was given up in it on purpose.
 * @throws InvalidArgumentError when an option is out of its range.
 *
 * @example
 * ```ts
 * const storage = await openWal({ fileSystem: nodeFileSystem('data'), incarnation });
 * const group = storage.group(0);
 * const { entries, hardState } = group.recover();
 * await group.save({ receipt: { sequence: 1, last: undefined }, entries: [], hardState: Uint8Array.of(1) });
 * await storage.close();
 * ```
 */
export async function openWal(options: WalOptions): Promise<WalStorage> {
  const limits = walLimits(options);
  const { fileSystem } = options;
  await fileSystem.makeDirectory(walDirectory);
  await fileSystem.makeDirectory(snapshotsDirectory);
  const names = await fileSystem.list(rootDirectory);
  await checkNotRetired(fileSystem, names);
  const identity = (await readIdentity(fileSystem, names)) ?? (await beBorn(fileSystem, options.incarnation));
  const log = await recoverLog(fileSystem, identity.own, limits.sectorBytes);
  const snapshots = await recoverSnapshots(fileSystem);
  for (const { log: group } of log.groups.values()) {
    checkCovered(group.group, group.discarded, snapshots.newest.get(group.group));
  }
  await putRight(fileSystem, log, snapshots);
  if (log.tornTail !== undefined) limits.emit({ type: 'tornTailCut', ...log.tornTail });
  const { segments, nextBatch, fileBytes } = log;
  const incarnation = identity.own;
  const chain = await SegmentChain.open({ fileSystem, incarnation, segments, nextBatch, fileBytes, limits });
  const reserve = new Reserve(fileSystem, limits.reserveBytes);
  if (!(await reserve.keep())) limits.emit({ type: 'full', left: 'nothing' });
  return new NodeWal({ fileSystem, limits, identity, log, snapshots: snapshots.newest, chain, reserve });
}

/**
 * Reads who a storage is.
 *
 * @param fileSystem - Where it is.
 * @param names - Names in the root of the storage.
 * @returns `undefined` when it has no identity yet.
 * @throws {@link StorageCorruptError} when the file is damaged, or there is no log to it.
 */
export async function readIdentity(
  fileSystem: FileSystem,
  names: readonly string[],
): Promise<Identity | undefined> {
  if (!names.includes(identityPath)) return undefined;
  const identity = decodeIdentity(await readWhole(fileSystem, identityPath));
  if ((await listSegments(fileSystem)).length > 0) return identity;
  throw new StorageCorruptError({
    file: walDirectory,
    offset: 0,
    expected: `the log of storage ${identity.own}`,
    found: 'no segment',
  });
}

async function beBorn(fileSystem: FileSystem, incarnation: Incarnation): Promise<Identity> {
  const own = (await readUnfinishedBirth(fileSystem)) ?? incarnation;
  if (own === incarnation && (await listSegments(fileSystem)).length === 0) {
    await prepareSegment(fileSystem, { incarnation, sequence: 1, firstBatch: 1 });
    await nameSegment(fileSystem, 1);
  }
  await fileSystem.syncDirectory(walDirectory);
  const identity: Identity = { own, admitted: false, peers: new Map() };
  await replaceFile(fileSystem, identityPath, encodeIdentity(identity));
  return identity;
}

/**
 * The incarnation of a storage whose birth a crash cut short: one segment, with nothing in it.
 *
 * @param fileSystem - Where it is.
 * @returns `undefined` when it has no log either.
 * @throws {@link StorageCorruptError} when it has a log, and so must have had an identity.
 */
export async function readUnfinishedBirth(fileSystem: FileSystem): Promise<Incarnation | undefined> {
  const segments = await listSegments(fileSystem);
  if (segments.length === 0) return undefined;
  const file = segmentPath(1);
  if (segments.length === 1 && segments[0] === 1) {
    const bytes = await readWhole(fileSystem, file);
    if (bytes.length === segmentHeaderBytes) return decodeSegmentHeader(bytes, file).incarnation;
  }
  throw new StorageCorruptError({
    file: identityPath,
    offset: 0,
    expected: `the identity of this storage, because it has a log of ${segments.length} segments`,
    found: 'no such file',
  });
}

/** Ends what a crash interrupted. Each step may be interrupted again. */
async function putRight(
  fileSystem: FileSystem,
  log: RecoveredLog,
  snapshots: RecoveredSnapshots,
): Promise<void> {
  const last = log.segments.at(-1);
  if (log.closed) await fileSystem.remove(closedMarkPath);
  else await resync(fileSystem, log, last?.sequence ?? 1);
  await fileSystem.syncDirectory(walDirectory);
  if (log.unnamedSegment !== undefined) await nameSegment(fileSystem, log.unnamedSegment);
  for (const file of [...log.leftovers, ...snapshots.leftovers]) await fileSystem.remove(file);
  await fileSystem.remove(identityPath + asideSuffix);
  // A name that a crash left unsynced counts from now on, so it must be durable from now on.
  for (const directory of snapshots.directories) await fileSystem.syncDirectory(directory);
  await fileSystem.syncDirectory(snapshotsDirectory);
  await fileSystem.syncDirectory(rootDirectory);
}

/**
 * Cuts a torn tail, and makes the last batch durable. It may have been written but never synced, and after a failed
 * sync the operating system may hold it in memory as clean without its being on disk; so its bytes are written again
 * before they are synced (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020, §3). The bytes
 * are the same, and the next batch would write into the same sector anyway.
 */
async function resync(fileSystem: FileSystem, log: RecoveredLog, lastSegment: number): Promise<void> {
  const { lastBatch, tornTail, unnamedSegment } = log;
  const file = await fileSystem.open(segmentPath(lastBatch?.sequence ?? lastSegment), 'existing');
  try {
    // A segment that the log has left ends with its last batch.
    const end = unnamedSegment === undefined ? tornTail?.offset : lastBatch?.end;
    if (end !== undefined) await file.truncate(end);
    if (lastBatch !== undefined) {
      await file.write(
        [await file.read(lastBatch.offset, lastBatch.end - lastBatch.offset)],
        lastBatch.offset,
      );
    }
    await file.dataSync();
  } finally {
    await file.close();
  }
}
