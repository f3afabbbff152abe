/** Smooth weighted round robin: everyone in turn, the heavier ones more often, and no one twice where once will do. */
import type { Random } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import type { PickContext } from './pick.js';
import { noSlot, type Slot } from './slot.js';
import { SmoothTurns } from './smooth-turns.js';
import type { Strategy } from './strategy.js';

/** Settings of {@link SmoothWeightedRoundRobin}. */
export interface SmoothWeightedRoundRobinOptions {
  /**
   * Decides where in the cycle to begin, so that many clients over one set do not march in step. Default: at its
   * start, as nginx does: the weights 5, 1, 1 then give a a b a c a a.
   */
  readonly random?: Random;
}

/** Turns that a random start may skip: enough to scatter clients, and bounded for large sets. */
const skippedMost = 128;

/**
 * Gives each endpoint w/W of the requests, spread as evenly as can be.
 *
 * @remarks
 * With whole weights whose sum is W, and while set and health stay the same, each endpoint gets exactly w of any W
 * picks that follow each other from the start of a cycle; in sets of up to nine it is at any moment less than 1.5 picks
 * away from its share. A pick looks at all endpoints; for thousands of them see `EarliestDeadline`.
 *
 * @example
 * ```ts
 * const endpoints = [{ id: 'a', weight: 5 }, { id: 'b' }, { id: 'c' }];
 * const balancer = new Balancer({ endpoints, strategy: new SmoothWeightedRoundRobin() }); // a a b a c a a
 * ```
 */
export class SmoothWeightedRoundRobin implements Strategy {
  readonly name = 'smooth weighted round robin';
  readonly scoreMeaning = 'weight gained and not used, the most wins';
  readonly #random: Random | undefined;
  readonly #turns = new SmoothTurns();
  readonly #weightOf = (slot: Slot): number => this.#view?.weight(slot) ?? 0;
  #view: EndpointView | undefined;
  #began = false;

  /** @param options - Where to begin. */
  constructor({ random }: SmoothWeightedRoundRobinOptions = {}) {
    this.#random = random;
  }

  /** {@inheritDoc Strategy.update} */
  update(view: EndpointView): void {
    this.#view = view;
    this.#turns.update(view);
    if (view.slots.length === 0) this.#began = false;
    else if (!this.#began) this.#begin(view);
  }

  /** {@inheritDoc Strategy.choose} */
  choose({ explanation }: PickContext): Slot {
    const view = this.#view;
    return view === undefined ? noSlot : this.#turns.next(view, this.#weightOf, explanation);
  }

  #begin(view: EndpointView): void {
    this.#began = true;
    const skipped = this.#random?.integer(0, skippedMost) ?? 0;
    for (let turn = 0; turn < skipped; turn++) this.#turns.next(view, this.#weightOf);
  }
}
