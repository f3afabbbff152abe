/** One core's share: runs the seeds it is given, one at a time. */
import { parentPort } from 'node:worker_threads';
import { drawScript, type FaultKind, type RunReport, runScriptOnStorage } from '@synod/simulator';
import type { Judgement } from './history-judge.js';
import type { EngineName } from './storm-subject.js';
import { type StorageName, subjectOn } from './wal-subject.js';

/** A seed to run. */
export interface SeedOrder {
  readonly seed: number;
  readonly ticks: number | undefined;
  readonly faults: readonly FaultKind[];
  readonly nodes: number | undefined;
  readonly engine: EngineName;
  readonly storage: StorageName;
}

/** What a worker tells of a seed. */
export interface SeedResult extends Omit<RunReport, 'script'> {
  readonly seed: number;
  /** What was judged of its history; `undefined` when another rule broke before. */
  readonly judgement: Judgement | undefined;
}

parentPort?.on('message', (order: SeedOrder) => {
  void runSeed(order).then((result) => parentPort?.postMessage(result));
});

async function runSeed({ seed, ticks, faults, nodes, engine, storage }: SeedOrder): Promise<SeedResult> {
  const script = drawScript(seed, {
    faults,
    ...(ticks === undefined ? {} : { ticks }),
    ...(nodes === undefined ? {} : { nodes }),
  });
  const subject = subjectOn(engine, storage);
  const { script: _, ...rest } = await runScriptOnStorage(script, subject);
  return { seed, ...rest, judgement: subject.judge.take() };
}
