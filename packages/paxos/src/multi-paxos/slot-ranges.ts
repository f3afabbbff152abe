/** Sets of slots as disjoint, ascending ranges: acknowledgements come for many slots at once, and rarely with holes. */
import type { LogIndex } from '@synod/core';

/** Slots from one to another, both included. */
export interface SlotRange {
  readonly from: LogIndex;
  readonly through: LogIndex;
}

/** A growing set of slots. */
export class SlotRanges {
  #ranges: SlotRange[] = [];

  clone(): SlotRanges {
    const copy = new SlotRanges();
    copy.#ranges = [...this.#ranges];
    return copy;
  }

  get ranges(): readonly SlotRange[] {
    return this.#ranges;
  }

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  /** Adds slots. What touches or overlaps becomes one range. */
  add(from: LogIndex, through: LogIndex): void {
    const last = this.#ranges[this.#ranges.length - 1];
    if (last === undefined || from > last.through + 1) {
      this.#ranges.push({ from, through });
      return;
    }
    if (from >= last.from) {
      if (through > last.through) this.#ranges[this.#ranges.length - 1] = { from: last.from, through };
      return;
    }
    this.#insert(from, through);
  }

  #insert(from: LogIndex, through: LogIndex): void {
    const before: SlotRange[] = [];
    const after: SlotRange[] = [];
    let low = from;
    let high = through;
    for (const range of this.#ranges) {
      if (range.through + 1 < from) before.push(range);
      else if (range.from > through + 1) after.push(range);
      else {
        low = Math.min(low, range.from);
        high = Math.max(high, range.through);
      }
    }
    this.#ranges = [...before, { from: low, through: high }, ...after];
  }

  has(slot: LogIndex): boolean {
    return this.#through(slot) >= slot;
  }

  /** Last slot of the unbroken run that begins at a slot; the one before it when it is not in the set. */
  runFrom(slot: LogIndex): LogIndex {
    return Math.max(slot - 1, this.#through(slot));
  }

  /** Drops what is not asked for any more. */
  forgetThrough(slot: LogIndex): void {
    while ((this.#ranges[0]?.through ?? Number.POSITIVE_INFINITY) <= slot) this.#ranges.shift();
  }

  clear(): void {
    this.#ranges = [];
  }

  /** Takes everything out. */
  take(): readonly SlotRange[] {
    const taken = this.#ranges;
    this.#ranges = [];
    return taken;
  }

  /** End of the range that holds a slot; 0 when none does. */
  #through(slot: LogIndex): LogIndex {
    for (const range of this.#ranges) {
      if (slot < range.from) return 0;
      if (slot <= range.through) return range.through;
    }
    return 0;
  }
}
