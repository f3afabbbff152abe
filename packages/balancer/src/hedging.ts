/**
 * Hedging: a request that takes longer than nearly all others is sent once more, to another endpoint, and the first
 * answer counts (Dean and Barroso, The Tail at Scale, 2013, "hedged requests"). Only for what may be done twice.
 */
import { InvalidArgumentError } from '@synod/core';
import { checkCount, checkTime } from './health-numbers.js';
import type { RetryBudget } from './retry-budget.js';

/** Settings of {@link Hedging}. */
export interface HedgingOptions {
  /** Pays for hedges, so that a slow fleet is not asked for twice as much. Share it with retries. */
  readonly budget: RetryBudget;
  /** Share of requests that are over before a hedge is sent, from 0 to 1 and below 1. Default 0.95. */
  readonly quantile?: number;
  /** Latencies that the quantile is taken of: the latest so many. Default 512. */
  readonly samples?: number;
  /** Latencies that must be known before the first hedge. Default 32. */
  readonly samplesLeast?: number;
  /** Shortest wait, in milliseconds. Default 1. */
  readonly waitLeastMs?: number;
}

/** After so many new latencies the quantile is taken anew. */
const renewEach = 16;

/**
 * Says when to hedge.
 *
 * @example
 * ```ts
 * const hedging = new Hedging({ budget: new RetryBudget() });
 * const waitMs = hedging.waitMs; // no answer after that long?
 * if (waitMs !== undefined && hedging.tryHedge(nowMs)) sendAgain({ excluded: [first.endpoint.id] });
 * hedging.answered(latencyMs);
 * ```
 */
export class Hedging {
  readonly #budget: RetryBudget;
  readonly #quantile: number;
  readonly #samplesLeast: number;
  readonly #waitLeastMs: number;
  readonly #latencies: Float64Array;
  #known = 0;
  #next = 0;
  #sinceRenewal = 0;
  #waitMs: number | undefined;

  /**
   * @param options - Settings.
   * @throws InvalidArgumentError naming the first that is out of range.
   */
  constructor({
    budget,
    quantile = 0.95,
    samples = 512,
    samplesLeast = 32,
    waitLeastMs = 1,
  }: HedgingOptions) {
    if (!(quantile > 0 && quantile < 1))
      throw new InvalidArgumentError(`quantile is ${quantile}: it must be a number above 0 and below 1`);
    checkCount('samples', samples);
    checkCount('samplesLeast', samplesLeast);
    if (samplesLeast > samples)
      throw new InvalidArgumentError(
        `samplesLeast is ${samplesLeast}: it must be at most samples, which is ${samples}`,
      );
    checkTime('waitLeastMs', waitLeastMs);
    this.#budget = budget;
    this.#quantile = quantile;
    this.#samplesLeast = samplesLeast;
    this.#waitLeastMs = waitLeastMs;
    this.#latencies = new Float64Array(samples);
  }

  /** How long to wait for an answer before a hedge is worth it, in milliseconds; `undefined` while too little is known. */
  get waitMs(): number | undefined {
    return this.#waitMs;
  }

  /**
   * A request was answered well, hedged or not.
   *
   * @param latencyMs - How long the answer took, from the first sending. No number counts as none.
   */
  answered(latencyMs: number): void {
    if (!(latencyMs >= 0 && latencyMs < Number.POSITIVE_INFINITY)) return;
    this.#latencies[this.#next] = latencyMs;
    this.#next = (this.#next + 1) % this.#latencies.length;
    this.#known = Math.min(this.#known + 1, this.#latencies.length);
    this.#sinceRenewal++;
    if (this.#known < this.#samplesLeast) return;
    if (this.#waitMs !== undefined && this.#sinceRenewal < renewEach) return;
    this.#sinceRenewal = 0;
    const sorted = this.#latencies.slice(0, this.#known).sort();
    const position = Math.min(this.#known - 1, Math.ceil(this.#quantile * this.#known) - 1);
    this.#waitMs = Math.max(this.#waitLeastMs, sorted[position] ?? 0);
  }

  /**
   * Asks for one hedge.
   *
   * @param nowMs - Time in milliseconds.
   * @returns Whether it may be sent; then the budget has paid for it.
   */
  tryHedge(nowMs: number): boolean {
    return this.#waitMs !== undefined && this.#budget.tryRetry(nowMs);
  }
}
