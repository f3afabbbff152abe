/** What the strategies that hash have in common: a key, a bound, and a way from each key past all endpoints. */
import type { Random } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import { hashKey } from './hash.js';
import { checkSeed, type HashOptions, LoadBound } from './load-bound.js';
import type { PickContext } from './pick.js';
import type { PickExplanation } from './pick-explanation.js';
import { noSlot, type Slot } from './slot.js';
import type { Strategy } from './strategy.js';

/** A strategy that maps keys to endpoints. */
export abstract class Hashing implements Strategy {
  /** {@inheritDoc Strategy.name} */
  abstract readonly name: string;
  /** {@inheritDoc Strategy.scoreMeaning} */
  readonly scoreMeaning: string = 'steps from the place of the key, the first with room wins';
  /** Same for all clients that should agree. */
  protected readonly seed: number;
  /**
   * Who has room.
   *
   * @internal
   */
  protected readonly bound: LoadBound;
  readonly #random: Random;
  #view: EndpointView | undefined;

  /**
   * @param options - Settings.
   * @throws InvalidArgumentError when one is out of range.
   */
  constructor({ random, seed = 0, loadFactor }: HashOptions) {
    this.#random = random;
    this.seed = checkSeed(seed);
    this.bound = new LoadBound(loadFactor);
  }

  /** {@inheritDoc Strategy.update} */
  update(view: EndpointView): void {
    this.#view = view;
    this.arrange(view);
  }

  /** {@inheritDoc Strategy.choose} */
  choose({ key, explanation }: PickContext): Slot {
    const view = this.#view;
    if (view === undefined || view.slots.length === 0) return noSlot;
    this.bound.prepare(view);
    const hash = key === undefined ? this.#random.uint32() | 0 : hashKey(key, this.seed);
    const found = this.find(view, hash, explanation);
    return found === noSlot ? this.#search(view) : found;
  }

  /** {@inheritDoc Strategy.picked} */
  picked(): void {
    this.bound.picked();
  }

  /** {@inheritDoc Strategy.ended} */
  ended(slot: Slot): void {
    if (this.#view !== undefined) this.bound.ended(this.#view, slot);
  }

  /** Makes its table of the endpoints that are not drained. Health has no part in it, so that nothing moves by it. */
  protected abstract arrange(view: EndpointView): void;

  /** Goes the way of a key up to the first endpoint that the bound accepts. */
  protected abstract find(view: EndpointView, hash: number, explanation: PickExplanation | undefined): Slot;

  /** For an endpoint of so little weight that no key leads past it, when it is the only one with room. */
  #search(view: EndpointView): Slot {
    for (const slot of view.slots) if (this.bound.accepts(view, slot)) return slot;
    return noSlot;
  }
}
