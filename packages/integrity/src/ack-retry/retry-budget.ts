/**
 * A budget for repetitions, as a bucket of tokens: each first transmission puts a share of a token in, time drips some
 * in as well so that a quiet link can still try, and each repetition takes one out. A link that loses nearly everything
 * is then not flooded by what it lost.
 */

/** How much may be repeated. */
export interface RetryBudgetOptions {
  /** Repetitions for each block that is sent, in the long run: 0 to 100. Default 1, enough for half of them lost. */
  readonly perBlock?: number;
  /** Repetitions a second that are always free: more than 0, up to 10^6. Default 10. */
  readonly perSecond?: number;
  /** Repetitions that can be saved up for a burst of losses: from 1. Default `windowBlocks`. */
  readonly burst?: number;
}

/** The tokens of one sender. */
export class RetryBudget {
  readonly #perBlock: number;
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAtMs = 0;

  constructor(options: Required<RetryBudgetOptions>) {
    this.#perBlock = options.perBlock;
    this.#perMs = options.perSecond / 1000;
    this.#burst = options.burst;
    this.#tokens = options.burst;
  }

  /** Repetitions that are free now. */
  get tokens(): number {
    return this.#tokens;
  }

  /** A block was sent for the first time. */
  earn(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + this.#perBlock);
  }

  /** Takes a token, if there is one. */
  spend(nowMs: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#filledAtMs) * this.#perMs);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** When there will be a token, if nothing is earned before. */
  nextAtMs(nowMs: number): number {
    return nowMs + Math.max(0, Math.ceil((1 - this.#tokens) / this.#perMs));
  }
}
