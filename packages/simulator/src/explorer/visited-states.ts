/**
 * The states that an exploration has seen: 64-bit hashes in typed arrays, each with the state that it was first reached
 * from. Some twenty bytes a state, whatever the state holds.
 */
import { invariant } from '@synod/core';

/** No state: what an initial state was reached from. */
export const noState = 0xffffffff;

/** States by their hash, numbered from 0 in the order in which they were found. */
export class VisitedStates {
  #lows = new Int32Array(1024);
  #highs = new Int32Array(1024);
  #parents = new Uint32Array(1024);
  /** Number of the state plus one; 0 where there is none. Open addressing, at most half full. */
  #slots = new Uint32Array(4096);
  #size = 0;

  /** How many states there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a state, unless it is there.
   *
   * @returns Whether it is new; its number is then `size - 1`.
   */
  add(low: number, high: number, parent: number): boolean {
    let slot = this.#slotOf(low, high);
    if (this.#slots[slot] !== 0) return false;
    if (this.#size === this.#lows.length) this.#growStates();
    if (2 * (this.#size + 1) > this.#slots.length) {
      this.#growSlots();
      slot = this.#slotOf(low, high);
    }
    this.#lows[this.#size] = low;
    this.#highs[this.#size] = high;
    this.#parents[this.#size] = parent;
    this.#slots[slot] = ++this.#size;
    return true;
  }

  /** Whether a state has this hash. */
  is(state: number, low: number, high: number): boolean {
    return this.#lows[state] === low && this.#highs[state] === high;
  }

  /** The states on the way to a state, from an initial one to itself. */
  wayTo(state: number): readonly number[] {
    const way: number[] = [];
    for (let at = state; at !== noState; ) {
      way.push(at);
      const parent = this.#parents[at];
      invariant(parent !== undefined && way.length <= this.#size, 'every state has a way from the beginning');
      at = parent;
    }
    return way.reverse();
  }

  /** The slot where a hash is, or belongs. */
  #slotOf(low: number, high: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = (low ^ Math.imul(high, 0x9e3779b9)) & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot] ?? 0;
      if (held === 0 || (this.#lows[held - 1] === low && this.#highs[held - 1] === high)) return slot;
    }
  }

  #growStates(): void {
    this.#lows = grown(this.#lows, new Int32Array(2 * this.#lows.length));
    this.#highs = grown(this.#highs, new Int32Array(2 * this.#highs.length));
    this.#parents = grown(this.#parents, new Uint32Array(2 * this.#parents.length));
  }

  #growSlots(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (let state = 0; state < this.#size; state++) {
      this.#slots[this.#slotOf(this.#lows[state] ?? 0, this.#highs[state] ?? 0)] = state + 1;
    }
  }
}

function grown<Words extends Int32Array | Uint32Array>(from: Words, to: Words): Words {
  to.set(from);
  return to;
}
