/** Time that stands still until a test moves it. */
import type { Clock } from '../clock.js';
import { InvalidArgumentError } from '../errors.js';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A {@link Clock} whose time moves only by {@link ManualClock.advance}.
 *
 * @example
 * ```ts
 * const clock = new ManualClock();
 * let rang = false;
 * clock.after(10, () => (rang = true));
 * clock.advance(9); // rang is false
 * clock.advance(1); // rang is true
 * ```
 */
export class ManualClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** @param nowMs - The time it starts at, in milliseconds. Default 0. */
  constructor(nowMs = 0) {
    this.#nowMs = nowMs;
  }

  /** Number of callbacks that wait for their time. */
  get timers(): number {
    return this.#timers.size;
  }

  /** The present time, in milliseconds. */
  now(): number {
    return this.#nowMs;
  }

  /**
   * Calls back when time has moved far enough, from within {@link ManualClock.advance}.
   *
   * @param delayMs - Milliseconds from now, from 0.
   * @param callback - What to call.
   * @returns Cancels the call, if it did not happen yet.
   */
  after(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /**
   * Moves time on and calls what falls due meanwhile, earliest first, each at its own time; also what those calls
   * set up anew within the stretch.
   *
   * @param durationMs - Milliseconds to move, from 0.
   * @throws InvalidArgumentError when the duration is negative or no number.
   */
  advance(durationMs: number): void {
    if (!(durationMs >= 0)) {
      throw new InvalidArgumentError(`clock is advanced by ${durationMs} ms: give a number from 0`);
    }
    const endMs = this.#nowMs + durationMs;
    for (;;) {
      const timer = this.#nextDueBy(endMs);
      if (timer === undefined) break;
      this.#timers.delete(timer);
      this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
      timer.callback();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  #nextDueBy(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > endMs) continue;
      const earlier =
        next === undefined ||
        timer.dueMs < next.dueMs ||
        (timer.dueMs === next.dueMs && timer.order < next.order);
      if (earlier) next = timer;
    }
    return next;
  }
}
