/**
 * The partitions of a history (Horn and Kroening, "Faster linearizability checking via P-compositionality", 2015) are
 * searched in turns, a slice each: a hard partition cannot hide an easy counterexample in another. The first partition
 * without a linearization decides.
 */
import { invariant } from '@synod/core';
import type { CheckResult, Failure, Limit, PartitionReport, Verdict } from './check-result.js';
import type { Model } from './model.js';
import type { Operation } from './operation.js';
import { PartitionSearch, type SearchOptions } from './partition-search.js';
import { Transitions } from './transitions.js';

/** A time limit, on a clock from outside. */
export interface TimeLimit {
  /** The present time, such as `() => performance.now()`. */
  readonly now: () => number;
  /** The time, by that clock, at which to end. */
  readonly endsAt: number;
}

/** Limits of a check. */
export interface Limits {
  readonly stepsMax: number;
  readonly memoryBytesMax: number;
  readonly timeLimit: TimeLimit | undefined;
}

interface Partition<State, Input, Output> {
  readonly key: string | number | undefined;
  readonly operations: Operation<Input, Output>[];
  /** Operations tried for it. */
  steps: number;
  /** From its first turn to its end. */
  work?: Work<State, Input, Output> | undefined;
  /** From its end on. */
  report?: PartitionReport<Input, Output>;
}

interface Work<State, Input, Output> {
  readonly transitions: Transitions<State, Input, Output>;
  readonly search: PartitionSearch<State, Input, Output>;
}

const sliceSteps = 1024;
const narrowingStepsMin = 65_536;

/** One check, from the first turn to the result. */
export class Turns<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #limits: Limits;
  readonly #partitions: readonly Partition<State, Input, Output>[];
  #failure: Failure<Input, Output> | undefined;
  #limit: Limit | undefined;
  #steps = 0;
  #bytes = 0;

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
    limits: Limits,
  ) {
    this.#model = model;
    this.#limits = limits;
    this.#partitions = partitionsOf(model, operations);
  }

  /** Searches until all is known, a partition has no linearization, or a limit ends it. */
  run(): void {
    let waiting = this.#partitions;
    while (waiting.length > 0) {
      for (const partition of waiting) {
        if (partition.report !== undefined) continue;
        if (this.#isOver()) return;
        this.#turn(partition);
        if (this.#failure !== undefined) return;
      }
      waiting = waiting.filter(({ report }) => report === undefined);
    }
  }

  /** What is known now. */
  result(): CheckResult<Input, Output> {
    const partitions = this.#partitions.map(
      (each) => each.report ?? reportOf(each, 'unknown', each.work?.search),
    );
    const found = { stepsTaken: this.#steps, partitions };
    if (this.#failure !== undefined) return { verdict: 'not linearizable', ...found, failure: this.#failure };
    if (this.#limit !== undefined) return { verdict: 'unknown', ...found, limit: this.#limit };
    return { verdict: 'linearizable', ...found };
  }

  #isOver(): boolean {
    const { stepsMax, timeLimit } = this.#limits;
    if (this.#steps >= stepsMax) this.#limit = 'steps';
    else if (timeLimit !== undefined && timeLimit.now() >= timeLimit.endsAt) this.#limit = 'time';
    else return false;
    return true;
  }

  #turn(partition: Partition<State, Input, Output>): void {
    const bytesBefore = bytesOf(partition);
    partition.work ??= this.#beginWork(partition);
    const { search } = partition.work;
    this.#slice(partition, search);
    this.#bytes += bytesOf(partition) - bytesBefore;
    if (search.end === 'linearizable') this.#settle(partition, 'linearizable', search);
    else if (search.end === 'not linearizable') this.#fail(partition, partition.work);
    else if (this.#bytes > this.#limits.memoryBytesMax) {
      this.#limit = 'memory';
      const largest = this.#largest(partition);
      this.#settle(largest, 'unknown', largest.work?.search);
    }
  }

  #beginWork(partition: Partition<State, Input, Output>): Work<State, Input, Output> {
    const transitions = new Transitions(this.#model);
    return { transitions, search: this.#begin(partition, transitions, {}) };
  }

  #begin(
    partition: Partition<State, Input, Output>,
    transitions: Transitions<State, Input, Output>,
    options: SearchOptions,
  ): PartitionSearch<State, Input, Output> {
    const search = new PartitionSearch(partition.operations, transitions, options);
    this.#count(partition, search.steps);
    return search;
  }

  #slice(partition: Partition<State, Input, Output>, search: PartitionSearch<State, Input, Output>): void {
    const before = search.steps;
    search.run(Math.min(sliceSteps, this.#limits.stepsMax - this.#steps));
    this.#count(partition, search.steps - before);
  }

  #count(partition: Partition<State, Input, Output>, steps: number): void {
    partition.steps += steps;
    this.#steps += steps;
  }

  #largest(partition: Partition<State, Input, Output>): Partition<State, Input, Output> {
    let largest = partition;
    for (const other of this.#partitions) if (bytesOf(other) > bytesOf(largest)) largest = other;
    return largest;
  }

  /**
   * Settles a partition without linearization. Looking ahead gives ways up before they meet the answer that is wrong, so
   * then the answers are asked for once more, one by one, for about as long as the search took.
   */
  #fail(
    partition: Partition<State, Input, Output>,
    { search, transitions }: Work<State, Input, Output>,
  ): void {
    let best = search;
    let isFirst = !search.hasLookedAhead;
    const stop = this.#steps + search.steps + narrowingStepsMin;
    const mayGoOn = () => this.#steps < stop && !this.#isOver();
    while (!isFirst && mayGoOn()) {
      const next = this.#begin(partition, transitions, { goal: best.explained + 1 });
      while (next.end === undefined && mayGoOn()) this.#slice(partition, next);
      if (next.end === 'linearizable') best = next;
      else if (next.end === 'not linearizable') isFirst = true;
    }
    this.#settle(partition, 'not linearizable', best);
    const operation = partition.operations[best.firstUnexplained()];
    invariant(
      operation !== undefined && partition.report !== undefined,
      'a search that fails leaves an answer',
    );
    this.#failure = { partition: partition.report, operation, isFirst };
  }

  #settle(
    partition: Partition<State, Input, Output>,
    verdict: Verdict,
    search: PartitionSearch<State, Input, Output> | undefined,
  ): void {
    this.#bytes -= bytesOf(partition);
    partition.report = reportOf(partition, verdict, search);
    partition.work = undefined;
  }
}

function partitionsOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): Partition<State, Input, Output>[] {
  const byKey = new Map<string | number | undefined, Partition<State, Input, Output>>();
  for (const operation of operations) {
    const key = model.partitionKey?.(operation.input);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { key, operations: [operation], steps: 0 });
    else known.operations.push(operation);
  }
  return [...byKey.values()];
}

function bytesOf<State, Input, Output>({ work }: Partition<State, Input, Output>): number {
  return work === undefined ? 0 : work.search.bytes + work.transitions.bytes;
}

function reportOf<State, Input, Output>(
  { key, operations, steps }: Partition<State, Input, Output>,
  verdict: Verdict,
  search: PartitionSearch<State, Input, Output> | undefined,
): PartitionReport<Input, Output> {
  const order = search?.order() ?? [];
  const linearization = order.flatMap((place) => operations[place] ?? []);
  return { key, operations, verdict, stepsTaken: steps, linearization };
}
