/** Random: no memory, no order, and no two clients alike. The measure that others must beat. */
import type { Random } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import { Sample } from './sample.js';
import { noSlot, type Slot } from './slot.js';
import type { Strategy } from './strategy.js';

/** Picks evenly at random. Weights mean nothing to it, except that 0 drains. */
export class RandomChoice implements Strategy {
  readonly name = 'random';
  readonly scoreMeaning = 'nothing is compared';
  readonly #sample: Sample;
  #view: EndpointView | undefined;

  /** @param options - Where the randomness comes from. */
  constructor({ random }: { readonly random: Random }) {
    this.#sample = new Sample(random, 1);
  }

  /** {@inheritDoc Strategy.update} */
  update(view: EndpointView): void {
    this.#view = view;
  }

  /** {@inheritDoc Strategy.choose} */
  choose(): Slot {
    const view = this.#view;
    return view !== undefined && this.#sample.draw(view) > 0 ? (this.#sample.slots[0] ?? noSlot) : noSlot;
  }
}
