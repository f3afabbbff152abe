/** Round robin: everyone in turn. */
import type { Random } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import type { PickContext } from './pick.js';
import { noSlot, type Slot } from './slot.js';
import type { Strategy } from './strategy.js';
import { Turn } from './turn.js';

/** Settings of {@link RoundRobin}. */
export interface RoundRobinOptions {
  /** Decides where to begin, so that many clients over one set do not march in step. */
  readonly random: Random;
}

/**
 * Gives requests to the endpoints in turn, from a random one on. Weights mean nothing to it, except that 0 drains.
 *
 * @remarks
 * While the n endpoints and their health stay the same, each healthy one gets ⌊m/n⌋ or ⌈m/n⌉ of any m picks that
 * follow each other, n counting the healthy. When health changes, one that stays healthy is still never passed over:
 * no other is picked twice between two picks of it, and an unhealthy one's neighbour gets no second share.
 *
 * @example
 * ```ts
 * const strategy = new RoundRobin({ random: new Random(7) });
 * const balancer = new Balancer({ endpoints: [{ id: 'n1' }, { id: 'n2' }, { id: 'n3' }], strategy });
 * ```
 */
export class RoundRobin implements Strategy {
  readonly name = 'round robin';
  readonly scoreMeaning = 'turns until its own, the least wins';
  readonly #turn: Turn;
  #view: EndpointView | undefined;

  /** @param options - Where the randomness comes from. */
  constructor({ random }: RoundRobinOptions) {
    this.#turn = new Turn(random);
  }

  /** {@inheritDoc Strategy.update} */
  update(view: EndpointView): void {
    this.#view = view;
    this.#turn.update(view);
  }

  /** {@inheritDoc Strategy.choose} */
  choose({ explanation }: PickContext): Slot {
    const view = this.#view;
    if (view === undefined) return noSlot;
    const { slots } = view;
    for (let step = 0, place = this.#turn.next; step < slots.length; step++) {
      const slot = slots[place] ?? noSlot;
      if (view.weight(slot) > 0) {
        explanation?.consider(slot, step);
        this.#turn.passed(place);
        return slot;
      }
      place = place + 1 === slots.length ? 0 : place + 1;
    }
    return noSlot;
  }
}
