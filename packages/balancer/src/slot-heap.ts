/**
 * A binary heap of slots by deadline; of equal deadlines, the lower slot first. Nothing is allocated as it is used:
 * deadlines lie in an array by slot, since V8 puts fractions that go from function to function on the heap.
 */
import { noSlot, type Slot } from './slot.js';

/** Who is due next? */
export class SlotHeap {
  #slots = new Int32Array(0);
  /** By slot. */
  #deadlines = new Float64Array(0);
  #size = 0;

  /** Slots in the heap. */
  get size(): number {
    return this.#size;
  }

  /** The slots in it, in no order. A copy. */
  slots(): readonly Slot[] {
    return Array.from(this.#slots.subarray(0, this.#size));
  }

  /**
   * Empties it, and makes room.
   *
   * @param capacity - For slots below this.
   */
  clear(capacity: number): void {
    this.#size = 0;
    if (this.#slots.length >= capacity) return;
    this.#slots = new Int32Array(capacity);
    this.#deadlines = new Float64Array(capacity);
  }

  /**
   * Adds a slot that is not in it.
   *
   * @param slot - The slot.
   * @param deadline - When it is due.
   */
  push(slot: Slot, deadline: number): void {
    this.#deadlines[slot] = deadline;
    this.#rise(slot);
  }

  /** Takes out the slot that is due first; {@link noSlot} when it is empty. */
  pop(): Slot {
    if (this.#size === 0) return noSlot;
    const first = this.#slots[0] ?? noSlot;
    this.#size -= 1;
    const slot = this.#slots[this.#size] ?? noSlot;
    let place = 0;
    for (let child = 1; child < this.#size; child = 2 * place + 1) {
      if (child + 1 < this.#size && this.#isBefore(this.#at(child + 1), this.#at(child))) child += 1;
      if (this.#isBefore(slot, this.#at(child))) break;
      this.#slots[place] = this.#at(child);
      place = child;
    }
    this.#slots[place] = slot;
    return first;
  }

  #rise(slot: Slot): void {
    let place = this.#size;
    this.#size += 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isBefore(slot, this.#at(parent))) break;
      this.#slots[place] = this.#at(parent);
      place = parent;
    }
    this.#slots[place] = slot;
  }

  #at(place: number): Slot {
    return this.#slots[place] ?? noSlot;
  }

  #isBefore(left: Slot, right: Slot): boolean {
    const difference = (this.#deadlines[left] ?? 0) - (this.#deadlines[right] ?? 0);
    return difference < 0 || (difference === 0 && left < right);
  }
}
