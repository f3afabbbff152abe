/**
 * A new cluster from a backup. Its nodes begin with the state as their snapshot, at the index that it had, so that
 * revisions and sessions go on from there. Everything that says who they are is new: the cluster's name, and the
 * incarnation of each node, which all others have on record from the start. So no node of the old cluster can mix in,
 * and the new one needs a majority only, not all of its nodes, at its first start.
 */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import {
  createMembership,
  type EngineKind,
  InvalidArgumentError,
  invariant,
  type LogPosition,
  type NodeId,
  type SnapshotWriter,
  type Term,
} from '@synod/core';
import { openWalDirectory, type WalStorage } from '@synod/storage-wal';
import { type ClusterIdentity, writeClusterIdentity } from '../cluster-directory.js';
import {
  checkAbsent,
  readBackupFile,
  syncFolder,
  type VerifiedBackup,
  verifyBackupFile,
} from './backup-file.js';

/** What a cluster is restored from and to. */
export interface RestoreOptions {
  /** The backup. */
  readonly file: string;
  /** Directory of the new cluster: it must not exist, or be empty. */
  readonly directory: string;
  /** Its nodes. */
  readonly ids: readonly NodeId[];
  /** Its engine; that of the backup when not given. */
  readonly engine: EngineKind | undefined;
  /** Its name; a random one when not given. */
  readonly cluster: string | undefined;
}

/** A cluster that was restored. */
export interface RestoredCluster {
  /** Its name, nodes and engine. */
  readonly identity: ClusterIdentity;
  /** What it was made from. */
  readonly backup: VerifiedBackup;
}

/** The only group of a node of this program. */
const group = 0;

/** Added to the name of a directory that is being made. */
const unfinishedSuffix = '.restoring';

/** A Paxos ballot holds the ordinal of the member that made it in its lowest digits. */
const ordinalsPerRound = 1_024;

/**
 * Makes the directories of a new cluster. They get their name only when all of them are whole and on disk.
 *
 * @param options - From what, and to where.
 * @throws BackupDamagedError when any byte of the backup is wrong; nothing is made then.
 * @throws InvalidArgumentError when there is something at the directory already.
 */
export async function restoreCluster(options: RestoreOptions): Promise<RestoredCluster> {
  const directory = path.resolve(options.directory);
  createMembership([...options.ids].sort());
  const unfinished = directory + unfinishedSuffix;
  await checkEmpty(directory);
  await checkAbsent(unfinished);
  const backup = await verifyBackupFile(options.file);
  const engine = options.engine ?? backup.header.engine;
  const cluster = options.cluster ?? `synod-${randomBytes(4).toString('hex')}`;
  const identity = { cluster, nodes: options.ids, engine };
  await fs.mkdir(unfinished, { recursive: true });
  try {
    await makeNodes(unfinished, options, backup, engine);
    await writeClusterIdentity(unfinished, identity);
    await syncFolder(unfinished);
    // Only an empty folder goes: one that was filled meanwhile stays, and the restore fails.
    await fs.rmdir(directory).catch(() => undefined);
    await fs.rename(unfinished, directory);
    await syncFolder(path.dirname(directory));
  } catch (error) {
    await fs.rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  return { identity, backup };
}

async function makeNodes(
  folder: string,
  { file, ids }: RestoreOptions,
  { header }: VerifiedBackup,
  engine: EngineKind,
): Promise<void> {
  const storages = new Map<NodeId, WalStorage>();
  try {
    for (const id of ids) storages.set(id, await openWalDirectory(path.join(folder, id)));
    const at: LogPosition = { index: header.index, term: termFor(engine, header) };
    const membership = createMembership([...ids].sort());
    const writers: SnapshotWriter[] = [];
    for (const storage of storages.values())
      writers.push(await storage.group(group).beginSnapshot({ ...at, membership }));
    await copyState(file, writers);
    for (const [id, storage] of storages) await beBorn(id, storage, storages, at);
  } finally {
    for (const storage of storages.values()) await storage.close();
  }
}

/** Reads the backup once more and gives every node its copy, a piece at a time. */
async function copyState(file: string, writers: readonly SnapshotWriter[]): Promise<void> {
  for (const writer of writers) {
    const pieces: Uint8Array[] = [];
    let written = Promise.resolve();
    await readBackupFile(file, {
      chunk: (bytes) => {
        pieces.push(bytes.slice());
        written = written.then(async () => {
          const piece = pieces.shift();
          invariant(piece !== undefined, 'a piece waits for every write');
          await writer.write(piece);
        });
      },
      // Between two reads of the file everything of the one before is written, so that little is held.
      pause: () => written,
    });
    await written;
    await writer.commit();
  }
}

/** Says that the log before the state is gone, who the others are, and that this node may vote. */
async function beBorn(
  id: NodeId,
  storage: WalStorage,
  storages: ReadonlyMap<NodeId, WalStorage>,
  at: LogPosition,
): Promise<void> {
  await storage
    .group(group)
    .save({ receipt: { sequence: 1, last: undefined }, discardThrough: at, entries: [] });
  for (const [peer, { incarnations }] of storages)
    if (peer !== id) await storage.incarnations.record(peer, incarnations.own);
  await storage.incarnations.admit();
}

/** A state that comes to Paxos from Raft gets a ballot of the first member in the round of its term. */
function termFor(engine: EngineKind, header: { readonly engine: EngineKind; readonly term: Term }): Term {
  if (engine === header.engine || engine === 'raft') return header.term;
  return header.term * ordinalsPerRound + 1;
}

async function checkEmpty(directory: string): Promise<void> {
  const names = await fs.readdir(directory).catch((): undefined => undefined);
  if (names === undefined) return await checkAbsent(directory);
  if (names.length === 0) return;
  throw new InvalidArgumentError(
    `${directory} is not empty: a backup is restored into a new directory only, so that no data is overwritten`,
  );
}
