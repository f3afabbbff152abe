/** A recorder for histories: clients tell it what they call and what they are answered. */
import { InvalidArgumentError } from '@synod/core';
import type { Model } from './model.js';
import { checkInterval, type Operation } from './operation.js';

/** Stands for one call until it is settled; given by {@link History.invoke}. */
export type CallId = number;

interface Call<Input, Output> {
  readonly process: number | string;
  readonly input: Input;
  readonly calledAt: number;
  outcome: 'none yet' | 'ok' | 'fail' | 'info';
  output: Output | undefined;
  returnedAt: number;
}

/**
 * Records a history while it happens, with times from outside. Each call ends in one of four ways:
 *
 * - {@link History.ok}: it was answered.
 * - {@link History.fail}: it definitely did not happen, and never will. It is left out of the history.
 * - {@link History.info}: nobody knows: a timeout, a lost connection, a crash. It may take effect later, or never.
 * - not at all: the same as `info`.
 *
 * A refusal that tells something of the state, such as a compare-and-set that found another value, is an answer: record
 * it with `ok`. An error whose `effect` is `'none'` is a `fail`, one whose `effect` is `'unknown'` an `info`.
 *
 * @typeParam Input - What operations ask.
 * @typeParam Output - What operations answer.
 * @example
 * ```ts
 * const model = register();
 * const history = History.for(model);
 * const write = history.invoke('client 1', { type: 'write', value: 5 }, 0);
 * const read = history.invoke('client 2', { type: 'read' }, 3);
 * history.ok(read, 5, 7);
 * history.info(write);
 * checkHistory(model, history.operations()).verdict; // 'linearizable'
 * ```
 */
export class History<Input, Output> {
  readonly #calls: Call<Input, Output>[] = [];

  /**
   * Begins a history for a model: the same as `new History()`, with the model's types.
   *
   * @typeParam State - State of one partition of the model.
   * @typeParam Input - What operations ask.
   * @typeParam Output - What operations answer.
   * @param _model - The model that the history will be held against.
   */
  static for<State, Input, Output>(_model: Model<State, Input, Output>): History<Input, Output> {
    return new History();
  }

  /**
   * Records a call.
   *
   * @param process - Who calls. A process that calls again before its last call is settled is two in the picture.
   * @param input - What is asked.
   * @param at - When, in any unit; the same clock for the whole history.
   * @returns What to settle the call with.
   * @throws InvalidArgumentError when the time is not a finite number.
   */
  invoke(process: number | string, input: Input, at: number): CallId {
    const returnedAt = Number.POSITIVE_INFINITY;
    checkInterval({ process, input, output: undefined, calledAt: at, returnedAt }, this.#calls.length);
    return (
      this.#calls.push({ process, input, calledAt: at, outcome: 'none yet', output: undefined, returnedAt }) -
      1
    );
  }

  /**
   * Records an answer.
   *
   * @param call - Which call was answered.
   * @param output - What it was answered; `undefined` if there is nothing to tell.
   * @param at - When.
   * @throws InvalidArgumentError when the call is settled already, or the time is before the call's.
   */
  ok(call: CallId, output: Output | undefined, at: number): void {
    const unsettled = this.#unsettled(call);
    if (at === Number.POSITIVE_INFINITY) {
      throw new InvalidArgumentError(
        `call ${call} was answered at Infinity: record an unknown outcome with info`,
      );
    }
    checkInterval({ ...unsettled, returnedAt: at }, call);
    unsettled.outcome = 'ok';
    unsettled.output = output;
    unsettled.returnedAt = at;
  }

  /**
   * Records that a call definitely did not happen, and never will.
   *
   * @param call - Which call.
   * @throws InvalidArgumentError when the call is settled already.
   */
  fail(call: CallId): void {
    this.#unsettled(call).outcome = 'fail';
  }

  /**
   * Records that nobody knows whether a call happened, or will.
   *
   * @param call - Which call.
   * @throws InvalidArgumentError when the call is settled already.
   */
  info(call: CallId): void {
    this.#unsettled(call).outcome = 'info';
  }

  /**
   * What was recorded so far, in the order of calls, for {@link checkHistory}. Calls that are not settled yet are of
   * unknown outcome in it.
   */
  operations(): readonly Operation<Input, Output>[] {
    return this.#calls
      .filter(({ outcome }) => outcome !== 'fail')
      .map(({ process, input, output, calledAt, returnedAt }) => ({
        process,
        input,
        output,
        calledAt,
        returnedAt,
      }));
  }

  #unsettled(id: CallId): Call<Input, Output> {
    const call = this.#calls[id];
    if (call === undefined) throw new InvalidArgumentError(`call ${id} is none that invoke gave`);
    if (call.outcome !== 'none yet') {
      throw new InvalidArgumentError(`call ${id} is settled already, as ${call.outcome}: settle it once`);
    }
    return call;
  }
}
