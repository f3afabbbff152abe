/**
 * Smooth weighted round robin as nginx does it (`ngx_http_upstream_round_robin.c`, since 1.3.1): each candidate gains
 * its weight, the one with the most is picked and pays the sum of all weights. Who is left out neither gains nor pays.
 */
import type { EndpointView } from './endpoint-view.js';
import type { PickExplanation } from './pick-explanation.js';
import { noSlot, type Slot } from './slot.js';
import { numbersFor } from './slot-numbers.js';

/** What each endpoint has gained and not paid. */
export class SmoothTurns {
  #gains: Float64Array = new Float64Array(0);

  /**
   * Makes room; newcomers begin with nothing, and those that stay keep what they have.
   *
   * @param view - The endpoints.
   */
  update(view: EndpointView): void {
    this.#gains = numbersFor(this.#gains, view);
  }

  /**
   * Gives the next turn.
   *
   * @param view - The endpoints.
   * @param weightOf - What an endpoint gains a turn; 0 leaves it out.
   * @param explanation - Is told what each has gained.
   */
  next(view: EndpointView, weightOf: (slot: Slot) => number, explanation?: PickExplanation): Slot {
    const { slots } = view;
    const gains = this.#gains;
    let total = 0;
    let most = Number.NEGATIVE_INFINITY;
    let chosen = noSlot;
    for (let place = 0; place < slots.length; place++) {
      const slot = slots[place] ?? noSlot;
      const weight = weightOf(slot);
      if (!(weight > 0)) continue;
      const gain = (gains[slot] ?? 0) + weight;
      gains[slot] = gain;
      total += weight;
      explanation?.consider(slot, gain);
      if (gain > most) {
        most = gain;
        chosen = slot;
      }
    }
    if (chosen !== noSlot) gains[chosen] = most - total;
    return chosen;
  }
}
