/**
 * Durable state kept in memory, under the rules of the durable contract: writes become durable in order, those that
 * wait together share one sync, and a crash loses what no sync covered.
 */
import type { Defer } from '../clock.js';
import type {
  DurableWrite,
  GroupStorage,
  IncarnationRegister,
  NodeStorage,
  RecoveredState,
  SnapshotMeta,
  SnapshotReader,
  SnapshotWriter,
} from '../durable.js';
import type { Entry } from '../entry.js';
import { InvalidArgumentError, SynodError } from '../errors.js';
import {
  type GroupId,
  type Incarnation,
  isIncarnation,
  type LogIndex,
  type LogPosition,
  logStart,
  type NodeId,
} from '../ids.js';
import { soon } from './soon.js';

/** Settings of a {@link MemoryNodeStorage}. */
export interface MemoryNodeStorageOptions {
  /** How a sync of the imagined disk is put off. Default: a microtask. */
  readonly defer?: Defer;
}

/** Counters of a {@link MemoryNodeStorage} since it was opened. */
export interface MemoryStorageStats {
  /** Calls of `save` that became durable. */
  readonly saves: number;
  /** Entries in them. */
  readonly entries: number;
  /** Times the imagined disk was synced: at most one for all saves that wait together. */
  readonly syncs: number;
}

/** What survives a crash. */
interface Disk {
  readonly incarnation: Incarnation;
  admitted: boolean;
  readonly peers: Map<NodeId, Incarnation>;
  readonly groups: Map<GroupId, GroupDisk>;
}

interface GroupDisk {
  hardState: Uint8Array | undefined;
  discarded: LogPosition;
  /** Ascending by index, possibly with gaps. */
  entries: Entry[];
  snapshot: { readonly meta: SnapshotMeta; readonly bytes: Uint8Array } | undefined;
}

/**
 * A {@link NodeStorage} in memory.
 *
 * @example A restart finds what was durable.
 * ```ts
 * const storage = new MemoryNodeStorage('00000000000000000000000000000001');
 * await storage.group(0).save({ receipt: { sequence: 1, last: undefined }, entries: [], hardState: new Uint8Array([7]) });
 * const afterRestart = storage.reopen();
 * afterRestart.group(0).recover().hardState; // Uint8Array [7]
 * ```
 */
export class MemoryNodeStorage implements NodeStorage {
  #disk: Disk;
  #register: IncarnationRegister;
  readonly #defer: Defer;
  readonly #groups = new Map<GroupId, MemoryGroupStorage>();
  readonly #syncer: Syncer;

  /**
   * A storage that was never used before, as on a new disk.
   *
   * @param incarnation - Its random name; give each storage another one.
   * @param options - Settings.
   * @throws InvalidArgumentError when the incarnation is not 32 lower-case hexadecimal digits.
   */
  constructor(incarnation: Incarnation, options: MemoryNodeStorageOptions = {}) {
    if (!isIncarnation(incarnation)) {
      throw new InvalidArgumentError(
        `incarnation ${JSON.stringify(incarnation)} is not 32 lower-case hexadecimal digits`,
      );
    }
    this.#disk = { incarnation, admitted: false, peers: new Map(), groups: new Map() };
    this.#defer = options.defer ?? soon;
    this.#syncer = new Syncer(this.#defer);
    this.#register = new MemoryIncarnationRegister(this.#disk, this.#syncer);
  }

  /** Who is who. */
  get incarnations(): IncarnationRegister {
    return this.#register;
  }

  /**
   * The storage of one group, made when it is first asked for.
   *
   * @param group - The group.
   */
  group(group: GroupId): GroupStorage {
    let storage = this.#groups.get(group);
    if (storage === undefined) {
      let disk = this.#disk.groups.get(group);
      if (disk === undefined) {
        disk = { hardState: undefined, discarded: logStart, entries: [], snapshot: undefined };
        this.#disk.groups.set(group, disk);
      }
      storage = new MemoryGroupStorage(group, disk, this.#syncer);
      this.#groups.set(group, storage);
    }
    return storage;
  }

  /** Counters since this storage was opened. */
  stats(): MemoryStorageStats {
    const { saves, entries, syncs } = this.#syncer;
    return { saves, entries, syncs };
  }

  /**
   * What the next process finds after this one was killed: all that is durable now and nothing else. This storage is
   * dead from here on; what waits here is rejected.
   */
  reopen(): MemoryNodeStorage {
    this.#syncer.fail(storageFailed('the storage was opened anew elsewhere'));
    const reopened = new MemoryNodeStorage(this.#disk.incarnation, { defer: this.#defer });
    reopened.#disk = this.#disk;
    reopened.#register = new MemoryIncarnationRegister(this.#disk, reopened.#syncer);
    return reopened;
  }

  /**
   * Makes every save from now on fail, also those under way, as a broken disk would.
   *
   * @param reason - Why, for the message.
   */
  fail(reason: string): void {
    this.#syncer.fail(storageFailed(reason));
  }

  /** Finishes the writes under way; later ones are rejected. */
  close(): Promise<void> {
    return this.#syncer.close();
  }
}

interface Waiting {
  readonly apply: () => void;
  readonly resolve: () => void;
  readonly reject: (cause: SynodError) => void;
}

/** Makes changes durable in the order they were asked for: all that wait, at once, in one imagined sync. */
class Syncer {
  saves = 0;
  entries = 0;
  syncs = 0;
  #waiting: Waiting[] = [];
  #failure: SynodError | undefined;
  #planned = false;
  readonly #defer: Defer;

  constructor(defer: Defer) {
    this.#defer = defer;
  }

  get failure(): SynodError | undefined {
    return this.#failure;
  }

  submit(apply: () => void): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ apply, resolve, reject });
      if (this.#planned) return;
      this.#planned = true;
      this.#defer(() => this.#sync());
    });
  }

  fail(cause: SynodError): void {
    this.#failure ??= cause;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(cause);
  }

  close(): Promise<void> {
    if (this.#failure !== undefined) return Promise.resolve();
    const last = this.submit(() => undefined);
    this.#failure = storageFailed('the storage is closed');
    return last;
  }

  #sync(): void {
    this.#planned = false;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const { apply } of waiting) apply();
    this.syncs++;
    for (const { resolve } of waiting) resolve();
  }
}

function storageFailed(reason: string): SynodError {
  return new SynodError({
    code: 'STORAGE_FAILED',
    message: `memory storage takes no writes: ${reason}`,
    effect: 'unknown',
  });
}

class MemoryIncarnationRegister implements IncarnationRegister {
  readonly #disk: Disk;
  readonly #syncer: Syncer;

  constructor(disk: Disk, syncer: Syncer) {
    this.#disk = disk;
    this.#syncer = syncer;
  }

  get own(): Incarnation {
    return this.#disk.incarnation;
  }

  get admitted(): boolean {
    return this.#disk.admitted;
  }

  known(peer: NodeId): Incarnation | undefined {
    return this.#disk.peers.get(peer);
  }

  record(peer: NodeId, incarnation: Incarnation): Promise<void> {
    return this.#syncer.submit(() => {
      this.#disk.peers.set(peer, incarnation);
    });
  }

  admit(): Promise<void> {
    return this.#syncer.submit(() => {
      this.#disk.admitted = true;
    });
  }
}

class MemoryGroupStorage implements GroupStorage {
  readonly group: GroupId;
  readonly #disk: GroupDisk;
  readonly #syncer: Syncer;

  constructor(group: GroupId, disk: GroupDisk, syncer: Syncer) {
    this.group = group;
    this.#disk = disk;
    this.#syncer = syncer;
  }

  recover(): RecoveredState {
    const { hardState, discarded, entries, snapshot } = this.#disk;
    return {
      ...(hardState === undefined ? {} : { hardState: hardState.slice() }),
      discarded,
      // A proposal's number means nothing to the next life of the process.
      entries: entries.map(({ index, term, kind, data }) => ({ index, term, kind, data })),
      ...(snapshot === undefined ? {} : { snapshot: snapshot.meta }),
    };
  }

  save(write: DurableWrite): Promise<void> {
    return this.#syncer.submit(() => {
      applyWrite(this.#disk, write);
      this.#syncer.saves++;
      this.#syncer.entries += write.entries.length;
    });
  }

  beginSnapshot(meta: SnapshotMeta): Promise<SnapshotWriter> {
    const failure = this.#syncer.failure;
    if (failure !== undefined) return Promise.reject(failure);
    return Promise.resolve(new MemorySnapshotWriter(meta, this.#disk, this.#syncer));
  }

  openSnapshot(): Promise<SnapshotReader | undefined> {
    const stored = this.#disk.snapshot;
    if (stored === undefined) return Promise.resolve(undefined);
    const { meta, bytes } = stored;
    return Promise.resolve({
      meta,
      bytesTotal: bytes.length,
      read: (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)),
      close: () => Promise.resolve(),
    });
  }
}

/** Changes the durable state in the order of the write's fields, as {@link DurableWrite} says. */
function applyWrite(disk: GroupDisk, write: DurableWrite): void {
  if (write.discardThrough !== undefined && write.discardThrough.index > disk.discarded.index) {
    disk.discarded = write.discardThrough;
    disk.entries = disk.entries.slice(positionOf(disk.entries, write.discardThrough.index + 1));
  }
  if (write.truncateFrom !== undefined) disk.entries.length = positionOf(disk.entries, write.truncateFrom);
  for (const entry of write.entries) {
    const position = positionOf(disk.entries, entry.index);
    if (disk.entries[position]?.index === entry.index) disk.entries[position] = entry;
    else if (position === disk.entries.length) disk.entries.push(entry);
    else disk.entries.splice(position, 0, entry);
  }
  if (write.hardState !== undefined) disk.hardState = new Uint8Array(write.hardState);
}

/** Position of the first entry at an index or behind it. */
function positionOf(entries: readonly Entry[], index: LogIndex): number {
  const last = entries.at(-1);
  if (last === undefined || last.index < index) return entries.length;
  let low = 0;
  let high = entries.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.index ?? 0) < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

class MemorySnapshotWriter implements SnapshotWriter {
  readonly #meta: SnapshotMeta;
  readonly #disk: GroupDisk;
  readonly #syncer: Syncer;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #ended = false;

  constructor(meta: SnapshotMeta, disk: GroupDisk, syncer: Syncer) {
    this.#meta = meta;
    this.#disk = disk;
    this.#syncer = syncer;
  }

  write(chunk: Uint8Array): Promise<void> {
    if (this.#ended) return Promise.reject(this.#afterEnd());
    this.#chunks.push(new Uint8Array(chunk));
    this.#length += chunk.length;
    return Promise.resolve();
  }

  commit(): Promise<void> {
    if (this.#ended) return Promise.reject(this.#afterEnd());
    this.#ended = true;
    const bytes = new Uint8Array(this.#length);
    let offset = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    this.#chunks = [];
    return this.#syncer.submit(() => {
      this.#disk.snapshot = { meta: this.#meta, bytes };
    });
  }

  abort(): Promise<void> {
    this.#ended = true;
    this.#chunks = [];
    return Promise.resolve();
  }

  #afterEnd(): SynodError {
    return new InvalidArgumentError('the snapshot was committed or aborted before: begin another one');
  }
}
