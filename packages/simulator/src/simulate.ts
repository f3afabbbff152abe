/** Many seeds: what a test of one's own state machine calls. */

import type { EngineMessage, StateMachine } from '@synod/core';
import { InvalidArgumentError, parseInteger } from '@synod/core';
import { drawScript, type StormOptions } from './draw-script.js';
import { type RunReport, runScript } from './run-script.js';
import { describeScript } from './script.js';
import { answerScripts, type ScriptsToRun, shrinkingScript } from './shrink.js';
import type { Subject } from './subject.js';

/** Which seeds to simulate, and how. */
export interface BatchOptions extends StormOptions {
  /** First and last seed. Default 1 to 20. */
  readonly seeds?: readonly [first: number, last: number];
  /** Whether a failing seed is shrunk. Default true. */
  readonly shrinks?: boolean;
}

/** What to simulate. */
export interface SimulationOptions<
  Message extends EngineMessage,
  Machine extends StateMachine<Output>,
  Input,
  Output,
> extends Subject<Message, Machine, Input, Output>,
    BatchOptions {}

/** What a batch of seeds came to. */
export interface SimulationReport {
  /** Seeds that were run; the batch ends at the first that fails. */
  readonly seeds: number;
  /** Virtual seconds, over all seeds. */
  readonly virtualSeconds: number;
  /** Events, over all seeds. */
  readonly events: number;
  /** Requests that were answered, over all seeds. */
  readonly answered: number;
  /** Faults that took effect, by kind, over all seeds. */
  readonly faults: Readonly<Record<string, number>>;
  /** Situations that were reached, by name, over all seeds. */
  readonly coverage: Readonly<Record<string, number>>;
  /** The smallest run that shows the failure; `undefined` when every rule held. */
  readonly failure: RunReport | undefined;
  /** The failure in words, with its script; empty when there is none. */
  readonly explanation: string;
}

/**
 * Runs an engine and a state machine through one storm a seed, and stops at the first that breaks a rule.
 *
 * @param options - Engine, state machine, seeds and storm.
 * @throws InvalidArgumentError when the seeds are no range, or the subject has a storage of its own, which answers with
 * promises: `simulateOnStorage` takes it.
 *
 * @example
 * ```ts
 * const report = simulate({ engine, workload, seeds: [1, 100], ticks: 2000 });
 * if (report.failure !== undefined) throw new Error(report.explanation);
 * ```
 */
export function simulate<Message extends EngineMessage, Machine extends StateMachine<Output>, Input, Output>(
  options: SimulationOptions<Message, Machine, Input, Output>,
): SimulationReport {
  return answerScripts(simulatingSeeds(options), (script) => runScript(script, options));
}

/**
 * Begins a batch of seeds, which gives out scripts to run.
 *
 * @param options - Seeds and storm.
 * @throws InvalidArgumentError when the seeds are no range.
 */
export function* simulatingSeeds(options: BatchOptions): ScriptsToRun<SimulationReport> {
  const [first, last] = options.seeds ?? [1, 20];
  parseInteger(first, 'first seed', 0);
  if (parseInteger(last, 'last seed', 0) < first)
    throw new InvalidArgumentError(`last seed ${last} is below the first, ${first}`);
  const tally = new Tally();
  for (let seed = first; seed <= last; seed++) {
    const report = yield drawScript(seed, options);
    tally.add(report);
    if (report.finding === undefined) continue;
    return tally.report(options.shrinks === false ? report : (yield* shrinkingScript(report, {})).smallest);
  }
  return tally.report(undefined);
}

/** Sums over the runs of a batch. */
export class Tally {
  readonly #faults = new Map<string, number>();
  readonly #coverage = new Map<string, number>();
  #seeds = 0;
  #virtualUs = 0;
  #events = 0;
  #answered = 0;

  /**
   * Adds a run.
   *
   * @param run - Its report, or the parts of it that are summed.
   */
  add(run: Pick<RunReport, 'virtualUs' | 'events' | 'answered' | 'faults' | 'coverage'>): void {
    this.#seeds++;
    this.#virtualUs += run.virtualUs;
    this.#events += run.events;
    this.#answered += run.answered;
    addAll(this.#faults, run.faults);
    addAll(this.#coverage, run.coverage);
  }

  /**
   * The sums.
   *
   * @param failure - The run that ended the batch, if one did.
   */
  report(failure: RunReport | undefined): SimulationReport {
    return {
      seeds: this.#seeds,
      virtualSeconds: this.#virtualUs / 1_000_000,
      events: this.#events,
      answered: this.#answered,
      faults: Object.fromEntries(this.#faults),
      coverage: Object.fromEntries(this.#coverage),
      failure,
      explanation: failure === undefined ? '' : explain(failure),
    };
  }
}

function addAll(sums: Map<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + count);
}

/**
 * A failure in words.
 *
 * @param run - A run with a finding.
 * @returns The broken rule, its moment, and the script, one line a fault.
 */
export function explain(run: RunReport): string {
  const { finding, script } = run;
  if (finding === undefined) return `seed ${script.seed}: every rule held`;
  const atSeconds = (finding.atUs / 1_000_000).toFixed(3);
  return [
    `seed ${script.seed} breaks a rule after ${atSeconds} s of virtual time and ${run.requests} requests:`,
    `  ${finding.message}`,
    ...describeScript(script).map((line) => `  ${line}`),
  ].join('\n');
}
