// The plainest checker there is: it tries every order. What the search answers is held against it.
import type { Model } from '../src/model.js';
import type { Operation } from '../src/operation.js';

/** What trying every order of one partition finds. */
export interface BruteForceResult<Input, Output> {
  readonly isLinearizable: boolean;
  /** How many answers, in their order, can be explained together at most. */
  readonly explained: number;
  /** The operation with the first answer that cannot; `undefined` if there is none. */
  readonly fails: Operation<Input, Output> | undefined;
}

/** Tries every order of one partition, without remembering anything. */
export function bruteForce<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): BruteForceResult<Input, Output> {
  const answered = operations.filter(({ returnedAt }) => returnedAt !== Number.POSITIVE_INFINITY);
  answered.sort((one, other) => one.returnedAt - other.returnedAt || one.calledAt - other.calledAt);
  const done = new Set<Operation<Input, Output>>();
  let explained = 0;

  function goesOn(state: State): boolean {
    const next = answered.findIndex((operation) => !done.has(operation));
    const frontier = next < 0 ? answered.length : next;
    explained = Math.max(explained, frontier);
    const first = answered[frontier];
    if (first === undefined) return true;
    for (const operation of operations) {
      if (done.has(operation) || operation.calledAt > first.returnedAt) continue;
      const step = model.step(state, operation.input, operation.output);
      if (!step.ok) continue;
      done.add(operation);
      const found = goesOn(step.state);
      done.delete(operation);
      if (found) return true;
    }
    return false;
  }

  const isLinearizable = goesOn(model.init());
  return { isLinearizable, explained, fails: answered[explained] };
}

/** What is wrong with an order as an explanation of the first answers of a partition; `undefined` if nothing is. */
export function faultOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  order: readonly Operation<Input, Output>[],
): string | undefined {
  if (new Set(order).size !== order.length) return 'an operation takes effect twice';
  let state = model.init();
  let latestCall = Number.NEGATIVE_INFINITY;
  for (const operation of order) {
    if (!operations.includes(operation)) return 'an operation is of another partition';
    if (operation.returnedAt < latestCall) return 'an operation takes effect after its answer';
    latestCall = Math.max(latestCall, operation.calledAt);
    const step = model.step(state, operation.input, operation.output);
    if (!step.ok) return `${JSON.stringify(operation)} does not fit ${JSON.stringify(state)}`;
    state = step.state;
  }
  return undefined;
}
