/** Some endpoints drawn at random, each at most once: what the strategies that compare a few begin with. */
import { InvalidArgumentError, type Random } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import { noSlot, type Slot } from './slot.js';

/** Draws before giving up on luck: only with most endpoints out of the game is a search through all of them needed. */
const drawsMost = 8;

/** Draws from the endpoints that can be picked. */
export class Sample {
  readonly #random: Random;
  readonly #choices: number;
  /** The endpoints drawn last; beyond the count that {@link draw} gave, older ones. */
  readonly slots: Slot[] = [];

  /**
   * @param random - Where the randomness comes from.
   * @param choices - How many to draw.
   * @throws InvalidArgumentError when `choices` is not a whole number from 1 to 100.
   */
  constructor(random: Random, choices: number) {
    if (!(Number.isInteger(choices) && choices >= 1 && choices <= 100)) {
      throw new InvalidArgumentError(`choices is ${choices}: it must be a whole number from 1 to 100`);
    }
    this.#random = random;
    this.#choices = choices;
  }

  /**
   * Draws anew, evenly.
   *
   * @param view - The endpoints.
   * @returns How many were found: fewer than asked for only when no more can be picked.
   */
  draw(view: EndpointView): number {
    let count = 0;
    while (count < this.#choices) {
      const slot = this.#another(view, count);
      if (slot === noSlot) break;
      this.slots[count] = slot;
      count += 1;
    }
    return count;
  }

  #another(view: EndpointView, count: number): Slot {
    const { slots } = view;
    for (let draw = 0; draw < drawsMost; draw++) {
      const slot = slots[Math.floor(this.#random.float() * slots.length)] ?? noSlot;
      if (slot !== noSlot && this.#isNew(view, slot, count)) return slot;
    }
    const start = Math.floor(this.#random.float() * slots.length);
    for (let step = 0; step < slots.length; step++) {
      const slot = slots[(start + step) % slots.length] ?? noSlot;
      if (this.#isNew(view, slot, count)) return slot;
    }
    return noSlot;
  }

  #isNew(view: EndpointView, slot: Slot, count: number): boolean {
    if (!(view.weight(slot) > 0)) return false;
    for (let place = 0; place < count; place++) if (this.slots[place] === slot) return false;
    return true;
  }
}
