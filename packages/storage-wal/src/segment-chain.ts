/**
 * The segments of an open log as one place to append to: one write and one sync a batch, and the steps by which the
 * log moves on to a next segment and lets go of the oldest. Not re-entrant: the caller awaits each call.
 *
 * The segment in use ends in zeros: now and then a batch is followed by a stretch of them, in the same write and under
 * the same sync, and the next batches fall into that stretch. A sync that changes neither the length of a file nor its
 * blocks has no metadata to write, which nearly halves it on a journaling file system. The zeros are cut off when the
 * segment is left, by the sync of its last batch, and at a clean close.
 */
import {
  ByteWriter,
  type FileHandle,
  type FileSystem,
  type Incarnation,
  StorageFullError,
} from '@synod/core';
import { beginBatch, sealBatch } from './batch.js';
import { isNoRoom, StorageFailedError } from './errors.js';
import { encodeSegmentEnd } from './record.js';
import type { SegmentFile } from './recovery.js';
import {
  encodeSegmentHeader,
  preparedSuffix,
  type SegmentHeader,
  segmentHeaderBytes,
  segmentPath,
  segmentSalt,
  segmentSequenceMax,
  walDirectory,
} from './segment.js';
import type { WalLimits } from './wal-options.js';

/** What a chain goes on from. */
export interface SegmentChainInit {
  /** Where the files are. */
  readonly fileSystem: FileSystem;
  /** The storage. */
  readonly incarnation: Incarnation;
  /** Segments, oldest first, at least one. Taken over. */
  readonly segments: SegmentFile[];
  /** Number of the next batch. */
  readonly nextBatch: number;
  /** Length of the last segment's file, its zeros included. */
  readonly fileBytes: number;
  /** Zeros that are written ahead of the batches, and where a segment is full. */
  readonly limits: Pick<WalLimits, 'preallocateBytes' | 'segmentBytesMax'>;
}

/** A batch longer than this share of the zeros that would go ahead gains nothing by them. */
const shortBatchShare = 1 / 8;
/** Zeros are written in pieces of at most this length, from one array for all logs. */
const zeros = new Uint8Array(1 << 20);

/** The segments of one open log. */
export class SegmentChain {
  readonly #fileSystem: FileSystem;
  readonly #incarnation: Incarnation;
  readonly #segments: SegmentFile[];
  readonly #endWriter = new ByteWriter(64);
  #last: SegmentFile;
  #file: FileHandle;
  #salt: number;
  #nextBatch: number;
  /** Length of the file that batches go to. */
  #fileBytes: number;
  readonly #limits: SegmentChainInit['limits'];
  #syncs = 0;

  private constructor(init: SegmentChainInit, last: SegmentFile, file: FileHandle) {
    this.#fileSystem = init.fileSystem;
    this.#incarnation = init.incarnation;
    this.#segments = init.segments;
    this.#nextBatch = init.nextBatch;
    this.#last = last;
    this.#file = file;
    this.#fileBytes = init.fileBytes;
    this.#limits = init.limits;
    this.#salt = segmentSalt(init.incarnation, last.sequence);
  }

  /**
   * Opens the last segment to append to.
   *
   * @param init - What to go on from.
   */
  static async open(init: SegmentChainInit): Promise<SegmentChain> {
    const last = init.segments.at(-1) ?? { sequence: 1, lengthBytes: segmentHeaderBytes };
    return new SegmentChain(init, last, await init.fileSystem.open(segmentPath(last.sequence), 'existing'));
  }

  /** Number of the oldest segment. */
  get first(): number {
    return this.#segments[0]?.sequence ?? this.#last.sequence;
  }

  /** Number of the segment that batches go to. */
  get last(): number {
    return this.#last.sequence;
  }

  /** Length of the segment that batches go to. */
  get lastBytes(): number {
    return this.#last.lengthBytes;
  }

  /** Whether the segment that batches go to has none yet. */
  get lastIsEmpty(): boolean {
    return this.#last.lengthBytes === segmentHeaderBytes;
  }

  /** Number of the next batch. */
  get nextBatch(): number {
    return this.#nextBatch;
  }

  /** Syncs of batches since the chain was opened. */
  get syncs(): number {
    return this.#syncs;
  }

  /** Length of all segments. */
  get bytes(): number {
    let bytes = 0;
    for (const { lengthBytes } of this.#segments) bytes += lengthBytes;
    return bytes;
  }

  /**
   * Makes a batch durable at the end of the log.
   *
   * @param batch - A batch that was begun; it is numbered and sealed here, and must not change until this settles.
   * @throws {@link StorageFullError} when the disk has no room for it: then the log is as it was before.
   */
  async append(batch: ByteWriter): Promise<void> {
    await this.#put(batch, this.#zerosAfter(batch.length));
    await this.#file.dataSync();
    this.#advance(batch);
  }

  /** Appends the last batch of a segment, and cuts off the zeros behind it under the same sync. */
  async #appendLast(batch: ByteWriter): Promise<void> {
    await this.#put(batch, []);
    await this.#cutZeros(this.#last.lengthBytes + batch.length);
    await this.#file.dataSync();
    this.#advance(batch);
  }

  async #put(batch: ByteWriter, ahead: readonly Uint8Array[]): Promise<void> {
    sealBatch(batch, this.#nextBatch, this.#salt);
    const start = this.#last.lengthBytes;
    let end = start + batch.length;
    for (const part of ahead) end += part.length;
    try {
      await this.#file.write([batch.view(), ...ahead], start);
      this.#fileBytes = Math.max(this.#fileBytes, end);
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      await this.#takeBack();
      if (ahead.length === 0) throw new StorageFullError(`a batch of ${batch.length} bytes`, error);
      await this.#put(batch, []);
    }
  }

  /** Takes a write back that found no room, so that no crash can bring it to light after it was refused. */
  async #takeBack(): Promise<void> {
    const { lengthBytes } = this.#last;
    await this.#file.truncate(lengthBytes);
    await this.#file.dataSync();
    this.#fileBytes = lengthBytes;
  }

  #advance(batch: ByteWriter): void {
    this.#syncs++;
    this.#last.lengthBytes += batch.length;
    this.#nextBatch++;
  }

  /** Zeros that go behind a batch of this length, in as many pieces as it takes. */
  #zerosAfter(batchBytes: number): readonly Uint8Array[] {
    const { preallocateBytes, segmentBytesMax } = this.#limits;
    const end = this.#last.lengthBytes + batchBytes;
    if (end <= this.#fileBytes || batchBytes > preallocateBytes * shortBatchShare) return [];
    const pieces: Uint8Array[] = [];
    for (let left = Math.min(preallocateBytes, segmentBytesMax - end); left > 0; left -= zeros.length)
      pieces.push(zeros.subarray(0, left));
    return pieces;
  }

  async #cutZeros(end: number): Promise<void> {
    if (this.#fileBytes <= end) return;
    await this.#file.truncate(end);
    this.#fileBytes = end;
  }

  /**
   * Goes on in a new segment. The order of the steps makes each crash readable: the new segment is durable under its
   * prepared name before the old one says that it has ended, and has its own name only after that. A named segment
   * thus proves that the one before it is whole, and an ended one that a next exists.
   */
  async roll(): Promise<void> {
    const next = this.#last.sequence + 1;
    if (next > segmentSequenceMax)
      throw new StorageFailedError('numbering a segment', `number ${next} is above u32`);
    // The end record is a batch itself, so the new segment begins with the number after it.
    const firstBatch = this.#nextBatch + 1;
    await prepareSegment(this.#fileSystem, { incarnation: this.#incarnation, sequence: next, firstBatch });
    beginBatch(this.#endWriter);
    encodeSegmentEnd(this.#endWriter, next);
    await this.#appendLast(this.#endWriter);
    await this.#file.close();
    await nameSegment(this.#fileSystem, next);
    this.#file = await this.#fileSystem.open(segmentPath(next), 'existing');
    this.#last = { sequence: next, lengthBytes: segmentHeaderBytes };
    this.#fileBytes = segmentHeaderBytes;
    this.#segments.push(this.#last);
    this.#salt = segmentSalt(this.#incarnation, next);
  }

  /**
   * Removes the oldest segments. A durable batch must already say that the log begins later.
   *
   * @param begin - First segment that stays.
   * @returns Numbers of the segments that were removed.
   */
  async removeBefore(begin: number): Promise<readonly number[]> {
    const removed: number[] = [];
    for (
      let oldest = this.#segments[0];
      oldest !== undefined && oldest.sequence < begin;
      oldest = this.#segments[0]
    ) {
      await this.#fileSystem.remove(segmentPath(oldest.sequence));
      this.#segments.shift();
      removed.push(oldest.sequence);
    }
    return removed;
  }

  /** Cuts off the zeros at the end, durably. */
  async trim(): Promise<void> {
    if (this.#fileBytes === this.#last.lengthBytes) return;
    await this.#cutZeros(this.#last.lengthBytes);
    await this.#file.dataSync();
  }

  /** Lets go of the file. */
  async close(): Promise<void> {
    await this.#file.close();
  }
}

/**
 * Makes a segment with its header durable under its prepared name.
 *
 * @param fileSystem - Where.
 * @param header - What it says of itself.
 * @throws {@link StorageFullError} when the disk has no room for it.
 */
export async function prepareSegment(fileSystem: FileSystem, header: SegmentHeader): Promise<void> {
  const path = segmentPath(header.sequence) + preparedSuffix;
  await fileSystem.remove(path);
  const file = await needingRoom(() => fileSystem.open(path, 'create'));
  try {
    await needingRoom(() => file.write([encodeSegmentHeader(header)], 0));
    await file.dataSync();
  } finally {
    await file.close();
  }
  await fileSystem.syncDirectory(walDirectory);
}

/** Nothing of the log was touched when there was no room, and the next attempt begins anew. */
async function needingRoom<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (isNoRoom(error)) throw new StorageFullError('a new segment', error);
    throw error;
  }
}

/**
 * Gives a prepared segment its own name, durably.
 *
 * @param fileSystem - Where.
 * @param sequence - Its number.
 */
export async function nameSegment(fileSystem: FileSystem, sequence: number): Promise<void> {
  const path = segmentPath(sequence);
  await fileSystem.rename(path + preparedSuffix, path);
  await fileSystem.syncDirectory(walDirectory);
}
