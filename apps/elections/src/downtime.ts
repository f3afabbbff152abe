/** What many trials of one range come to. */
import { runTrial } from './election-trial.js';
import type { TimeoutRange } from './timeout-range.js';

/** Times without a leader, over all trials of a range. */
export interface Downtime {
  readonly range: TimeoutRange;
  /** Ascending, in milliseconds; `Infinity` for trials that were given up. */
  readonly timesMs: readonly number[];
}

/** How much to measure. */
export interface Measurement {
  readonly trials: number;
  /** Whether servers ask whether they would be elected before they stand. */
  readonly preVote: boolean;
  /** First seed; each trial has the next. */
  readonly seed: number;
  /** Time after which a trial is given up. */
  readonly giveUpMs: number;
}

/**
 * Measures one range.
 *
 * @param range - Which.
 * @param measurement - How much.
 */
export function measureDowntime(range: TimeoutRange, measurement: Measurement): Downtime {
  const { trials, seed, preVote, giveUpMs } = measurement;
  const timesMs = Array.from({ length: trials }, (_, trial) =>
    runTrial({ range, seed: seed + trial, preVote, giveUpMs }),
  );
  return { range, timesMs: timesMs.sort((left, right) => left - right) };
}

/**
 * The time that a share of the trials did not exceed.
 *
 * @param downtime - The trials.
 * @param share - 0 to 1: 0.5 for the median, 1 for the longest.
 */
export function quantileMs({ timesMs }: Downtime, share: number): number {
  const position = Math.min(timesMs.length - 1, Math.ceil(share * timesMs.length) - 1);
  return timesMs[Math.max(0, position)] ?? Number.NaN;
}

/**
 * Mean of all trials; `Infinity` when one was given up.
 *
 * @param downtime - The trials.
 */
export function meanMs({ timesMs }: Downtime): number {
  return timesMs.reduce((sum, time) => sum + time, 0) / timesMs.length;
}
