/**
 * Moving on to a new segment and letting go of old ones. An old segment is held by live entries, by the newest hard
 * state or by the newest discard mark of some group. The last two are small and are simply written again; entries
 * are moved only when the log has grown beyond what it is worth, so that a quiet group cannot hold the log of busy
 * ones for ever (the cleaner of a log-structured file system, Rosenblum & Ousterhout 1992, §3.4).
 */
import { ByteWriter, type FileSystem, type GroupId, type Incarnation, isSynodError } from '@synod/core';
import { beginBatch, decodeBatch } from './batch.js';
import { StorageCorruptError } from './errors.js';
import type { GroupLog } from './group-log.js';
import { LiveEntries } from './live-entries.js';
import { encodeLogBegins, encodeWrite } from './record.js';
import { segmentPath, segmentSalt } from './segment.js';
import type { SegmentChain } from './segment-chain.js';
import { SegmentReader } from './segment-reader.js';
import type { WalLimits } from './wal-options.js';

/** Share of a segment that moved entries may take, so that most of it is left for new ones. */
const movedShareMax = 1 / 4;
/** Share of the log that must be dead before moving is worth its cost. */
const deadShareMin = 1 / 2;

/** Length from which it is worth leaving a segment early on a full disk. */
const shrinkBytesMin = 1 << 16;

/** What the turnover works with. */
export interface SegmentTurnoverInit {
  /** Where the files are. */
  readonly fileSystem: FileSystem;
  /** The storage. */
  readonly incarnation: Incarnation;
  /** The open log. */
  readonly chain: SegmentChain;
  /** All groups that were ever saved. */
  readonly groups: ReadonlyMap<GroupId, GroupLog>;
  /** Limits and listener. */
  readonly limits: WalLimits;
}

/** Keeps the log in segments of bounded length and bounded number. */
export class SegmentTurnover {
  readonly #fileSystem: FileSystem;
  readonly #incarnation: Incarnation;
  readonly #chain: SegmentChain;
  readonly #groups: ReadonlyMap<GroupId, GroupLog>;
  readonly #limits: WalLimits;
  readonly #writer = new ByteWriter(1 << 12);

  /** @param init - What to work with. */
  constructor(init: SegmentTurnoverInit) {
    this.#fileSystem = init.fileSystem;
    this.#incarnation = init.incarnation;
    this.#chain = init.chain;
    this.#groups = init.groups;
    this.#limits = init.limits;
  }

  /**
   * Moves on to a new segment when a batch does not fit any more.
   *
   * @param batchBytes - Length of the batch.
   */
  async makeRoom(batchBytes: number): Promise<void> {
    const chain = this.#chain;
    if (chain.lastIsEmpty || chain.lastBytes + batchBytes <= this.#limits.segmentBytesMax) return;
    await chain.roll();
    this.#limits.emit({ type: 'segmentCreated', file: segmentPath(chain.last) });
    if (this.#isWorthMoving()) await this.#moveEntries();
    await this.#letGo();
  }

  /**
   * Makes the log shorter before it would be its time, because the disk is full.
   *
   * @throws {@link StorageFullError} when there is not even room to begin a new segment.
   */
  async shrink(): Promise<void> {
    const chain = this.#chain;
    if (chain.bytes >= shrinkBytesMin && this.#isHalfDead()) {
      if (!chain.lastIsEmpty) {
        await chain.roll();
        this.#limits.emit({ type: 'segmentCreated', file: segmentPath(chain.last) });
      }
      if (this.#oldestEntries() === chain.first) await this.#moveEntries();
    }
    await this.#letGo();
  }

  #isWorthMoving(): boolean {
    if (this.#chain.last - this.#chain.first < this.#limits.segmentsBeforeMove) return false;
    if (this.#oldestEntries() > this.#chain.first) return false;
    return this.#isHalfDead();
  }

  #isHalfDead(): boolean {
    let live = 0;
    for (const group of this.#groups.values()) live += group.extents.bytes;
    return live <= this.#chain.bytes * (1 - deadShareMin);
  }

  /** Writes live entries of the oldest segment again, at the end of the log. */
  async #moveEntries(): Promise<void> {
    const oldest = this.#chain.first;
    const file = segmentPath(oldest);
    const live = await this.#readLive(oldest);
    let budget = Math.floor(this.#limits.segmentBytesMax * movedShareMax);
    let moved = 0;
    let bytes = 0;
    for (let part = live.take(budget); part !== undefined && budget > 0; part = live.take(budget)) {
      beginBatch(this.#writer);
      encodeWrite(this.#writer, part.group.group, part.change);
      await this.#chain.append(this.#writer);
      part.group.apply(part.change, this.#chain.last);
      moved += part.change.entries.length;
      bytes += this.#writer.length;
      budget -= this.#writer.length;
    }
    this.#limits.emit({ type: 'entriesMoved', file, entries: moved, bytes });
  }

  async #readLive(sequence: number): Promise<LiveEntries> {
    const live = new LiveEntries(this.#groups, sequence);
    const path = segmentPath(sequence);
    const file = await this.#fileSystem.open(path, 'existing');
    try {
      const reader = new SegmentReader(file, await file.size(), segmentSalt(this.#incarnation, sequence));
      for (let frame = await reader.next(); frame.type !== 'end'; frame = await reader.next()) {
        if (frame.type === 'broken') throw damaged(path, frame.offset, frame.found);
        addBatch(live, path, frame.offset, frame.payload);
      }
    } finally {
      await file.close();
    }
    return live;
  }

  /** Writes again the small state that alone holds old segments, says where the log begins, and removes what is before. */
  async #letGo(): Promise<void> {
    const chain = this.#chain;
    const begin = this.#oldestEntries();
    if (begin === chain.first) return;
    const rewritten = [...this.#groups.values()].filter(
      (group) => (group.oldestStateSegment ?? begin) < begin,
    );
    beginBatch(this.#writer);
    for (const group of rewritten) encodeWrite(this.#writer, group.group, group.state());
    encodeLogBegins(this.#writer, begin);
    await chain.append(this.#writer);
    for (const group of rewritten) group.apply(group.state(), chain.last);
    for (const sequence of await chain.removeBefore(begin)) {
      this.#limits.emit({ type: 'segmentRemoved', file: segmentPath(sequence) });
    }
  }

  #oldestEntries(): number {
    let oldest = this.#chain.last;
    for (const group of this.#groups.values())
      oldest = Math.min(oldest, group.extents.oldestSegment ?? oldest);
    return oldest;
  }
}

function addBatch(live: LiveEntries, path: string, offset: number, payload: Uint8Array): void {
  try {
    for (const record of decodeBatch(payload).records) {
      if (record.type === 'write') live.add(record.group, record.change);
    }
  } catch (error) {
    if (!isSynodError(error) || error.code !== 'DECODE_FAILED') throw error;
    throw damaged(path, offset, error.message);
  }
}

function damaged(file: string, offset: number, found: string): StorageCorruptError {
  return new StorageCorruptError({ file, offset, expected: 'a batch that was acknowledged', found });
}
