/** What a trial comes to in a few numbers. */
import type { TrialResult } from './trial.js';

/** The figures of one row. */
export interface Figures {
  readonly name: string;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** Part of the requests that failed. */
  readonly failed: number;
}

/**
 * Reckons them.
 *
 * @param result - The trial.
 */
export function figuresOf({ name, timesMs, failed }: TrialResult): Figures {
  return {
    name,
    meanMs: timesMs.reduce((sum, time) => sum + time, 0) / timesMs.length,
    p50Ms: quantile(timesMs, 0.5),
    p99Ms: quantile(timesMs, 0.99),
    p999Ms: quantile(timesMs, 0.999),
    failed,
  };
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
