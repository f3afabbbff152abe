/**
 * From a storm to the few events that matter: delta debugging (Zeller and Hildebrandt, "Simplifying and isolating
 * failure-inducing input", 2002) over the faults, then over requests, clients, time and weather. A smaller script
 * counts only if it breaks the same rule.
 */
import type { EngineMessage, StateMachine } from '@synod/core';
import { type RunReport, refuseStorage, runScript } from './run-script.js';
import type { Script, ScriptStep, Weather } from './script.js';
import type { Subject } from './subject.js';

/** What shrinking may cost. */
export interface ShrinkOptions {
  /** Most runs. Default 400. */
  readonly runsMax?: number;
  /** Most events over all runs, which bounds the time. Default 20 million. */
  readonly eventsMax?: number;
}

/** What shrinking came to. */
export interface ShrinkReport {
  /** The report of the smallest script that was found to break the same rule. */
  readonly smallest: RunReport;
  /** Runs that were made. */
  readonly runs: number;
}

/**
 * Makes a failing script smaller.
 *
 * @param failing - The report of a run with a finding.
 * @param subject - What it was run on.
 * @param options - What it may cost.
 * @throws InvalidArgumentError when the subject has a storage of its own, which answers with promises.
 */
export function shrink<Message extends EngineMessage, Machine extends StateMachine<Output>, Input, Output>(
  failing: RunReport,
  subject: Subject<Message, Machine, Input, Output>,
  options: ShrinkOptions = {},
): ShrinkReport {
  refuseStorage(subject);
  return answerScripts(shrinkingScript(failing, options), (script) => runScript(script, subject));
}

/** Gives out scripts to run and takes their reports, until it knows its answer. */
export type ScriptsToRun<Answer> = Generator<Script, Answer, RunReport>;

/** Runs the scripts that are given out, to the answer. */
export function answerScripts<Answer>(
  scripts: ScriptsToRun<Answer>,
  run: (script: Script) => RunReport,
): Answer {
  for (let next = scripts.next(); ; next = scripts.next(run(next.value))) {
    if (next.done === true) return next.value;
  }
}

/** Whether a smaller script breaks the same rule. */
type Trial = ScriptsToRun<boolean>;
type Trials = ScriptsToRun<void>;

/**
 * Begins to make a failing script smaller.
 *
 * @param failing - The report of a run with a finding.
 * @param options - What it may cost.
 */
export function* shrinkingScript(failing: RunReport, options: ShrinkOptions): ScriptsToRun<ShrinkReport> {
  const { runsMax = 400, eventsMax = 20_000_000 } = options;
  let smallest = failing;
  let runs = 0;
  let events = 0;
  function* accepts(script: Script): Trial {
    if (runs >= runsMax || events >= eventsMax) return false;
    runs++;
    const report = yield script;
    events += report.events;
    if (report.finding?.invariant !== failing.finding?.invariant) return false;
    smallest = report;
    return true;
  }
  if (failing.finding === undefined) return { smallest, runs };
  yield* shorten(() => smallest, accepts);
  for (let before = Number.POSITIVE_INFINITY; weight(smallest) < before; ) {
    before = weight(smallest);
    yield* minimiseSteps(() => smallest.script, accepts);
    yield* fewerNodes(smallest.script, accepts);
    yield* fewerRequests(() => smallest, accepts);
    yield* calmerWeather(() => smallest.script, accepts);
    yield* shorten(() => smallest, accepts);
  }
  return { smallest, runs };
}

function weight({ script, requests }: RunReport): number {
  return (
    script.steps.length * 1000 + requests + (script.nodes + (script.spares ?? 0)) * 100 + script.ticks / 1000
  );
}

/** Nothing after the finding matters. */
function* shorten(present: () => RunReport, accepts: (script: Script) => Trial): Trials {
  const { script, finding } = present();
  if (finding === undefined) return;
  const { tickUs } = script.weather;
  const ticks = Math.ceil(finding.atUs / tickUs) + 1;
  if (ticks >= script.ticks) return;
  const steps = script.steps.filter(({ atUs }) => atUs <= finding.atUs);
  yield* accepts({ ...script, ticks, steps, calm: finding.invariant === 'liveness' });
}

function* minimiseSteps(present: () => Script, accepts: (script: Script) => Trial): Trials {
  for (let pieces = 2; present().steps.length > 0; ) {
    const { steps } = present();
    const size = Math.ceil(steps.length / pieces);
    let removed = false;
    for (let from = 0; from < steps.length; from += size) {
      const rest: readonly ScriptStep[] = [...steps.slice(0, from), ...steps.slice(from + size)];
      removed = yield* accepts({ ...present(), steps: rest });
      if (removed) break;
    }
    if (removed) pieces = Math.max(2, pieces - 1);
    else if (size <= 1) return;
    else pieces = Math.min(steps.length, pieces * 2);
  }
}

function* fewerNodes(script: Script, accepts: (script: Script) => Trial): Trials {
  const { nodes, spares = 0 } = script;
  const isAccepted =
    (spares > 0 && (yield* accepts({ ...script, spares: 0 }))) ||
    (nodes > 3 && (yield* accepts({ ...script, nodes: 3, steps: script.steps.filter(concernsFew) })));
  // Under the same names, but no founders any more.
  if (!isAccepted && nodes > 3) yield* accepts({ ...script, nodes: 3, spares: spares + nodes - 3 });
}

function concernsFew({ fault }: ScriptStep): boolean {
  const named = Object.values(fault.type === 'ambush' ? fault.fault : fault).flat();
  return !named.includes('n4') && !named.includes('n5');
}

function* fewerRequests(present: () => RunReport, accepts: (script: Script) => Trial): Trials {
  for (let requests = Math.floor(present().requests / 2); ; requests = Math.floor(requests / 2)) {
    if (requests >= present().requests) return;
    if (!(yield* accepts({ ...present().script, requestsMax: requests })) || requests === 0) return;
  }
}

const plain: Partial<Weather> = {
  delayLeastUs: 1_000,
  delayMeanUs: 100,
  inOrder: true,
  turnUs: 0,
  applyUs: 0,
  snapshotEvery: 0,
  tellsUnreachable: false,
  savesInFlightMax: 64,
  clockDriftMax: undefined,
};

function* calmerWeather(present: () => Script, accepts: (script: Script) => Trial): Trials {
  for (const clients of [1, 2]) {
    const { weather } = present();
    if (clients >= weather.clients) continue;
    if (yield* accepts({ ...present(), weather: { ...weather, clients } })) break;
  }
  for (const [name, value] of Object.entries(plain)) {
    const { weather } = present();
    if (new Map<string, unknown>(Object.entries(weather)).get(name) === value) continue;
    yield* accepts({ ...present(), weather: { ...weather, [name]: value } });
  }
}
