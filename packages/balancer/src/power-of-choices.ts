/**
 * The power of two choices (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001): compare a few
 * endpoints at random. With one choice the fullest of n bins holds about ln n / ln ln n balls, with two about
 * ln ln n / ln 2. It costs the same for any number of endpoints, and many clients that know little of each other do not
 * all run to the one that is least busy.
 */
import type { Random } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import { FailureDebt, type FailureDebtOptions } from './failure-debt.js';
import type { Outcome, PickContext } from './pick.js';
import { Sample } from './sample.js';
import { noSlot, type Slot } from './slot.js';
import type { Strategy } from './strategy.js';
import { busyness, checkBias } from './weighted-least-request.js';

/** Settings of {@link PowerOfChoices}. */
export interface PowerOfChoicesOptions extends FailureDebtOptions {
  /** Draws the endpoints to compare. */
  readonly random: Random;
  /** How many are compared, 1 to 100. Default 2; each further one brings little. */
  readonly choices?: number;
  /** How much requests in flight count beside the weight, 0 to 100. Default 1. */
  readonly bias?: number;
}

/**
 * Draws a few different endpoints evenly and picks the one with the greatest w / (a + f + 1)^bias: a requests in
 * flight, f for what failed of late, w its weight. That is Envoy's arithmetic (`active_request_bias`). Of equal ones,
 * the one drawn first.
 *
 * @remarks
 * The endpoint picked is never busier for its weight than another one of the sample. Weights move the balance between
 * busy endpoints; idle ones do not share by weight: see `WeightedLeastRequest`.
 */
export class PowerOfChoices implements Strategy {
  readonly name = 'power of choices';
  readonly scoreMeaning = '(requests in flight + failures + 1)^bias / weight, the least wins';
  readonly #sample: Sample;
  readonly #bias: number;
  readonly #debt: FailureDebt;
  #view: EndpointView | undefined;

  /**
   * @param options - Settings.
   * @throws InvalidArgumentError when one is out of range.
   */
  constructor(options: PowerOfChoicesOptions) {
    this.#sample = new Sample(options.random, options.choices ?? 2);
    this.#bias = checkBias(options.bias ?? 1);
    this.#debt = new FailureDebt(options);
  }

  /** {@inheritDoc Strategy.update} */
  update(view: EndpointView): void {
    this.#view = view;
    this.#debt.update(view);
  }

  /** {@inheritDoc Strategy.choose} */
  choose({ explanation }: PickContext, nowMs: number): Slot {
    const view = this.#view;
    if (view === undefined) return noSlot;
    const count = this.#sample.draw(view);
    let chosen = noSlot;
    let least = Number.POSITIVE_INFINITY;
    for (let place = 0; place < count; place++) {
      const slot = this.#sample.slots[place] ?? noSlot;
      const active = view.inFlight(slot) + this.#debt.of(slot, nowMs);
      const load = busyness(active, this.#bias) / view.weight(slot);
      explanation?.consider(slot, load);
      if (load < least) {
        chosen = slot;
        least = load;
      }
    }
    return chosen;
  }

  /** {@inheritDoc Strategy.ended} */
  ended(slot: Slot, result: Outcome['result'], _latencyMs: number, nowMs: number): void {
    if (result === 'failure') this.#debt.add(slot, nowMs);
  }
}
