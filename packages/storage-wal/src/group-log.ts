/**
 * What the log remembers of one group while it runs: not the entries, which the engine has, but where on disk each
 * thing stands that a restart would need. It changes when a batch goes to its segment, not before.
 */
import { type GroupId, type LogPosition, logStart } from '@synod/core';
import { LiveExtents } from './live-extents.js';
import type { LogChange } from './record.js';

/** About what an entry takes on disk besides its data. */
const entryFieldBytes = 8;

/** Where one group's durable state is stored. */
export class GroupLog {
  /** The group. */
  readonly group: GroupId;
  /** Where its live entries are. */
  readonly extents = new LiveExtents();
  #discarded: LogPosition = logStart;
  #hardState: Uint8Array | undefined;
  #discardSegment: number | undefined;
  #hardStateSegment: number | undefined;

  /** @param group - The group. */
  constructor(group: GroupId) {
    this.group = group;
  }

  /** Through where the log was discarded. */
  get discarded(): LogPosition {
    return this.#discarded;
  }

  /** Oldest segment that holds the newest hard state or discard mark; `undefined` when there is neither. */
  get oldestStateSegment(): number | undefined {
    if (this.#discardSegment === undefined) return this.#hardStateSegment;
    if (this.#hardStateSegment === undefined) return this.#discardSegment;
    return Math.min(this.#discardSegment, this.#hardStateSegment);
  }

  /**
   * Notes that a change goes to a segment.
   *
   * @param change - The change.
   * @param segment - Its segment.
   */
  apply(change: LogChange, segment: number): void {
    const { discardThrough, truncateFrom, entries, hardState } = change;
    if (discardThrough !== undefined && discardThrough.index >= this.#discarded.index) {
      this.#discarded = discardThrough;
      this.#discardSegment = segment;
      this.extents.discardThrough(discardThrough.index);
    }
    if (truncateFrom !== undefined) this.extents.truncateFrom(truncateFrom);
    if (hardState !== undefined) {
      this.#hardState = keep(this.#hardState, hardState);
      this.#hardStateSegment = segment;
    }
    let position = 0;
    while (position < entries.length) position = this.#putRun(change, position, segment);
  }

  /** Hard state and discard mark as a change that restores both. */
  state(): LogChange {
    return {
      entries: [],
      ...(this.#discardSegment === undefined ? {} : { discardThrough: this.#discarded }),
      ...(this.#hardState === undefined ? {} : { hardState: this.#hardState }),
    };
  }

  #putRun({ entries }: LogChange, start: number, segment: number): number {
    const first = entries[start];
    if (first === undefined) return start + 1;
    let last = first.index;
    let bytes = first.data.length + entryFieldBytes;
    let position = start + 1;
    for (
      let entry = entries[position];
      entry !== undefined && entry.index === last + 1;
      entry = entries[position]
    ) {
      last = entry.index;
      bytes += entry.data.length + entryFieldBytes;
      position++;
    }
    const from = Math.max(first.index, this.#discarded.index + 1);
    if (from <= last) this.extents.put(from, last, segment, bytes);
    return position;
  }
}

/** A copy of the caller's bytes, in the buffer of the one before when that fits. */
function keep(before: Uint8Array | undefined, bytes: Uint8Array): Uint8Array {
  if (before === undefined || before.length !== bytes.length) return new Uint8Array(bytes);
  before.set(bytes);
  return before;
}
