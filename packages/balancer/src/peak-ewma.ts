/**
 * Peak EWMA, as Finagle has it (`PeakEwma.scala`): of two endpoints, the one with the lesser latency times requests in
 * flight. The latency is an average that forgets with time, jumps at once to a greater value and comes down slowly, so
 * that an endpoint that turns slow is left alone with the first answer that shows it.
 */
import { InvalidArgumentError, type Random } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import type { Outcome, PickContext } from './pick.js';
import { Sample } from './sample.js';
import { noSlot, type Slot } from './slot.js';
import { numbersFor } from './slot-numbers.js';
import type { Strategy } from './strategy.js';

/** Settings of {@link PeakEwma}. */
export interface PeakEwmaOptions {
  /** Draws the endpoints to compare. */
  readonly random: Random;
  /** How many are compared, 1 to 100. Default 2. */
  readonly choices?: number;
  /** Time in which a latency loses all but 1/e of its part in the average, in milliseconds above 0. Default 10,000. */
  readonly decayMs?: number;
  /**
   * Least latency that a failure counts as, in milliseconds from 0, so that an endpoint that fails fast does not look
   * like a fast one. Default 10,000.
   */
  readonly failureMs?: number;
}

/** What an endpoint costs that has a request in flight and never answered, in milliseconds: more than any latency. */
const unknownCostMs = 1e15;

/**
 * Draws a few different endpoints evenly and picks the one with the least cost × (a + 1) / w: cost its latency, a its
 * requests in flight, w its weight. One that was never asked costs nothing, and is asked once.
 */
export class PeakEwma implements Strategy {
  readonly name = 'peak EWMA';
  readonly scoreMeaning = 'latency in ms * (requests in flight + 1) / weight, the least wins';
  readonly #sample: Sample;
  readonly #decayMs: number;
  readonly #failureMs: number;
  #costsMs: Float64Array = new Float64Array(0);
  #stampsMs: Float64Array = new Float64Array(0);
  #view: EndpointView | undefined;

  /**
   * @param options - Settings.
   * @throws InvalidArgumentError when one is out of range.
   */
  constructor({ random, choices = 2, decayMs = 10_000, failureMs = 10_000 }: PeakEwmaOptions) {
    if (!(decayMs > 0 && decayMs < Number.POSITIVE_INFINITY)) {
      throw new InvalidArgumentError(`decayMs is ${decayMs}: it must be a number of milliseconds above 0`);
    }
    if (!(failureMs >= 0 && failureMs < Number.POSITIVE_INFINITY)) {
      throw new InvalidArgumentError(`failureMs is ${failureMs}: it must be a number of milliseconds from 0`);
    }
    this.#sample = new Sample(random, choices);
    this.#decayMs = decayMs;
    this.#failureMs = failureMs;
  }

  /** {@inheritDoc Strategy.update} */
  update(view: EndpointView): void {
    this.#view = view;
    this.#costsMs = numbersFor(this.#costsMs, view);
    this.#stampsMs = numbersFor(this.#stampsMs, view);
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
      const load = this.#load(view, slot, nowMs);
      explanation?.consider(slot, load);
      if (load < least) {
        chosen = slot;
        least = load;
      }
    }
    return chosen;
  }

  /** {@inheritDoc Strategy.ended} */
  ended(slot: Slot, result: Outcome['result'], latencyMs: number, nowMs: number): void {
    if (result === 'failure') this.#observe(slot, Math.max(latencyMs, this.#failureMs), nowMs);
    // Without an answer the latency is at least so much: it can raise the cost, and must not lower it.
    else if (result === 'success' || latencyMs > (this.#costsMs[slot] ?? 0)) {
      this.#observe(slot, latencyMs, nowMs);
    }
  }

  #load(view: EndpointView, slot: Slot, nowMs: number): number {
    // As in Finagle: looking is a sample of 0, so that an endpoint nobody asks is forgiven with time.
    this.#observe(slot, 0, nowMs);
    const cost = this.#costsMs[slot] ?? 0;
    const inFlight = view.inFlight(slot);
    const load = cost === 0 && inFlight > 0 ? unknownCostMs + inFlight : cost * (inFlight + 1);
    return load / view.weight(slot);
  }

  #observe(slot: Slot, latencyMs: number, nowMs: number): void {
    const cost = this.#costsMs[slot] ?? 0;
    const kept = Math.exp(((this.#stampsMs[slot] ?? 0) - nowMs) / this.#decayMs);
    this.#costsMs[slot] = latencyMs > cost ? latencyMs : cost * kept + latencyMs * (1 - kept);
    this.#stampsMs[slot] = nowMs;
  }
}
