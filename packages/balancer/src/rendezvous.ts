/**
 * Rendezvous hashing (Thaler and Ravishankar, 1998): every endpoint draws a number for the key, and the best one wins.
 * With weights the number is -ln(u) / w, u the hash as a fraction: then each wins w/W of the keys, and a changed weight
 * moves keys to or from its endpoint only. No table; a pick looks at all endpoints.
 */
import type { EndpointView } from './endpoint-view.js';
import { hashBoth, hashEndpoint } from './hash.js';
import { Hashing } from './hashing.js';
import type { PickExplanation } from './pick-explanation.js';
import { noSlot, type Slot } from './slot.js';

/**
 * Sends the same key to the same endpoint, and moves no key that it need not when set, weights or health change. A slow
 * start moves keys a few at a time.
 */
export class Rendezvous extends Hashing {
  readonly name = 'rendezvous';
  override readonly scoreMeaning = '-ln(hash) / weight, the least with room wins';
  /** Both hashes of an endpoint's name, by slot. */
  #first = new Int32Array(0);
  #second = new Int32Array(0);
  #heaviest = 0;

  /** Hashes the names of newcomers. */
  protected override arrange(view: EndpointView): void {
    if (this.#first.length < view.capacity) {
      const [first, second] = [new Int32Array(view.capacity), new Int32Array(view.capacity)];
      first.set(this.#first);
      second.set(this.#second);
      this.#first = first;
      this.#second = second;
    }
    for (const slot of view.added) {
      const { first, second } = hashEndpoint(view.idOf(slot), this.seed);
      this.#first[slot] = first;
      this.#second[slot] = second;
    }
    this.#heaviest = view.slots.reduce((most, slot) => Math.max(most, view.ownWeight(slot)), 0);
  }

  /** Looks at all. */
  protected override find(view: EndpointView, hash: number, explanation: PickExplanation | undefined): Slot {
    const { slots } = view;
    let chosen = noSlot;
    let least = Number.POSITIVE_INFINITY;
    // A fraction below this cannot win, whatever the weight: that spares nearly all logarithms.
    let hopeless = 0;
    for (let place = 0; place < slots.length; place++) {
      const slot = slots[place] ?? noSlot;
      // Half a step up, so that it is never 0.
      const drawn = (hashBoth(hash, this.#first[slot] ?? 0, this.#second[slot] ?? 0) >>> 0) + 0.5;
      const fraction = drawn / 2 ** 32;
      if (fraction < hopeless && explanation === undefined) continue;
      if (!this.bound.accepts(view, slot)) continue;
      const score = -Math.log(fraction) / view.weight(slot);
      explanation?.consider(slot, score);
      if (score < least || (score === least && view.idOf(slot) < view.idOf(chosen))) {
        chosen = slot;
        least = score;
        hopeless = Math.exp(-least * this.#heaviest) * (1 - 1e-9);
      }
    }
    return chosen;
  }
}
