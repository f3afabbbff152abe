/**
 * What a picture shows: some operations of one partition, the order that explains most of them, the states in between,
 * and the place where no order goes on.
 */
import type { CheckResult, Failure, PartitionReport, Verdict } from '../check-result.js';
import type { Model } from '../model.js';
import type { Operation } from '../operation.js';

/** An operation in a picture. */
export interface Actor {
  readonly process: string;
  readonly label: string;
  readonly calledAt: number;
  readonly returnedAt: number;
  /** Its place in the order that was found, from 1; `undefined` if it is not in it. */
  readonly place: number | undefined;
  /** The state that it left, if it is in the order. */
  readonly stateAfter: string | undefined;
  /** Whether it is where linearization fails. */
  readonly fails: boolean;
}

/** A picture before it is drawn. */
export interface Scene {
  readonly verdict: Verdict;
  /** Name of the partition; `undefined` if the model has none. */
  readonly partition: string | undefined;
  /** In the order of calls. */
  readonly actors: readonly Actor[];
  /** The state before the first operation of the order that is drawn. */
  readonly stateBefore: string;
  /** Operations of the partition that are not drawn, for want of room. */
  readonly left: number;
  /** The sentence below the headline. */
  readonly summary: string;
  /** What is known about the place where it fails, a sentence each. */
  readonly findings: readonly string[];
}

/** Operations called after the one that fails that are still drawn. */
const aftermath = 20;

/** Chooses what to draw of a partition. */
export function sceneOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  result: CheckResult<Input, Output>,
  partition: PartitionReport<Input, Output>,
  operationsMax: number,
): Scene {
  const failure = result.failure?.partition === partition ? result.failure : undefined;
  const drawn = chooseOperations(partition, failure, operationsMax);
  const replay = replayOrder(model, partition.linearization, new Set(drawn));
  const actors = drawn.map((operation) => ({
    process: String(operation.process),
    label: describeOperation(model, operation),
    calledAt: operation.calledAt,
    returnedAt: operation.returnedAt,
    place: replay.steps.get(operation)?.place,
    stateAfter: replay.steps.get(operation)?.stateAfter,
    fails: operation === failure?.operation,
  }));
  return {
    verdict: partition.verdict,
    partition: partition.key === undefined ? undefined : String(partition.key),
    actors,
    stateBefore: replay.stateBefore,
    left: partition.operations.length - drawn.length,
    summary: summaryOf(result, partition),
    findings: failure === undefined ? [] : findingsOf(model, failure, replay.last),
  };
}

/** All operations, or those around the failure that fit, in the order of calls. */
function chooseOperations<Input, Output>(
  { operations, linearization }: PartitionReport<Input, Output>,
  failure: Failure<Input, Output> | undefined,
  operationsMax: number,
): Operation<Input, Output>[] {
  const byCall = [...operations].sort((one, other) => one.calledAt - other.calledAt);
  if (byCall.length <= operationsMax) return byCall;
  const centre = failure?.operation.returnedAt ?? Number.POSITIVE_INFINITY;
  const called = byCall.filter(({ calledAt }) => calledAt <= centre).length;
  const last = Math.min(byCall.length, called + Math.min(aftermath, operationsMax >> 2));
  const first = Math.max(0, last - operationsMax);
  const chosen = new Set(byCall.slice(first, last));
  // What reaches into the window from before it matters too, if it took effect there.
  const opening = linearization.findIndex((operation) => chosen.has(operation));
  const late = opening < 0 ? [] : linearization.slice(opening);
  for (const operation of [...late, ...(failure === undefined ? [] : [failure.operation])])
    chosen.add(operation);
  return byCall.filter((operation) => chosen.has(operation));
}

interface Step {
  readonly place: number;
  readonly stateAfter: string;
}

interface Replay<State, Input, Output> {
  readonly steps: ReadonlyMap<Operation<Input, Output>, Step>;
  readonly stateBefore: string;
  readonly last: State;
}

/** Runs the order through the model again, and keeps the states around the drawn operations. */
function replayOrder<State, Input, Output>(
  model: Model<State, Input, Output>,
  order: readonly Operation<Input, Output>[],
  drawn: ReadonlySet<Operation<Input, Output>>,
): Replay<State, Input, Output> {
  const steps = new Map<Operation<Input, Output>, Step>();
  let state = model.init();
  let before = state;
  for (const [position, operation] of order.entries()) {
    const step = model.step(state, operation.input, operation.output);
    if (step.ok) state = step.state;
    if (drawn.has(operation)) {
      steps.set(operation, { place: position + 1, stateAfter: describeState(model, state) });
    } else if (steps.size === 0) before = state;
  }
  return { steps, stateBefore: describeState(model, before), last: state };
}

function summaryOf<Input, Output>(
  { stepsTaken, partitions, limit }: CheckResult<Input, Output>,
  { operations, linearization }: PartitionReport<Input, Output>,
): string {
  const parts = partitions.length === 1 ? 'one partition' : `${partitions.length} partitions`;
  const ended = limit === undefined ? '' : ` The check was ended by its limit of ${limit}.`;
  return (
    `${operations.length} operations, ${linearization.length} of them in the longest order that was found. ` +
    `The check covered ${parts} and tried ${stepsTaken} steps.${ended}`
  );
}

function findingsOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  { operation, partition, isFirst }: Failure<Input, Output>,
  state: State,
): string[] {
  const inOrder = new Set(partition.linearization);
  const waiting = partition.operations.filter(
    (other) => !inOrder.has(other) && other !== operation && other.calledAt <= operation.returnedAt,
  );
  const findings = [
    `Process ${operation.process} was answered “${describeOperation(model, operation)}”. ` +
      `${isFirst ? 'All' : 'At least all'} answers before it can be explained; together with it they cannot.`,
    `The numbered order ends in the state ${describeState(model, state)}. There the answer ` +
      `${model.step(state, operation.input, operation.output).ok ? 'would fit, but comes too late.' : 'does not fit.'}`,
  ];
  for (const other of waiting.slice(-aftermath)) {
    const fits = model.step(state, other.input, other.output).ok;
    findings.push(
      `“${describeOperation(model, other)}” of process ${other.process} ` +
        `${fits ? 'could come next, but leads no further' : 'does not fit that state either'}.`,
    );
  }
  return findings;
}

function describeOperation<State, Input, Output>(
  model: Model<State, Input, Output>,
  { input, output }: Operation<Input, Output>,
): string {
  if (model.describeOperation !== undefined) return model.describeOperation(input, output);
  return output === undefined ? textOf(input) : `${textOf(input)}: ${textOf(output)}`;
}

function describeState<State, Input, Output>(model: Model<State, Input, Output>, state: State): string {
  return model.describeState === undefined ? textOf(state) : model.describeState(state);
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
