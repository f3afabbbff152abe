/**
 * Maglev hashing (Eisenbud and others, "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, §3.4):
 * each endpoint fills the rows of a table in an order of its own, taking turns. The table is nearly even, a look-up is
 * one step, and a change of the set moves few keys more than it must. Weights work as in Envoy: an endpoint of half the
 * greatest weight takes every second turn.
 */
import { InvalidArgumentError } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import { hashEndpoint } from './hash.js';
import { Hashing } from './hashing.js';
import type { HashOptions } from './load-bound.js';
import type { PickExplanation } from './pick-explanation.js';
import { noSlot, type Slot } from './slot.js';

/** Settings of {@link Maglev}. */
export interface MaglevOptions extends HashOptions {
  /**
   * Rows of the table: a prime up to 5,000,011, and at least one for each endpoint. With 100 for each, none has more
   * than about 1 % above its share. Default 65,537.
   */
  readonly tableSize?: number;
}

/** As Envoy's limit for `MaglevLbConfig.table_size`. */
const tableSizeMost = 5_000_011;

/**
 * Sends the same key to the same endpoint, each endpoint having almost exactly its share of the keys. One that is unfit
 * or full leaves its keys to the owners of the next rows; the keys of others stay where they are.
 */
export class Maglev extends Hashing {
  readonly name = 'Maglev';
  readonly #size: number;
  readonly #table: Int32Array;
  #idOf: (slot: Slot) => string = () => '';

  /**
   * @param options - Settings.
   * @throws InvalidArgumentError when one is out of range, or the size of the table is not a prime.
   */
  constructor(options: MaglevOptions) {
    super(options);
    this.#size = checkSize(options.tableSize ?? 65_537);
    this.#table = new Int32Array(this.#size).fill(noSlot);
  }

  /** {@inheritDoc Strategy.check} */
  check(weights: readonly number[]): void {
    const count = weights.filter((weight) => weight > 0).length;
    if (count <= this.#size) return;
    throw new InvalidArgumentError(
      `the set has ${count} endpoints: tableSize ${this.#size} has room for as many as it has rows. Use a greater prime`,
    );
  }

  /** Part of all keys that belongs to each endpoint while all are fit, by id: its rows of the table. */
  keyShares(): ReadonlyMap<string, number> {
    const shares = new Map<string, number>();
    for (const slot of this.#table) {
      if (slot === noSlot) return shares;
      const id = this.#idOf(slot);
      shares.set(id, (shares.get(id) ?? 0) + 1 / this.#size);
    }
    return shares;
  }

  /** Fills the table. */
  protected override arrange(view: EndpointView): void {
    this.#idOf = (slot) => view.idOf(slot);
    const size = this.#size;
    const table = this.#table.fill(noSlot);
    // By id, so that clients agree whatever the order of their lists.
    const slots = view.slots
      .filter((slot) => view.ownWeight(slot) > 0)
      .sort((left, right) => (view.idOf(left) < view.idOf(right) ? -1 : 1));
    if (slots.length === 0) return;
    const heaviest = slots.reduce((most, slot) => Math.max(most, view.ownWeight(slot)), 0);
    const hashes = slots.map((slot) => hashEndpoint(view.idOf(slot), this.seed));
    const places = Int32Array.from(hashes, ({ first }) => (first >>> 0) % size);
    const skips = Int32Array.from(hashes, ({ second }) => ((second >>> 0) % (size - 1)) + 1);
    /** Turns that each may have had by now, as a sum of its part of the greatest weight. */
    const due = new Float64Array(slots.length);
    for (let filled = 0; filled < size; ) {
      for (let member = 0; member < slots.length && filled < size; member++) {
        const slot = slots[member] ?? noSlot;
        const part = (due[member] ?? 0) + view.ownWeight(slot) / heaviest;
        due[member] = part < 1 ? part : part - 1;
        if (part < 1) continue;
        let place = places[member] ?? 0;
        const skip = skips[member] ?? 1;
        while (table[place] !== noSlot) place = next(place, skip, size);
        table[place] = slot;
        places[member] = next(place, skip, size);
        filled += 1;
      }
    }
  }

  /** Goes on from row to row. */
  protected override find(view: EndpointView, hash: number, explanation: PickExplanation | undefined): Slot {
    const size = this.#size;
    const start = (hash >>> 0) % size;
    let last = noSlot;
    for (let step = 0; step < size; step++) {
      const place = start + step;
      const slot = this.#table[place < size ? place : place - size] ?? noSlot;
      if (slot === last) continue;
      last = slot;
      explanation?.consider(slot, step);
      if (this.bound.accepts(view, slot)) return slot;
    }
    return noSlot;
  }
}

function next(place: number, skip: number, size: number): number {
  const after = place + skip;
  return after < size ? after : after - size;
}

function checkSize(size: number): number {
  if (Number.isInteger(size) && size >= 2 && size <= tableSizeMost && isPrime(size)) return size;
  throw new InvalidArgumentError(
    `tableSize is ${size}: it must be a prime from 2 to ${tableSizeMost}, such as 65537 or 655373`,
  );
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return true;
}
