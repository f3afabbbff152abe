/**
 * Weighted random in constant time, by the alias method (Walker 1977, in the form of Vose 1991): n equal columns, each
 * of which belongs to one endpoint up to some height and to another one above it.
 */
import type { Random } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import { noSlot, type Slot } from './slot.js';
import type { Strategy } from './strategy.js';

/** Draws before the exact search through all endpoints: it takes most of the weight to be out of the game. */
const drawsMost = 16;

/**
 * Picks at random, each endpoint with the probability w/W. What health takes from a weight is taken by drawing anew:
 * the probabilities stay exact without a new table.
 */
export class WeightedRandom implements Strategy {
  readonly name = 'weighted random';
  readonly scoreMeaning = 'nothing is compared';
  readonly #random: Random;
  #view: EndpointView | undefined;
  #columns: AliasTable = aliasTable([], () => 0);

  /** @param options - Where the randomness comes from. */
  constructor({ random }: { readonly random: Random }) {
    this.#random = random;
  }

  /** {@inheritDoc Strategy.update} */
  update(view: EndpointView): void {
    this.#view = view;
    const slots = view.slots.filter((slot) => view.ownWeight(slot) > 0);
    this.#columns = aliasTable(slots, (slot) => view.ownWeight(slot));
  }

  /** {@inheritDoc Strategy.choose} */
  choose(): Slot {
    const view = this.#view;
    const { owners, aliases, heights } = this.#columns;
    if (view === undefined || owners.length === 0) return noSlot;
    for (let draw = 0; draw < drawsMost; draw++) {
      const point = this.#random.float() * owners.length;
      const column = Math.floor(point);
      const slot = (point - column < (heights[column] ?? 0) ? owners[column] : aliases[column]) ?? noSlot;
      const weight = view.weight(slot);
      if (weight === 0) continue;
      const share = weight / view.ownWeight(slot);
      if (share === 1 || this.#random.float() < share) return slot;
    }
    return this.#search(view);
  }

  #search(view: EndpointView): Slot {
    let total = 0;
    for (const slot of view.slots) total += view.weight(slot);
    let left = this.#random.float() * total;
    let last = noSlot;
    for (const slot of view.slots) {
      const weight = view.weight(slot);
      if (weight === 0) continue;
      last = slot;
      left -= weight;
      if (left < 0) break;
    }
    return last;
  }
}

interface AliasTable {
  /** Who has the lower part of a column. */
  readonly owners: Int32Array;
  /** Who has the upper part. */
  readonly aliases: Int32Array;
  /** Height of the lower part, 0 to 1. */
  readonly heights: Float64Array;
}

function aliasTable(slots: readonly Slot[], weightOf: (slot: Slot) => number): AliasTable {
  const owners = Int32Array.from(slots);
  const aliases = Int32Array.from(slots);
  const total = slots.reduce((sum, slot) => sum + weightOf(slot), 0);
  const heights = Float64Array.from(slots, (slot) => (weightOf(slot) / total) * slots.length);
  const low: number[] = [];
  const high: number[] = [];
  for (const [column, height] of heights.entries()) (height < 1 ? low : high).push(column);
  for (let column = low.pop(); column !== undefined; column = low.pop()) {
    const giver = high.pop();
    // Of rounding only: what is left is full.
    if (giver === undefined) {
      heights[column] = 1;
      continue;
    }
    aliases[column] = owners[giver] ?? noSlot;
    const left = (heights[giver] ?? 0) + (heights[column] ?? 0) - 1;
    heights[giver] = left;
    (left < 1 ? low : high).push(giver);
  }
  for (const column of high) heights[column] = 1;
  return { owners, aliases, heights };
}
