/**
 * How long to wait before the next attempt to connect: exponential with full jitter, so that nodes that lost the same
 * peer at the same moment do not come back at the same moment (Brooker, "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015).
 */
import type { Random } from '@synod/core';

/** Waiting times between attempts to reach one peer. */
export class Backoff {
  readonly #baseMs: number;
  readonly #capMs: number;
  readonly #random: Random;
  #failures = 0;

  /**
   * @param baseMs - Longest wait after the first failure, in milliseconds.
   * @param capMs - Longest wait at all.
   * @param random - Where the jitter comes from.
   */
  constructor(baseMs: number, capMs: number, random: Random) {
    this.#baseMs = baseMs;
    this.#capMs = capMs;
    this.#random = random;
  }

  /** Milliseconds to wait after one more failure: anything from 0 to a ceiling that doubles each time, up to the cap. */
  afterFailure(): number {
    const ceiling = Math.min(this.#capMs, this.#baseMs * 2 ** Math.min(this.#failures, 30));
    this.#failures++;
    return this.#random.float() * ceiling;
  }

  /**
   * Milliseconds to wait after a refusal: from half the cap to the cap. A refusal lasts until an operator does
   * something, so there is nothing to gain from an early attempt.
   */
  afterRefusal(): number {
    return (this.#capMs / 2) * (1 + this.#random.float());
  }

  /** Starts again from the base: the last connection proved good. */
  reset(): void {
    this.#failures = 0;
  }
}
