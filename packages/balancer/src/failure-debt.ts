/**
 * An endpoint that fails fast is never busy, and draws all requests into its hole. So a failure goes on counting as a
 * request in flight, and fades. By Little's law (1961) that is as if each failed request took `failureMs`: an endpoint
 * that fails all it gets is asked as often as one that answers in that time.
 */
import { InvalidArgumentError } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import type { Slot } from './slot.js';
import { numbersFor } from './slot-numbers.js';

/** Settings of strategies that count requests in flight. */
export interface FailureDebtOptions {
  /**
   * Time, in milliseconds, that a failed request counts as having taken: 0 or more. 0 counts failures as answers, and
   * then something else must watch for endpoints that fail fast. Default 10,000.
   */
  readonly failureMs?: number;
}

/** Failures of each endpoint, fading. */
export class FailureDebt {
  readonly #failureMs: number;
  #debts: Float64Array = new Float64Array(0);
  #stampsMs: Float64Array = new Float64Array(0);

  /**
   * @param options - Settings.
   * @throws InvalidArgumentError when `failureMs` is below 0 or not finite.
   */
  constructor({ failureMs = 10_000 }: FailureDebtOptions) {
    if (!(failureMs >= 0 && failureMs < Number.POSITIVE_INFINITY)) {
      throw new InvalidArgumentError(`failureMs is ${failureMs}: it must be a number of milliseconds from 0`);
    }
    this.#failureMs = failureMs;
  }

  /**
   * Makes room, and forgives those that are new.
   *
   * @param view - The endpoints.
   */
  update(view: EndpointView): void {
    this.#debts = numbersFor(this.#debts, view);
    this.#stampsMs = numbersFor(this.#stampsMs, view);
  }

  /**
   * What failures of an endpoint count now, in requests.
   *
   * @param slot - Which.
   * @param nowMs - Time.
   */
  of(slot: Slot, nowMs: number): number {
    const debt = this.#debts[slot] ?? 0;
    if (debt === 0) return 0;
    const left = debt * Math.exp(((this.#stampsMs[slot] ?? 0) - nowMs) / this.#failureMs);
    // So that it is 0 in the end, and looking costs nothing again.
    if (left < 1e-6) this.#debts[slot] = 0;
    return left;
  }

  /**
   * Counts a failure.
   *
   * @param slot - Whose.
   * @param nowMs - Time.
   */
  add(slot: Slot, nowMs: number): void {
    if (this.#failureMs === 0) return;
    this.#debts[slot] = this.of(slot, nowMs) + 1;
    this.#stampsMs[slot] = nowMs;
  }
}
