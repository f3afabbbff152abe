/**
 * Weighted least request: weighted round robin whose weights shrink with the requests in flight. It is what Envoy's
 * least request does for endpoints of unequal weight (api `LeastRequestLbConfig.active_request_bias`), with the weight
 * of every endpoint read anew at each pick.
 */
import { InvalidArgumentError } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import { FailureDebt, type FailureDebtOptions } from './failure-debt.js';
import type { Outcome, PickContext } from './pick.js';
import { noSlot, type Slot } from './slot.js';
import { SmoothTurns } from './smooth-turns.js';
import type { Strategy } from './strategy.js';

/** Settings of {@link WeightedLeastRequest}. */
export interface WeightedLeastRequestOptions extends FailureDebtOptions {
  /**
   * How much requests in flight count: 0 (not at all: smooth weighted round robin) and up; the greater, the nearer to
   * a strict least request. Default 1.
   */
  readonly bias?: number;
}

/**
 * Smooth weighted round robin with the weights w / (a + f + 1)^bias: a requests in flight, f for what failed of late.
 *
 * @remarks
 * Idle endpoints share requests by their weights, where `LeastRequest` and `PowerOfChoices` would give all to the
 * heaviest; busy ones get the fewer the busier they are. A pick looks at all endpoints.
 */
export class WeightedLeastRequest implements Strategy {
  readonly name = 'weighted least request';
  readonly scoreMeaning =
    'gained and not used of weight / (requests in flight + failures + 1)^bias, the most wins';
  readonly #bias: number;
  readonly #debt: FailureDebt;
  readonly #turns = new SmoothTurns();
  readonly #weightOf = (slot: Slot): number => this.#weight(slot);
  #view: EndpointView | undefined;
  #nowMs = 0;

  /**
   * @param options - Settings.
   * @throws InvalidArgumentError when one is out of range.
   */
  constructor(options: WeightedLeastRequestOptions = {}) {
    this.#bias = checkBias(options.bias ?? 1);
    this.#debt = new FailureDebt(options);
  }

  /** {@inheritDoc Strategy.update} */
  update(view: EndpointView): void {
    this.#view = view;
    this.#turns.update(view);
    this.#debt.update(view);
  }

  /** {@inheritDoc Strategy.choose} */
  choose({ explanation }: PickContext, nowMs: number): Slot {
    this.#nowMs = nowMs;
    return this.#view === undefined ? noSlot : this.#turns.next(this.#view, this.#weightOf, explanation);
  }

  /** {@inheritDoc Strategy.ended} */
  ended(slot: Slot, result: Outcome['result'], _latencyMs: number, nowMs: number): void {
    if (result === 'failure') this.#debt.add(slot, nowMs);
  }

  #weight(slot: Slot): number {
    const view = this.#view;
    if (view === undefined) return 0;
    return view.weight(slot) / busyness(view.inFlight(slot) + this.#debt.of(slot, this.#nowMs), this.#bias);
  }
}

/**
 * What requests in flight divide a weight by: (active + 1)^bias.
 *
 * @param active - Requests in flight.
 * @param bias - The exponent.
 */
export function busyness(active: number, bias: number): number {
  return bias === 1 ? active + 1 : (active + 1) ** bias;
}

/**
 * Refuses an exponent that is none.
 *
 * @param bias - The exponent.
 * @throws InvalidArgumentError when it is not from 0 to 100.
 */
export function checkBias(bias: number): number {
  if (bias >= 0 && bias <= 100) return bias;
  throw new InvalidArgumentError(`bias is ${bias}: it must be a number from 0 to 100`);
}
