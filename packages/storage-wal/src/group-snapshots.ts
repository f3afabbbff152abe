/**
 * The snapshots of one group: the newest is what counts; older ones go as soon as nobody reads them. Several may be
 * written at the same time (the node's own and one from the leader); the one that covers most stays.
 */
import {
  type FileSystem,
  type GroupId,
  InvalidArgumentError,
  type SnapshotMeta,
  type SnapshotReader,
  type SnapshotWriter,
} from '@synod/core';
import { SnapshotFailedError } from './errors.js';
import { asideSuffix, rootDirectory } from './replace-file.js';
import { groupDirectory, type SnapshotHeader, snapshotPath, snapshotsDirectory } from './snapshot-format.js';
import { readSnapshotEnds, SnapshotFileReader } from './snapshot-reader.js';
import { SnapshotFileWriter } from './snapshot-writer.js';
import type { WalLimits } from './wal-options.js';

/** Stores and gives out the snapshots of one group. */
export class GroupSnapshots {
  readonly #fileSystem: FileSystem;
  readonly #group: GroupId;
  readonly #limits: WalLimits;
  readonly #findRoom: () => Promise<boolean>;
  /** Readers that have a file open, by its path. */
  readonly #readers = new Map<string, number>();
  /** What must be let go when the storage is closed. */
  readonly #open = new Set<() => Promise<void>>();
  #newest: SnapshotMeta | undefined;
  #directoryMade: boolean;
  #begun = 0;
  /** The last steps of snapshots that are being completed. */
  #completing: Promise<void> = Promise.resolve();

  /**
   * @param fileSystem - Where.
   * @param group - The group.
   * @param limits - Limits and listener.
   * @param newest - The newest snapshot that was found.
   * @param findRoom - Makes room on a full disk; answers whether it could.
   */
  constructor(
    fileSystem: FileSystem,
    group: GroupId,
    limits: WalLimits,
    newest: SnapshotMeta | undefined,
    findRoom: () => Promise<boolean>,
  ) {
    this.#fileSystem = fileSystem;
    this.#group = group;
    this.#limits = limits;
    this.#newest = newest;
    this.#findRoom = findRoom;
    this.#directoryMade = newest !== undefined;
  }

  /** The newest complete snapshot. */
  get newest(): SnapshotMeta | undefined {
    return this.#newest;
  }

  /**
   * Starts a snapshot.
   *
   * @param meta - What it describes.
   */
  async begin(meta: SnapshotMeta): Promise<SnapshotWriter> {
    if (!Number.isSafeInteger(meta.index) || meta.index < 1) {
      throw new InvalidArgumentError(
        `a snapshot through index ${meta.index} covers nothing: the index must be from 1`,
      );
    }
    const path = snapshotPath(this.#group, meta);
    const aside = `${path}.${++this.#begun}${asideSuffix}`;
    try {
      await this.#makeDirectory();
      const file = await this.#fileSystem.open(aside, 'create');
      const header: SnapshotHeader = {
        group: this.#group,
        meta,
        chunkBytes: this.#limits.snapshotChunkBytes,
      };
      const abort = () => writer.abort();
      const writer = new SnapshotFileWriter({
        fileSystem: this.#fileSystem,
        file,
        aside,
        path,
        header,
        findRoom: this.#findRoom,
        inTurn: (lastSteps) => this.#inTurn(lastSteps),
        isWanted: () => this.#newest === undefined || meta.index >= this.#newest.index,
        onStored: (fileBytes) => this.#stored(meta, path, fileBytes),
        onClosed: () => this.#open.delete(abort),
      });
      this.#open.add(abort);
      return writer;
    } catch (error) {
      throw new SnapshotFailedError(`beginning a snapshot in ${aside}`, error);
    }
  }

  /** Opens the newest snapshot. */
  async open(): Promise<SnapshotReader | undefined> {
    if (this.#newest === undefined) return undefined;
    const file = snapshotPath(this.#group, this.#newest);
    this.#readers.set(file, (this.#readers.get(file) ?? 0) + 1);
    try {
      const handle = await this.#fileSystem.open(file, 'existing');
      const close = () => reader.close();
      const reader = new SnapshotFileReader({
        handle,
        file,
        ends: await readSnapshotEnds(handle, file),
        onClosed: () => {
          this.#open.delete(close);
          return this.#letGo(file);
        },
      });
      this.#open.add(close);
      return reader;
    } catch (error) {
      await this.#letGo(file);
      throw error;
    }
  }

  /** Gives up what is being written and closes what is being read. */
  async close(): Promise<void> {
    for (const close of [...this.#open]) await close();
  }

  async #makeDirectory(): Promise<void> {
    if (this.#directoryMade) return;
    await this.#fileSystem.makeDirectory(groupDirectory(this.#group));
    await this.#fileSystem.syncDirectory(snapshotsDirectory);
    await this.#fileSystem.syncDirectory(rootDirectory);
    this.#directoryMade = true;
  }

  #inTurn(lastSteps: () => Promise<void>): Promise<void> {
    const turn = this.#completing.then(lastSteps);
    this.#completing = turn.catch(() => undefined);
    return turn;
  }

  async #stored(meta: SnapshotMeta, path: string, fileBytes: number): Promise<void> {
    const before = this.#newest;
    this.#newest = meta;
    this.#limits.emit({ type: 'snapshotSaved', group: this.#group, file: path, bytes: fileBytes });
    if (before !== undefined) await this.#removeUnread(snapshotPath(this.#group, before));
  }

  async #letGo(file: string): Promise<void> {
    const left = (this.#readers.get(file) ?? 1) - 1;
    if (left > 0) {
      this.#readers.set(file, left);
      return;
    }
    this.#readers.delete(file);
    await this.#removeUnread(file);
  }

  /** Removes a file that is not the newest and that nobody reads. What is left behind goes at the next open. */
  async #removeUnread(file: string): Promise<void> {
    if (this.#readers.has(file)) return;
    if (this.#newest !== undefined && snapshotPath(this.#group, this.#newest) === file) return;
    try {
      await this.#fileSystem.remove(file);
    } catch {
      // The newer one is durable already; that is what was asked for.
    }
  }
}
