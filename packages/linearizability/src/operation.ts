/**
 * An operation as its client saw it: an interval of time with a question and an answer (Herlihy and Wing,
 * "Linearizability: a correctness condition for concurrent objects", 1990, section 2.1).
 */
import { InvalidArgumentError } from '@synod/core';

/**
 * One operation of a history.
 *
 * @typeParam Input - What was asked.
 * @typeParam Output - What was answered.
 */
export interface Operation<Input, Output> {
  /** Who called: a client, thread or connection. Only pictures use it. */
  readonly process: number | string;
  /** What was asked. */
  readonly input: Input;
  /** What was answered; `undefined` when nobody knows, or when there is nothing to tell. */
  readonly output: Output | undefined;
  /** When it was called, in any unit that all operations of the history share. */
  readonly calledAt: number;
  /**
   * When it was answered, from `calledAt`. `Infinity` when the outcome is unknown (a timeout, a crash): the operation
   * may take effect at any time after its call, or never. An operation that is answered at the very moment at which
   * another is called overlaps it.
   */
  readonly returnedAt: number;
}

/** @throws InvalidArgumentError when the operation's interval is none. */
export function checkInterval({ calledAt, returnedAt }: Operation<unknown, unknown>, position: number): void {
  if (!Number.isFinite(calledAt)) {
    throw new InvalidArgumentError(`operation ${position} was called at ${calledAt}: give a finite number`);
  }
  if (!(returnedAt >= calledAt)) {
    throw new InvalidArgumentError(
      `operation ${position} was called at ${calledAt} and answered at ${returnedAt}: ` +
        'give a time from its call on, or Infinity when the outcome is unknown',
    );
  }
}
