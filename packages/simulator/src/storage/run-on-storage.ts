/**
 * Runs over real storages: after every event that may have moved a promise, virtual time waits until all promises that
 * can settle have settled, so that what is left to happen stands in the queue. The same script then gives the same run.
 */
import { type EngineMessage, InvalidArgumentError, type StateMachine } from '@synod/core';
import { type RunOptions, type RunReport, runningScript } from '../run-script.js';
import type { Script } from '../script.js';
import { type ScriptsToRun, type ShrinkOptions, type ShrinkReport, shrinkingScript } from '../shrink.js';
import { type SimulationOptions, type SimulationReport, simulatingSeeds } from '../simulate.js';
import type { Subject } from '../subject.js';

/** How promises are waited for. */
export interface DrainOptions {
  /**
   * Resolves when every promise that can settle without new events has settled: in an event of the platform's own that
   * comes after all promises. Default by the platform's `setImmediate`, or `setTimeout` where there is none.
   */
  readonly drain?: () => Promise<void>;
}

/**
 * Runs a script on a subject with a storage.
 *
 * @param script - What happens.
 * @param subject - What it happens to; one without a storage runs as with `runScript`.
 * @param options - Who listens, and how promises are waited for.
 * @returns What it came to. Broken rules are found, not thrown.
 *
 * @example
 * ```ts
 * const storage = ({ fileSystem, node }) => openWal({ fileSystem, incarnation: incarnationOf(node) });
 * const run = await runScriptOnStorage(drawScript(1), { engine, workload, storage });
 * console.log(run.finding?.message ?? 'every rule held');
 * ```
 */
export async function runScriptOnStorage<
  Message extends EngineMessage,
  Machine extends StateMachine<Output>,
  Input,
  Output,
>(
  script: Script,
  subject: Subject<Message, Machine, Input, Output>,
  options: RunOptions<Message> & DrainOptions = {},
): Promise<RunReport> {
  const { drain = platformDrain() } = options;
  const run = runningScript(script, subject, options);
  for (;;) {
    const next = run.next();
    if (next.done === true) return next.value;
    await drain();
  }
}

/**
 * Makes a failing script smaller, as `shrink` does, on a subject with a storage.
 *
 * @param failing - The report of a run with a finding.
 * @param subject - What it was run on.
 * @param options - What it may cost, and how promises are waited for.
 */
export async function shrinkOnStorage<
  Message extends EngineMessage,
  Machine extends StateMachine<Output>,
  Input,
  Output,
>(
  failing: RunReport,
  subject: Subject<Message, Machine, Input, Output>,
  options: ShrinkOptions & DrainOptions = {},
): Promise<ShrinkReport> {
  return answerScriptsOnStorage(shrinkingScript(failing, options), subject, options);
}

/**
 * Runs one storm a seed, as `simulate` does, on a subject with a storage.
 *
 * @param options - Engine, state machine, storage, seeds and storm, and how promises are waited for.
 * @throws InvalidArgumentError when the seeds are no range.
 */
export async function simulateOnStorage<
  Message extends EngineMessage,
  Machine extends StateMachine<Output>,
  Input,
  Output,
>(options: SimulationOptions<Message, Machine, Input, Output> & DrainOptions): Promise<SimulationReport> {
  return answerScriptsOnStorage(simulatingSeeds(options), options, options);
}

/** Runs the scripts that are given out, to the answer. */
async function answerScriptsOnStorage<
  Message extends EngineMessage,
  Machine extends StateMachine<Output>,
  Input,
  Output,
  Answer,
>(
  scripts: ScriptsToRun<Answer>,
  subject: Subject<Message, Machine, Input, Output>,
  options: DrainOptions,
): Promise<Answer> {
  let next = scripts.next();
  while (next.done !== true) next = scripts.next(await runScriptOnStorage(next.value, subject, options));
  return next.value;
}

function platformDrain(): () => Promise<void> {
  for (const name of ['setImmediate', 'setTimeout']) {
    const plan: unknown = Reflect.get(globalThis, name);
    if (typeof plan === 'function') return () => new Promise((resolve) => plan(resolve, 0));
  }
  throw new InvalidArgumentError('this platform has neither setImmediate nor setTimeout: give `drain`');
}
