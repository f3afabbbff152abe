/**
 * A backup from the disks of nodes that do not run. Nothing on them is changed. With the disks of a majority it has
 * every write that was ever acknowledged; with fewer, what these nodes know to be committed.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import {
  type EngineKind,
  InvalidArgumentError,
  logStart,
  type Membership,
  type NodeId,
  parseNodeId,
  type RecoveredState,
  SynodError,
} from '@synod/core';
import { KvStateMachine } from '@synod/kv';
import { decodeHardState } from '@synod/raft';
import { readWal, useWalDirectory, type WalContents } from '@synod/storage-wal';
import { readClusterIdentity } from '../cluster-directory.js';
import { parseEngineKind, withEngine } from '../engine-choice.js';
import { describeError } from '../exit-codes.js';
import { foundersOf } from '../founders.js';
import { writeBackupFile } from './backup-file.js';
import type { BackupSummary } from './backup-reader.js';
import { backupBytes } from './backup-writer.js';
import { type CommittedLog, InMemoryElection } from './in-memory-election.js';

/** Where the disks are. */
export interface OfflineBackupOptions {
  /** Directory of a node, or of a cluster of this machine. */
  readonly data: string;
  /** Name of the node, when `data` is that of a node; by default the name of the directory. */
  readonly id?: string;
  /** The members that the cluster began with; by default what `cluster.json` says. */
  readonly founders?: string;
  /** The backup's file. */
  readonly file: string;
  /** Time of the backup, in milliseconds since 1970. */
  readonly nowMs: number;
}

/** What a backup from disks came to. */
export interface OfflineBackup extends BackupSummary {
  /** Whether the disks of a majority were at hand, so that every acknowledged write is in it. */
  readonly confirmed: boolean;
  /** Entries that stand behind its end on the node that it is of, and are not known to be committed. */
  readonly entriesBehind: number;
  /** Nodes whose disks could not be read or do not count, and why. */
  readonly unreadable: ReadonlyMap<NodeId, string>;
}

/** The only group of a node of this program. */
const group = 0;
/** Bytes of a snapshot that are read at a time. */
const restoreBytes = 1 << 18;

/** A node's disk, locked while it is used. */
interface Disk {
  readonly id: NodeId;
  readonly directory: string;
  readonly contents: WalContents;
  /** Whether everything that it ever acknowledged is on it. */
  readonly mayVote: boolean;
}

/**
 * Makes a backup from disks.
 *
 * @param options - Where they are, and where the backup goes.
 * @throws InvalidArgumentError when there is no node there.
 * @throws StorageLockedError when a node runs on one of them, StorageCorruptError when none can be read.
 */
export async function makeOfflineBackup(options: OfflineBackupOptions): Promise<OfflineBackup> {
  const directory = path.resolve(options.data);
  const identity = await readClusterIdentity(directory);
  const nodes =
    identity === undefined
      ? [{ id: parseNodeId(options.id ?? path.basename(directory), '--id'), directory }]
      : identity.nodes.map((id) => ({ id, directory: path.join(directory, id) }));
  const unreadable = new Map<NodeId, string>();
  const present = [];
  for (const node of nodes) {
    if (await isNode(node.directory)) present.push(node);
    else unreadable.set(node.id, `${node.directory} holds no wal`);
  }
  const [first] = present;
  if (first === undefined) {
    throw new InvalidArgumentError(
      `--data: ${directory} is not the directory of a node or of a cluster: no wal is in it. Give one such as ./synod-data`,
    );
  }
  const founders = await foundersOf(first.directory, options.founders);
  const told = identity ?? (await readClusterIdentity(path.dirname(directory)));
  const cluster = told?.cluster ?? 'unknown';
  return await withDisks(present, [], unreadable, async (disks) => {
    const [disk] = disks;
    if (disk === undefined) {
      const message = `no disk could be read: ${[...unreadable.values()].join('; ')}`;
      throw new SynodError({ code: 'STORAGE_CORRUPT', message });
    }
    const judged = disks.map((each) => judge(each, disks, unreadable));
    const kind = engineOf(judged, told?.engine);
    return await backupOf(judged, { founders, cluster, kind, unreadable, options });
  });
}

/** A disk that was wiped, retired, or never took part proves nothing about what was acknowledged. */
function judge(disk: Disk, disks: readonly Disk[], leftOut: Map<NodeId, string>): Disk {
  const { identity, retired } = disk.contents;
  const stranger = disks.find(({ contents }) => {
    const known = contents.identity.peers.get(disk.id);
    return known !== undefined && known !== identity.own;
  });
  let reason: string | undefined;
  if (retired !== undefined) reason = `acknowledged data was given up on it (${retired})`;
  else if (!identity.admitted) reason = 'it never took part';
  else if (stranger !== undefined)
    reason = `${stranger.id} knows another disk of it: it was wiped or replaced`;
  if (reason === undefined) return disk;
  leftOut.set(disk.id, reason);
  return { ...disk, mayVote: false };
}

/** Locks and reads one disk after the other, so that all are held while they are used. */
async function withDisks<Value>(
  nodes: readonly Pick<Disk, 'id' | 'directory'>[],
  held: readonly Disk[],
  unreadable: Map<NodeId, string>,
  use: (disks: readonly Disk[]) => Promise<Value>,
): Promise<Value> {
  const [node, ...rest] = nodes;
  if (node === undefined) return await use(held);
  return await useWalDirectory(node.directory, async (fileSystem) => {
    let disk: Disk | undefined;
    try {
      disk = { ...node, contents: await readWal(fileSystem), mayVote: true };
    } catch (error) {
      if (nodes.length + held.length === 1) throw error;
      unreadable.set(node.id, describeError(error));
    }
    return await withDisks(rest, disk === undefined ? held : [...held, disk], unreadable, use);
  });
}

interface BackupParts {
  readonly founders: Membership;
  readonly cluster: string;
  readonly kind: EngineKind;
  readonly unreadable: ReadonlyMap<NodeId, string>;
  readonly options: OfflineBackupOptions;
}

async function backupOf(disks: readonly Disk[], parts: BackupParts): Promise<OfflineBackup> {
  const { founders, cluster, kind, unreadable, options } = parts;
  const log = committedLog(disks, kind, founders);
  const disk = disks.find(({ id }) => id === log.id);
  if (disk === undefined) throw new InvalidArgumentError(`no disk of ${log.id} is at hand`);
  const machine = await stateOf(disk, log);
  const last = log.entries.at(-1) ?? log.snapshot;
  if (last === undefined)
    throw new InvalidArgumentError(
      `${disk.directory}: nothing is committed there yet, so there is nothing to back up`,
    );
  const { revision, keys } = machine.stats();
  const header = {
    cluster,
    node: disk.id,
    engine: kind,
    index: last.index,
    term: last.term,
    revision,
    keys,
    createdMs: options.nowMs,
    membership: log.membership,
  };
  const summary = await writeBackupFile(options.file, backupBytes(header, machine.snapshot()));
  const stored = recoveredOf(disk).entries.filter(({ index }) => index > last.index).length;
  return { ...summary, confirmed: log.confirmed, entriesBehind: log.confirmed ? 0 : stored, unreadable };
}

function committedLog(
  disks: readonly Disk[],
  kind: EngineKind,
  membership: Membership,
): CommittedLog & { readonly membership: Membership } {
  return withEngine(kind, ({ create }) => {
    const voters = disks.filter(({ mayVote }) => mayVote);
    const engines = (voters.length > 0 ? voters : disks).map((disk) =>
      create({ id: disk.id, group, membership, recovered: recoveredOf(disk), seed: disk.id }),
    );
    const election = new InMemoryElection(engines);
    const log = voters.length > 0 ? election.run() : election.known();
    const status = engines.find(({ id }) => id === log.id)?.status();
    return { ...log, membership: status?.membership ?? membership };
  });
}

/** A hard state says whose it is: the records of the two engines begin with different bytes. */
function engineOf(disks: readonly Disk[], told: string | undefined): EngineKind {
  const record = disks.map((disk) => recoveredOf(disk).hardState).find((state) => state !== undefined);
  if (record === undefined) {
    if (told !== undefined) return parseEngineKind(told);
    throw new InvalidArgumentError('no engine ever ran on these disks, so there is nothing to back up');
  }
  try {
    decodeHardState(record);
    return 'raft';
  } catch {
    return 'paxos';
  }
}

function recoveredOf({ contents }: Disk): RecoveredState {
  return contents.groups.get(group) ?? { discarded: logStart, entries: [] };
}

async function stateOf({ contents }: Disk, { snapshot, entries }: CommittedLog): Promise<KvStateMachine> {
  const machine = new KvStateMachine();
  if (snapshot !== undefined) {
    const reader = await contents.openSnapshot(group);
    const restore = machine.restore();
    for (let offset = 0; reader !== undefined && offset < reader.bytesTotal; offset += restoreBytes)
      restore.write(await reader.read(offset, restoreBytes));
    await reader?.close();
    restore.finish();
  }
  for (const { kind, index, data } of entries) if (kind === 'command') machine.apply(index, data);
  return machine;
}

async function isNode(directory: string): Promise<boolean> {
  const names = await fs.readdir(directory).catch((): string[] => []);
  return names.includes('wal');
}
