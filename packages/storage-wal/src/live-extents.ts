/**
 * Which segment holds the entry that counts, for every index of one group: the log's liveness map, kept as runs
 * rather than index by index. A segment can go when no run lies in it (as in a log-structured file system: Rosenblum
 * & Ousterhout, "The Design and Implementation of a Log-Structured File System", 1992, §3).
 */
import type { LogIndex } from '@synod/core';

interface Extent {
  from: LogIndex;
  to: LogIndex;
  segment: number;
  /** Bytes of its entries; a share of them after a cut, so only good for deciding what is worth the work. */
  bytes: number;
}

/** The live entries of one group and where they are stored. */
export class LiveExtents {
  /** Ascending, without overlaps. Nearly always one or two. */
  #extents: Extent[] = [];

  /** Estimate of the bytes that live entries take. */
  get bytes(): number {
    let bytes = 0;
    for (const extent of this.#extents) bytes += extent.bytes;
    return bytes;
  }

  /** Oldest segment that holds a live entry, or `undefined` when none is live. */
  get oldestSegment(): number | undefined {
    let oldest: number | undefined;
    for (const { segment } of this.#extents) {
      if (oldest === undefined || segment < oldest) oldest = segment;
    }
    return oldest;
  }

  /**
   * The segment that holds the live entry of an index.
   *
   * @param index - Any index.
   * @returns `undefined` when no entry is live there.
   */
  segmentOf(index: LogIndex): number | undefined {
    let low = 0;
    let high = this.#extents.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const extent = this.#extents[middle];
      if (extent === undefined) return undefined;
      if (index < extent.from) high = middle - 1;
      else if (index > extent.to) low = middle + 1;
      else return extent.segment;
    }
    return undefined;
  }

  /**
   * Notes that entries were stored; what stood at their indexes is dead from here on.
   *
   * @param from - First index of a run without gaps.
   * @param to - Last index of it.
   * @param segment - Where they were stored.
   * @param bytes - What they take there.
   */
  put(from: LogIndex, to: LogIndex, segment: number, bytes: number): void {
    const last = this.#extents.at(-1);
    if (last !== undefined && from <= last.to) {
      this.#cut(from, to);
      this.#insert({ from, to, segment, bytes });
    } else if (last !== undefined && last.to + 1 === from && last.segment === segment) {
      last.to = to;
      last.bytes += bytes;
    } else {
      this.#extents.push({ from, to, segment, bytes });
    }
  }

  /**
   * Notes that entries through an index are dead.
   *
   * @param index - The last dead one.
   */
  discardThrough(index: LogIndex): void {
    this.#cut(0, index);
  }

  /**
   * Notes that entries from an index on are dead.
   *
   * @param index - The first dead one.
   */
  truncateFrom(index: LogIndex): void {
    this.#cut(index, Number.MAX_SAFE_INTEGER);
  }

  #cut(from: LogIndex, to: LogIndex): void {
    const kept: Extent[] = [];
    for (const extent of this.#extents) {
      if (extent.to < from || extent.from > to) {
        kept.push(extent);
        continue;
      }
      if (extent.from < from) kept.push(part(extent, extent.from, from - 1));
      if (extent.to > to) kept.push(part(extent, to + 1, extent.to));
    }
    this.#extents = kept;
  }

  #insert(added: Extent): void {
    const position = this.#extents.findIndex((extent) => extent.from > added.to);
    const after = position === -1 ? this.#extents.length : position;
    this.#extents.splice(after, 0, added);
    this.#joinAt(after + 1);
    this.#joinAt(after);
  }

  /** Makes one run of the one at a position and the one before it, when they touch in one segment. */
  #joinAt(position: number): void {
    const before = this.#extents[position - 1];
    const extent = this.#extents[position];
    if (before === undefined || extent === undefined) return;
    if (before.to + 1 !== extent.from || before.segment !== extent.segment) return;
    before.to = extent.to;
    before.bytes += extent.bytes;
    this.#extents.splice(position, 1);
  }
}

function part(extent: Extent, from: LogIndex, to: LogIndex): Extent {
  const share = (to - from + 1) / (extent.to - extent.from + 1);
  return { from, to, segment: extent.segment, bytes: Math.round(extent.bytes * share) };
}
