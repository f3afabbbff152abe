/**
 * The last intervals between heartbeats of one peer, with their mean and deviation (Hayashibara et al. 2004, §4.2:
 * the sampling window). Sums go along with what comes and goes, and are counted anew each time round, so that rounding
 * never piles up.
 */
import type { IntervalStatistics } from './suspicion-level.js';

/** A ring of intervals. */
export class ArrivalWindow {
  readonly #size: number;
  #intervals: number[] = [];
  /** Where the next interval is put once the ring is full. */
  #next = 0;
  #sum = 0;
  /** Sum of squares of what intervals differ from {@link #reference}: small numbers lose no digits. */
  #squares = 0;
  #reference: number;

  /**
   * @param size - How many intervals it remembers.
   * @param estimateMs - The interval to go by before there are any: two stand in for it, a quarter below and above.
   */
  constructor(size: number, estimateMs: number) {
    this.#size = size;
    this.#reference = estimateMs;
    this.add(estimateMs * 0.75);
    this.add(estimateMs * 1.25);
  }

  /** Intervals in it, the two first ones included. */
  get length(): number {
    return this.#intervals.length;
  }

  /**
   * Adds an interval, in the place of the oldest when it is full.
   *
   * @param intervalMs - From 0.
   */
  add(intervalMs: number): void {
    if (this.#intervals.length < this.#size) {
      this.#intervals.push(intervalMs);
      this.#count(intervalMs, 1);
      return;
    }
    this.#count(this.#intervals[this.#next] ?? 0, -1);
    this.#intervals[this.#next] = intervalMs;
    this.#count(intervalMs, 1);
    this.#next = (this.#next + 1) % this.#size;
    if (this.#next === 0) this.#countAnew();
  }

  /**
   * Forgets everything for a new rhythm.
   *
   * @param intervals - Its first intervals, at least one.
   */
  restart(intervals: readonly number[]): void {
    this.#intervals = intervals.slice(-this.#size);
    this.#next = 0;
    this.#countAnew();
  }

  /**
   * Mean and deviation.
   *
   * @param leastMs - What neither falls below.
   */
  statistics(leastMs: number): IntervalStatistics {
    const { length } = this.#intervals;
    const offset = this.#sum / length;
    const variance = Math.max(0, this.#squares / length - offset * offset);
    return {
      meanMs: Math.max(leastMs, this.#reference + offset),
      deviationMs: Math.max(leastMs, Math.sqrt(variance)),
    };
  }

  #count(intervalMs: number, sign: 1 | -1): void {
    const difference = intervalMs - this.#reference;
    this.#sum += sign * difference;
    this.#squares += sign * difference * difference;
  }

  #countAnew(): void {
    this.#reference = this.#intervals.reduce((sum, interval) => sum + interval, 0) / this.#intervals.length;
    this.#sum = 0;
    this.#squares = 0;
    for (const interval of this.#intervals) this.#count(interval, 1);
  }
}
