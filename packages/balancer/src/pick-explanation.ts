/** Why this endpoint? Whoever wants to know gives one of these with the request; others pay nothing for it. */
import type { Endpoint } from './endpoint.js';
import type { Slot } from './slot.js';

/** An endpoint that a pick looked at. */
export interface Considered {
  /** Id of the endpoint. */
  readonly id: string;
  /** What it was judged by; {@link PickExplanation.scoreMeaning} says what the number means. */
  readonly score: number;
}

/** An endpoint that could not be picked. */
export interface PassedOver {
  /** Id of the endpoint. */
  readonly id: string;
  /** As of {@link NoEndpoint}. */
  readonly reason: 'drained' | 'unavailable' | 'excluded';
}

/**
 * The account of one pick. Give it in the context; it is written anew by each pick that it is given to.
 *
 * @example
 * ```ts
 * const explanation = new PickExplanation();
 * balancer.pick({ nowMs: 0, explanation });
 * console.log(explanation.toString());
 * // power-of-choices picked n2; requests in flight and failures a weight, the least wins: n1 3, n2 1; passed over: n3 (unavailable)
 * ```
 */
export class PickExplanation {
  #strategy = '';
  #scoreMeaning = '';
  #picked: string | undefined;
  readonly #slots: Slot[] = [];
  readonly #scores: number[] = [];
  #considered: readonly Considered[] = [];
  #passedOver: readonly PassedOver[] = [];

  /** Name of the strategy. */
  get strategy(): string {
    return this.#strategy;
  }

  /** What the scores are, and which of them wins. */
  get scoreMeaning(): string {
    return this.#scoreMeaning;
  }

  /** Id of the endpoint that was picked; absent when there was none. */
  get picked(): string | undefined {
    return this.#picked;
  }

  /** What the strategy looked at, in its order. One that hashes looks at one endpoint, or at all it went past. */
  get considered(): readonly Considered[] {
    return this.#considered;
  }

  /** What could not be picked. */
  get passedOver(): readonly PassedOver[] {
    return this.#passedOver;
  }

  /**
   * For strategies: notes that an endpoint was looked at.
   *
   * @param slot - Number of the endpoint.
   * @param score - What it was judged by.
   */
  consider(slot: Slot, score: number): void {
    this.#slots.push(slot);
    this.#scores.push(score);
  }

  /** For balancers: forgets what was noted. */
  clear(): void {
    this.#slots.length = 0;
    this.#scores.length = 0;
  }

  /**
   * For balancers: says how it ended.
   *
   * @param strategy - What picked, and what its scores mean.
   * @param picked - What it picked.
   * @param idOf - Id of an endpoint by its number.
   * @param passedOver - What could not be picked.
   */
  conclude(
    strategy: { readonly name: string; readonly scoreMeaning: string },
    picked: Endpoint | undefined,
    idOf: (slot: Slot) => string,
    passedOver: readonly PassedOver[],
  ): void {
    this.#strategy = strategy.name;
    this.#scoreMeaning = strategy.scoreMeaning;
    this.#picked = picked?.id;
    this.#considered = this.#slots.map((slot, place) => ({
      id: idOf(slot),
      score: this.#scores[place] ?? Number.NaN,
    }));
    this.#passedOver = passedOver;
  }

  /** The account as one sentence. */
  toString(): string {
    const scores = this.#considered.map(({ id, score }) => `${id} ${Number(score.toPrecision(4))}`);
    const parts = [`${this.#strategy} picked ${this.#picked ?? 'none'}`];
    if (scores.length > 0) parts.push(`${this.#scoreMeaning}: ${scores.join(', ')}`);
    if (this.#passedOver.length > 0) {
      parts.push(`passed over: ${this.#passedOver.map(({ id, reason }) => `${id} (${reason})`).join(', ')}`);
    }
    return parts.join('; ');
  }
}
