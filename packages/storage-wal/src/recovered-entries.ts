/**
 * The entries of one group while the log is read: after the last batch it holds what the engine takes over. Data is
 * copied out of the file's window, small pieces packed together, so that no entry keeps a large buffer alive.
 */
import { type Entry, type LogIndex, type LogPosition, logStart, type RecoveredState } from '@synod/core';
import type { LogChange } from './record.js';

const blockBytes = 1 << 16;
/** Longer data gets memory of its own. */
const packedBytesMax = 1 << 12;

/** Rebuilds one group's durable state by applying its changes in order. */
export class RecoveredEntries {
  #entries: Entry[] = [];
  #discarded: LogPosition = logStart;
  #hardState: Uint8Array | undefined;
  #block = new Uint8Array(0);
  #blockUsed = 0;

  /**
   * Applies a change, in the order of its fields.
   *
   * @param change - The change. Its bytes are copied.
   */
  apply(change: LogChange): void {
    const { discardThrough, truncateFrom, entries, hardState } = change;
    if (discardThrough !== undefined && discardThrough.index >= this.#discarded.index) {
      this.#discarded = discardThrough;
      this.#entries.splice(0, this.#placeOf(discardThrough.index + 1));
    }
    if (truncateFrom !== undefined) this.#entries.length = this.#placeOf(truncateFrom);
    if (hardState !== undefined) this.#hardState = new Uint8Array(hardState);
    const kept: Entry[] = [];
    for (const entry of entries) {
      if (entry.index > this.#discarded.index) kept.push({ ...entry, data: this.#keep(entry.data) });
    }
    this.#put(kept);
  }

  /** What was rebuilt; the caller takes the entries over. */
  take(): Omit<RecoveredState, 'snapshot'> {
    return {
      discarded: this.#discarded,
      entries: this.#entries,
      ...(this.#hardState === undefined ? {} : { hardState: this.#hardState }),
    };
  }

  #put(added: readonly Entry[]): void {
    const first = added[0];
    const last = added.at(-1);
    if (first === undefined || last === undefined) return;
    const start = this.#placeOf(first.index);
    if (start === this.#entries.length) {
      for (const entry of added) this.#entries.push(entry);
      return;
    }
    const end = this.#placeOf(last.index + 1);
    const merged = mergeEntries(this.#entries.slice(start, end), added);
    this.#entries = this.#entries.slice(0, start).concat(merged, this.#entries.slice(end));
  }

  /** Place of the first entry at or after an index. */
  #placeOf(index: LogIndex): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && entry.index < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #keep(data: Uint8Array): Uint8Array {
    if (data.length > packedBytesMax) return new Uint8Array(data);
    if (this.#block.length - this.#blockUsed < data.length) {
      this.#block = new Uint8Array(blockBytes);
      this.#blockUsed = 0;
    }
    const kept = this.#block.subarray(this.#blockUsed, this.#blockUsed + data.length);
    kept.set(data);
    this.#blockUsed += data.length;
    return kept;
  }
}

/** Both lists as one, ascending; where both have an index, the added entry stands. */
function mergeEntries(stored: readonly Entry[], added: readonly Entry[]): Entry[] {
  const replaced = new Set(added.map((entry) => entry.index));
  const kept = stored.filter((entry) => !replaced.has(entry.index));
  return [...kept, ...added].sort((left, right) => left.index - right.index);
}
