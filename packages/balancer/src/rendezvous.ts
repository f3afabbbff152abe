/**
 * Rendezvous hashing (Thaler and Ravishankar, 1998): every endpoint draws a number for the key, and the best one wins.
 * With weights the number is -ln(u) / w, u the hash as a fraction: then each wins w/W of the keys, and a changed weight
 * moves keys to or from its endpoint only. No table; a pick looks at all endpoints.
 */
import type { EndpointView } from './endpoint-view.js';
import { type EndpointHash, hashEndpoint, hashPair } from './hash.js';
import { Hashing } from './hashing.js';
import type { PickExplanation } from './pick-explanation.js';
import { noSlot, type Slot } from './slot-table.js';

/**
 * Sends the same key to the same endpoint, and moves no key that it need not when set, weights or health change. A slow
 * start moves keys a few at a time.
 */
export class Rendezvous extends Hashing {
  readonly name = 'rendezvous';
  override readonly scoreMeaning = '-ln(hash) / weight, the least with room wins';
  readonly #hashes: EndpointHash[] = [];

  /** Hashes the names of newcomers. */
  protected override arrange(view: EndpointView): void {
    for (const slot of view.added) this.#hashes[slot] = hashEndpoint(view.idOf(slot), this.seed);
  }

  /** Looks at all. */
  protected override find(view: EndpointView, hash: number, explanation: PickExplanation | undefined): Slot {
    const { slots } = view;
    let chosen = noSlot;
    let least = Number.POSITIVE_INFINITY;
    for (let place = 0; place < slots.length; place++) {
      const slot = slots[place] ?? noSlot;
      const endpoint = this.#hashes[slot];
      if (endpoint === undefined || !this.bound.accepts(view, slot)) continue;
      // Half a step up, so that it is never 0.
      const drawn = -Math.log((hashPair(hash, endpoint) + 0.5) / 2 ** 32) / view.weight(slot);
      explanation?.consider(slot, drawn);
      if (drawn < least || (drawn === least && view.idOf(slot) < view.idOf(chosen))) {
        chosen = slot;
        least = drawn;
      }
    }
    return chosen;
  }
}
