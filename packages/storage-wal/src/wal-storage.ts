/** A node's open storage: one log for all its groups, their snapshots, and the register of incarnations. */
import {
  type DurableWrite,
  type FileSystem,
  type GroupId,
  type GroupStorage,
  type IncarnationRegister,
  InvalidArgumentError,
  type NodeStorage,
  parseInteger,
  type RecoveredState,
  type SnapshotMeta,
  type SnapshotReader,
  type SnapshotWriter,
  type StorageRoom,
} from '@synod/core';
import { closedMarkPath, encodeClosedMark } from './closed-mark.js';
import { isNoRoom, StorageClosedError, StorageFailedError } from './errors.js';
import { GroupCommit, type WalStats } from './group-commit.js';
import { GroupLog } from './group-log.js';
import { GroupSnapshots } from './group-snapshots.js';
import type { Identity } from './identity-file.js';
import { IncarnationFile } from './incarnation-register.js';
import type { RecoveredEntries } from './recovered-entries.js';
import type { RecoveredLog, TornTail } from './recovery.js';
import { replaceFile } from './replace-file.js';
import type { Reserve } from './reserve.js';
import type { SegmentChain } from './segment-chain.js';
import { SegmentTurnover } from './segment-turnover.js';
import type { WalLimits } from './wal-options.js';

/** What was found when a storage was opened. */
export interface RecoveryReport {
  /** Whether the storage had been closed cleanly, so that even its very end is known to be as it was. */
  readonly closedCleanly: boolean;
  /** What a crash left of a last batch, and was cut off; `undefined` when there was nothing. */
  readonly tornTail: TornTail | undefined;
  /** Segments that were read. */
  readonly segments: number;
  /** Batches that were read. */
  readonly batches: number;
  /** Groups that were found, in the log or by a snapshot, ascending. */
  readonly groups: readonly GroupId[];
}

/** A node's durable storage: a write-ahead log shared by all groups, snapshots, and the register of incarnations. */
export interface WalStorage extends NodeStorage {
  /** What was found when it was opened. */
  readonly recovery: RecoveryReport;
  /** How it stands with room on the disk. While it is full, saves wait until there is room, or until it is closed. */
  readonly room: StorageRoom;
  /** Counts since it was opened. */
  stats(): WalStats;
}

/** What an open storage is made from. */
export interface NodeWalInit {
  /** Where the files are. */
  readonly fileSystem: FileSystem;
  /** Limits and listener. */
  readonly limits: WalLimits;
  /** What the identity file says. */
  readonly identity: Identity;
  /** What the log says. */
  readonly log: RecoveredLog;
  /** The newest snapshots. */
  readonly snapshots: ReadonlyMap<GroupId, SnapshotMeta>;
  /** The log to append to. */
  readonly chain: SegmentChain;
  /** Room to give up. */
  readonly reserve: Reserve;
}

const groupMax = 0xffff_ffff;

/** An open storage. */
export class NodeWal implements WalStorage {
  /** See {@link WalStorage.recovery}. */
  readonly recovery: RecoveryReport;
  readonly #fileSystem: FileSystem;
  readonly #limits: WalLimits;
  readonly #incarnations: IncarnationFile;
  readonly #chain: SegmentChain;
  readonly #commit: GroupCommit;
  readonly #logs = new Map<GroupId, GroupLog>();
  readonly #groups = new Map<GroupId, GroupWal>();
  #closing: Promise<void> | undefined;

  /** @param init - What was recovered. */
  constructor(init: NodeWalInit) {
    const { fileSystem, limits, chain, log, identity } = init;
    this.#fileSystem = fileSystem;
    this.#limits = limits;
    this.#chain = chain;
    const turnover = new SegmentTurnover({
      fileSystem,
      incarnation: identity.own,
      chain,
      groups: this.#logs,
      limits,
    });
    this.#commit = new GroupCommit(chain, turnover, limits, init.reserve);
    this.#incarnations = new IncarnationFile(fileSystem, identity, this.#commit);
    const groups = [...new Set([...log.groups.keys(), ...init.snapshots.keys()])].sort(
      (left, right) => left - right,
    );
    for (const group of groups) {
      const recovered = log.groups.get(group);
      this.#addGroup(recovered?.log ?? new GroupLog(group), recovered?.entries, init.snapshots.get(group));
    }
    this.recovery = {
      closedCleanly: log.closed,
      tornTail: log.tornTail,
      segments: log.segments.length,
      batches: log.batches,
      groups,
    };
  }

  /** See {@link NodeStorage.incarnations}. */
  get incarnations(): IncarnationRegister {
    return this.#incarnations;
  }

  /** See {@link WalStorage.room}. */
  get room(): StorageRoom {
    return this.#commit;
  }

  /** See {@link NodeStorage.group}. */
  group(group: GroupId): GroupStorage {
    return this.#groups.get(group) ?? this.#addGroup(new GroupLog(parseInteger(group, 'group', 0, groupMax)));
  }

  /** See {@link WalStorage.stats}. */
  stats(): WalStats {
    return this.#commit.stats();
  }

  /** See {@link NodeStorage.close}. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #addGroup(log: GroupLog, recovered?: RecoveredEntries, newest?: SnapshotMeta): GroupWal {
    this.#logs.set(log.group, log);
    const snapshots = new GroupSnapshots(this.#fileSystem, log.group, this.#limits, newest, () =>
      this.#commit.giveUpReserve(),
    );
    const isClosed = () => this.#closing !== undefined;
    const storage = new GroupWal({ log, commit: this.#commit, snapshots, recovered, isClosed });
    this.#groups.set(log.group, storage);
    return storage;
  }

  async #close(): Promise<void> {
    await this.#commit.close();
    await this.#incarnations.close();
    for (const group of this.#groups.values()) await group.closeSnapshots();
    if (this.#commit.failure !== undefined) {
      await this.#chain.close().catch(() => undefined);
      return;
    }
    try {
      await this.#chain.trim();
      await this.#chain.close();
      await this.#markClosed();
    } catch (error) {
      // Without the mark the log is opened as after a crash, which loses nothing.
      if (isNoRoom(error)) return;
      throw new StorageFailedError('marking the log as closed', error);
    }
  }

  async #markClosed(): Promise<void> {
    const { last, lastBytes, nextBatch } = this.#chain;
    const mark = encodeClosedMark({ segment: last, lengthBytes: lastBytes, nextBatch });
    await replaceFile(this.#fileSystem, closedMarkPath, mark);
  }
}

interface GroupWalInit {
  readonly log: GroupLog;
  readonly commit: GroupCommit;
  readonly snapshots: GroupSnapshots;
  readonly recovered: RecoveredEntries | undefined;
  readonly isClosed: () => boolean;
}

/** One group's part of the storage. */
class GroupWal implements GroupStorage {
  readonly group: GroupId;
  readonly #log: GroupLog;
  readonly #commit: GroupCommit;
  readonly #snapshots: GroupSnapshots;
  readonly #isClosed: () => boolean;
  #recovered: RecoveredEntries | undefined;
  #recoverable = true;

  constructor(init: GroupWalInit) {
    this.group = init.log.group;
    this.#log = init.log;
    this.#commit = init.commit;
    this.#snapshots = init.snapshots;
    this.#recovered = init.recovered;
    this.#isClosed = init.isClosed;
  }

  recover(): RecoveredState {
    if (!this.#recoverable) {
      throw new InvalidArgumentError(
        `group ${this.group} was recovered or saved before: recover() gives what was there at the open, once, before the first save()`,
      );
    }
    const state = this.#recovered?.take() ?? { discarded: this.#log.discarded, entries: [] };
    const snapshot = this.#snapshots.newest;
    this.#recoverable = false;
    this.#recovered = undefined;
    return snapshot === undefined ? state : { ...state, snapshot };
  }

  save(write: DurableWrite): Promise<void> {
    this.#recoverable = false;
    this.#recovered = undefined;
    return this.#commit.save(this.#log, write);
  }

  async beginSnapshot(meta: SnapshotMeta): Promise<SnapshotWriter> {
    this.#checkOpen('a snapshot');
    return this.#snapshots.begin(meta);
  }

  async openSnapshot(): Promise<SnapshotReader | undefined> {
    this.#checkOpen('the stored snapshot');
    return this.#snapshots.open();
  }

  closeSnapshots(): Promise<void> {
    return this.#snapshots.close();
  }

  #checkOpen(what: string): void {
    if (this.#isClosed()) throw new StorageClosedError(`${what} of group ${this.group}`);
    if (this.#commit.failure !== undefined) throw this.#commit.failure;
  }
}
