/** A binary heap of slots by deadline; of equal deadlines, the lower slot first. Nothing is allocated as it is used. */
import { noSlot, type Slot } from './slot-table.js';

/** Who is due next? */
export class SlotHeap {
  #slots = new Int32Array(0);
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
   * @param capacity - For how many slots.
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
    let place = this.#size;
    this.#size += 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isBefore(slot, deadline, parent)) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#slots[place] = slot;
    this.#deadlines[place] = deadline;
  }

  /** Takes out the slot that is due first; {@link noSlot} when it is empty. */
  pop(): Slot {
    if (this.#size === 0) return noSlot;
    const first = this.#slots[0] ?? noSlot;
    this.#size -= 1;
    const slot = this.#slots[this.#size] ?? noSlot;
    const deadline = this.#deadlines[this.#size] ?? 0;
    let place = 0;
    for (let child = 1; child < this.#size; child = 2 * place + 1) {
      const right = child + 1;
      if (right < this.#size && this.#isBefore(this.#slots[right] ?? 0, this.#deadlines[right] ?? 0, child)) {
        child = right;
      }
      if (this.#isBefore(slot, deadline, child)) break;
      this.#move(child, place);
      place = child;
    }
    this.#slots[place] = slot;
    this.#deadlines[place] = deadline;
    return first;
  }

  #isBefore(slot: Slot, deadline: number, place: number): boolean {
    const other = this.#deadlines[place] ?? 0;
    return deadline < other || (deadline === other && slot < (this.#slots[place] ?? 0));
  }

  #move(from: number, to: number): void {
    this.#slots[to] = this.#slots[from] ?? 0;
    this.#deadlines[to] = this.#deadlines[from] ?? 0;
  }
}
