/**
 * Least request: to whoever has the fewest requests in flight for its weight. A slow endpoint keeps its requests
 * longer, and so gets fewer.
 */
import type { EndpointView } from './endpoint-view.js';
import { FailureDebt, type FailureDebtOptions } from './failure-debt.js';
import type { Outcome, PickContext } from './pick.js';
import type { RoundRobinOptions } from './round-robin.js';
import { noSlot, type Slot } from './slot.js';
import type { Strategy } from './strategy.js';
import { Turn } from './turn.js';

/**
 * Gives each request to the endpoint with the least load, of all there are, as this balancer knows them. The load is
 * (a + f + 1) / w: a requests in flight, f for what failed of late (see {@link FailureDebtOptions}), w its weight.
 *
 * @remarks
 * Looks at all endpoints, so the endpoint picked is never busier than another one. Equally loaded ones take turns, from
 * a random one on: k that stay tied get ⌊m/k⌋ or ⌈m/k⌉ of m picks. For thousands of endpoints see `PowerOfChoices`.
 *
 * @example
 * ```ts
 * const strategy = new LeastRequest({ random: new Random(7) });
 * const balancer = new Balancer({ endpoints: [{ id: 'n1' }, { id: 'n2' }], strategy });
 * ```
 */
export class LeastRequest implements Strategy {
  readonly name = 'least request';
  readonly scoreMeaning = '(requests in flight + failures + 1) / weight, the least wins';
  readonly #turn: Turn;
  readonly #debt: FailureDebt;
  #view: EndpointView | undefined;

  /**
   * @param options - Where the randomness comes from, and what failures count.
   * @throws InvalidArgumentError when what failures count is out of range.
   */
  constructor(options: RoundRobinOptions & FailureDebtOptions) {
    this.#turn = new Turn(options.random);
    this.#debt = new FailureDebt(options);
  }

  /** {@inheritDoc Strategy.update} */
  update(view: EndpointView): void {
    this.#view = view;
    this.#turn.update(view);
    this.#debt.update(view);
  }

  /** {@inheritDoc Strategy.choose} */
  choose({ explanation }: PickContext, nowMs: number): Slot {
    const view = this.#view;
    if (view === undefined) return noSlot;
    const { slots } = view;
    let chosen = noSlot;
    let chosenPlace = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let step = 0, place = this.#turn.next; step < slots.length; step++) {
      const slot = slots[place] ?? noSlot;
      const weight = view.weight(slot);
      if (weight > 0) {
        const load = (view.inFlight(slot) + this.#debt.of(slot, nowMs) + 1) / weight;
        explanation?.consider(slot, load);
        if (load < least) {
          chosen = slot;
          chosenPlace = place;
          least = load;
        }
      }
      place = place + 1 === slots.length ? 0 : place + 1;
    }
    if (chosen !== noSlot) this.#turn.passed(chosenPlace);
    return chosen;
  }

  /** {@inheritDoc Strategy.ended} */
  ended(slot: Slot, result: Outcome['result'], _latencyMs: number, nowMs: number): void {
    if (result === 'failure') this.#debt.add(slot, nowMs);
  }
}
