/** What a check found: a verdict, with what proves it. */
import type { Operation } from './operation.js';

/**
 * What is known of a history, or of one partition of it.
 *
 * - `linearizable`: there is an order that explains every answer; {@link PartitionReport.linearization} is one.
 * - `not linearizable`: there is none.
 * - `unknown`: the search was ended before it found out. Never a pass.
 */
export type Verdict = 'linearizable' | 'not linearizable' | 'unknown';

/** What ended a check before it found out. */
export type Limit = 'steps' | 'time' | 'memory';

/**
 * What was found of one partition.
 *
 * @typeParam Input - What operations ask.
 * @typeParam Output - What operations answer.
 */
export interface PartitionReport<Input, Output> {
  /** Its name, from {@link Model.partitionKey}; `undefined` if the model has none. */
  readonly key: string | number | undefined;
  /** Its operations, in the order in which the history gave them. */
  readonly operations: readonly Operation<Input, Output>[];
  /** What is known of it. `unknown` also when another partition decided the check first. */
  readonly verdict: Verdict;
  /** How many operations the search tried, those tried again counted again. */
  readonly stepsTaken: number;
  /**
   * The longest order of taking effect that was found; operations that could only read what they read are in it as well.
   * For a linearizable partition it is complete: run through the model, it explains every answer. Operations of unknown
   * outcome that are not in it need not have happened.
   */
  readonly linearization: readonly Operation<Input, Output>[];
}

/**
 * Where linearization fails.
 *
 * @typeParam Input - What operations ask.
 * @typeParam Output - What operations answer.
 */
export interface Failure<Input, Output> {
  /** The partition that has no linearization. */
  readonly partition: PartitionReport<Input, Output>;
  /**
   * The first operation, in the order of answers, whose answer cannot be explained together with all those before it,
   * given what the operations under way at that time answered later.
   */
  readonly operation: Operation<Input, Output>;
  /**
   * Whether `operation` is known to be the first. `false` when finding it would have taken much longer than the verdict:
   * that stands, but a few more answers might be explained.
   */
  readonly isFirst: boolean;
}

/**
 * The result of {@link checkHistory}.
 *
 * @typeParam Input - What operations ask.
 * @typeParam Output - What operations answer.
 */
export interface CheckResult<Input, Output> {
  /** What is known of the whole history. */
  readonly verdict: Verdict;
  /** How many operations were tried, over all partitions. */
  readonly stepsTaken: number;
  /** Every partition, in the order in which the history first touches them. */
  readonly partitions: readonly PartitionReport<Input, Output>[];
  /** Where linearization fails; there if and only if the verdict is `not linearizable`. */
  readonly failure?: Failure<Input, Output>;
  /** What ended the check; there if and only if the verdict is `unknown`. */
  readonly limit?: Limit;
}
