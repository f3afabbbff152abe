/** The door: a model and a history in, a verdict out. */
import { InvalidArgumentError } from '@synod/core';
import type { CheckResult } from './check-result.js';
import type { Model } from './model.js';
import { checkInterval, type Operation } from './operation.js';
import { type Limits, type TimeLimit, Turns } from './turns.js';

/** Limits of a check. When one is reached, the verdict is `unknown`. */
export interface CheckOptions {
  /** Most operations to try, over all partitions, about; from 1. Default: no limit. */
  readonly stepsMax?: number;
  /**
   * Most bytes for what all searches remember, about; from 1. The largest search is given up first, and the others go
   * on. Default 512 MiB.
   */
  readonly memoryBytesMax?: number;
  /** Time limit, looked at some hundred times a second or more. Default: none. */
  readonly timeLimit?: TimeLimit;
}

const defaultMemoryBytesMax = 512 * 1024 * 1024;

/**
 * Decides whether a history is linearizable: whether every operation can have taken effect at one moment between its
 * call and its answer (Herlihy and Wing 1990).
 *
 * The question is NP-complete: the time it takes may grow exponentially with the number of operations of one partition
 * that are under way at once, though seldom with the length of the history.
 *
 * @typeParam State - State of one partition of the model.
 * @typeParam Input - What operations ask.
 * @typeParam Output - What operations answer.
 * @param model - What a correct object does.
 * @param operations - The history, in any order. Definite failures, which took no effect, are left out of it.
 * @param options - Limits.
 * @returns The verdict, with a witness or with the place where linearization fails.
 * @throws InvalidArgumentError when an operation's times are no interval, a limit is out of range, or the model breaks
 * its contract.
 * @example A read that comes back with the old value after a write was acknowledged.
 * ```ts
 * const result = checkHistory(register(0), [
 *   { process: 'a', input: { type: 'write', value: 1 }, output: undefined, calledAt: 0, returnedAt: 1 },
 *   { process: 'b', input: { type: 'read' }, output: 0, calledAt: 2, returnedAt: 3 },
 * ]);
 * result.verdict; // 'not linearizable'
 * result.failure?.operation.process; // 'b'
 * ```
 */
export function checkHistory<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  options: CheckOptions = {},
): CheckResult<Input, Output> {
  for (const [position, operation] of operations.entries()) checkInterval(operation, position);
  const turns = new Turns(model, operations, limitsOf(options));
  turns.run();
  return turns.result();
}

function limitsOf(options: CheckOptions): Limits {
  const { stepsMax = Number.POSITIVE_INFINITY, memoryBytesMax = defaultMemoryBytesMax, timeLimit } = options;
  for (const [name, value] of Object.entries({ stepsMax, memoryBytesMax })) {
    if (!(value >= 1)) throw new InvalidArgumentError(`${name} is ${value}: it must be 1 or more`);
  }
  if (timeLimit !== undefined && Number.isNaN(timeLimit.endsAt)) {
    throw new InvalidArgumentError('timeLimit.endsAt is NaN: it must be a time by its clock');
  }
  return { stepsMax, memoryBytesMax, timeLimit };
}
