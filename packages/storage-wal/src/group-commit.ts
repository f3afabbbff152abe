/**
 * Group commit: writes that wait while the disk syncs go out together in the next batch, with one write and one sync
 * for all of them, whatever group they are of. All writes of a batch share one promise. Batches go out one after
 * another, never two at a time: recovery tells a torn tail from corruption by that.
 *
 * A batch that finds no room on the disk is taken back from the file, the reserve is given up, and the batch is written
 * again. When there is still no room, it waits with all that come after it: an engine cannot take back what it asked
 * to be saved, but it can wait for it. A sync that fails is another matter, and final, whatever its reason.
 */
import {
  ByteWriter,
  type DurableWrite,
  InvalidArgumentError,
  isSynodError,
  StorageFullError,
} from '@synod/core';
import { batchOverheadBytes, beginBatch } from './batch.js';
import { StorageClosedError, StorageFailedError } from './errors.js';
import type { GroupLog } from './group-log.js';
import { checkWrite, encodeWrite } from './record.js';
import type { Reserve } from './reserve.js';
import type { SegmentChain } from './segment-chain.js';
import type { SegmentTurnover } from './segment-turnover.js';
import type { WalLimits } from './wal-options.js';

/** Counts since the storage was opened. */
export interface WalStats {
  /** Batches made durable, without those of the storage's own bookkeeping. */
  readonly batches: number;
  /** Writes in them. */
  readonly writes: number;
  /** Entries in them. */
  readonly entries: number;
  /** Bytes of them on disk. */
  readonly bytes: number;
  /** Syncs of the log: one a batch, and those of the storage's own batches when it begins or removes a segment. */
  readonly syncs: number;
  /** Segments the log has now. */
  readonly segments: number;
  /** Length of those segments in bytes. */
  readonly logBytes: number;
}

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface WaitingBatch {
  readonly writer: ByteWriter;
  readonly groups: GroupLog[];
  readonly writes: DurableWrite[];
  readonly settled: Deferred;
  entries: number;
}

/** Writers of this many times the batch limit are not kept for reuse. */
const spareFactorMax = 2;
const sparesMax = 2;
/** Most bytes that wait for room on the disk, so that a caller who does not listen cannot fill the memory. */
const heldBytesMax = 1 << 26;

/** Takes writes and makes them durable batch by batch. */
export class GroupCommit {
  readonly #chain: SegmentChain;
  readonly #turnover: SegmentTurnover;
  readonly #limits: WalLimits;
  readonly #reserve: Reserve;
  readonly #waiting: WaitingBatch[] = [];
  readonly #spares: ByteWriter[] = [];
  #flushing: Promise<void> | undefined;
  #failure: Error | undefined;
  #closed = false;
  /** Whether what waits found no room. */
  #isHeld = false;
  #isRetryWanted = false;
  #batches = 0;
  #writes = 0;
  #entries = 0;
  #bytes = 0;

  /**
   * @param chain - Where batches go.
   * @param turnover - Moves the chain on when a segment is full.
   * @param limits - Limits and listener.
   * @param reserve - What is given up when the disk is full.
   */
  constructor(chain: SegmentChain, turnover: SegmentTurnover, limits: WalLimits, reserve: Reserve) {
    this.#chain = chain;
    this.#turnover = turnover;
    this.#limits = limits;
    this.#reserve = reserve;
  }

  /** Why the storage failed, once it has. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** See {@link StorageRoom.isFull}. */
  get isFull(): boolean {
    return this.#isHeld || !this.#reserve.isKept;
  }

  /** See {@link StorageRoom.retry}. */
  async retry(): Promise<void> {
    if (!this.isFull || this.#closed || this.#failure !== undefined) return;
    this.#isRetryWanted = true;
    this.#flushing ??= this.#flush();
    await this.#flushing;
  }

  /**
   * Gives up the reserve, for what finds no room.
   *
   * @returns Whether there was one.
   */
  async giveUpReserve(): Promise<boolean> {
    if (!(await this.#reserve.giveUp())) return false;
    this.#limits.emit({ type: 'full', left: 'reserve' });
    return true;
  }

  /** Counts so far. */
  stats(): WalStats {
    return {
      batches: this.#batches,
      writes: this.#writes,
      entries: this.#entries,
      bytes: this.#bytes,
      syncs: this.#chain.syncs,
      segments: this.#chain.last - this.#chain.first + 1,
      logBytes: this.#chain.bytes,
    };
  }

  /**
   * Puts a write into the batch that waits.
   *
   * @param group - Whose write it is.
   * @param write - The write. Its bytes are taken before this returns.
   * @returns Settles with its batch.
   */
  save(group: GroupLog, write: DurableWrite): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#closed) return Promise.reject(new StorageClosedError(`a write of group ${group.group}`));
    try {
      const bytes = checkWrite(write);
      if (bytes > this.#limits.recordBytesMax) {
        throw new InvalidArgumentError(
          `a write of group ${group.group} takes up to ${bytes} bytes: at most ${this.#limits.recordBytesMax} fit in one, so split its entries`,
        );
      }
      if (this.#isHeld && this.#waitingBytes() + bytes > heldBytesMax)
        throw new StorageFullError(
          `a write of group ${group.group}, behind ${heldBytesMax} bytes that wait,`,
        );
    } catch (error) {
      return Promise.reject(error);
    }
    const batch = this.#openBatch();
    try {
      encodeWrite(batch.writer, group.group, write);
    } catch (error) {
      // Half of the write may stand in the batch now, so nothing of the batch can go out.
      this.fail(new StorageFailedError(`encoding a write of group ${group.group}`, error));
      return batch.settled.promise;
    }
    batch.groups.push(group);
    batch.writes.push(write);
    batch.entries += write.entries.length;
    this.#flushing ??= this.#flush();
    return batch.settled.promise;
  }

  /**
   * Stops for good: all that waits is rejected, and all that comes.
   *
   * @param error - Why.
   */
  fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    for (const batch of this.#waiting.splice(0)) batch.settled.reject(error);
    this.#limits.emit({ type: 'failed', error });
  }

  /** Takes no more writes and waits for those that were taken. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#waiting.length > 0 && this.#failure === undefined) this.#flushing ??= this.#flush();
    await this.#flushing;
  }

  #waitingBytes(): number {
    return this.#waiting.reduce((bytes, { writer }) => bytes + writer.length, 0);
  }

  #openBatch(): WaitingBatch {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.writer.length < this.#limits.batchBytesMax) return last;
    const writer = this.#spares.pop() ?? new ByteWriter(1 << 14);
    beginBatch(writer);
    const batch: WaitingBatch = { writer, groups: [], writes: [], settled: deferred(), entries: 0 };
    this.#waiting.push(batch);
    return batch;
  }

  async #flush(): Promise<void> {
    // Let what is saved in this turn join the first batch.
    await undefined;
    do {
      await this.#flushWaiting();
      if (this.#isRetryWanted && this.#failure === undefined) await this.#findRoom();
    } while (this.#waiting.length > 0 && !this.#isHeld && this.#failure === undefined);
    this.#flushing = undefined;
  }

  async #flushWaiting(): Promise<void> {
    for (let batch = this.#waiting.shift(); batch !== undefined; batch = this.#waiting.shift()) {
      try {
        await this.#commit(batch);
      } catch (error) {
        if (error instanceof StorageFullError) return this.#hold(batch, error);
        const failure = isFinal(error) ? error : new StorageFailedError('writing to the log', error);
        batch.settled.reject(failure);
        this.fail(failure);
        return;
      }
      if (this.#isHeld) this.#goOn();
      batch.settled.resolve();
      this.#reuse(batch.writer);
    }
  }

  /** What found no room waits, in its place in the order; a storage that is being closed cannot wait. */
  #hold(batch: WaitingBatch, error: StorageFullError): void {
    this.#waiting.unshift(batch);
    if (this.#closed) {
      for (const { settled } of this.#waiting.splice(0)) settled.reject(error);
    } else if (!this.#isHeld) {
      this.#isHeld = true;
      this.#limits.emit({ type: 'full', left: 'nothing' });
    }
  }

  #goOn(): void {
    this.#isHeld = false;
    if (this.#reserve.isKept) this.#limits.emit({ type: 'roomFound' });
  }

  async #findRoom(): Promise<void> {
    this.#isRetryWanted = false;
    if (this.#isHeld || this.#reserve.isKept) return;
    try {
      await this.#turnover.shrink();
      if (await this.#reserve.keep()) this.#limits.emit({ type: 'roomFound' });
    } catch (error) {
      if (error instanceof StorageFullError) return;
      this.fail(isFinal(error) ? error : new StorageFailedError('making the log shorter', error));
    }
  }

  async #append(writer: ByteWriter): Promise<void> {
    try {
      await this.#turnover.makeRoom(writer.length);
      await this.#chain.append(writer);
    } catch (error) {
      if (!(error instanceof StorageFullError) || !(await this.giveUpReserve())) throw error;
      await this.#append(writer);
    }
  }

  async #commit(batch: WaitingBatch): Promise<void> {
    const { writer, groups, writes } = batch;
    await this.#append(writer);
    const segment = this.#chain.last;
    for (const [position, write] of writes.entries()) groups[position]?.apply(write, segment);
    this.#batches++;
    this.#writes += writes.length;
    this.#entries += batch.entries;
    this.#bytes += writer.length;
    this.#limits.emit({
      type: 'synced',
      writes: writes.length,
      entries: batch.entries,
      bytes: writer.length,
    });
  }

  #reuse(writer: ByteWriter): void {
    const small = writer.length <= (this.#limits.batchBytesMax + batchOverheadBytes) * spareFactorMax;
    if (small && this.#spares.length < sparesMax) this.#spares.push(writer);
  }
}

/** Corruption that is met while running says more than "a write failed". */
function isFinal(error: unknown): error is Error {
  return isSynodError(error) && error.code.startsWith('STORAGE_');
}

function deferred(): Deferred {
  let resolve: (() => void) | undefined;
  let reject: ((error: Error) => void) | undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve: () => resolve?.(), reject: (error) => reject?.(error) };
}
