/** One core's share: runs the seeds it is given, one at a time. */
import { parentPort } from 'node:worker_threads';
import { drawScript, type FaultKind, type RunReport, runScriptOnStorage } from '@synod/simulator';
import { type StorageName, subjectOn } from './wal-subject.js';

/** A seed to run. */
export interface SeedOrder {
  readonly seed: number;
  readonly ticks: number;
  readonly faults: readonly FaultKind[];
  readonly nodes: number | undefined;
  readonly storage: StorageName;
}

/** What a worker tells of a seed. */
export interface SeedResult extends Omit<RunReport, 'script'> {
  readonly seed: number;
}

parentPort?.on('message', (order: SeedOrder) => {
  void runSeed(order).then((result) => parentPort?.postMessage(result));
});

async function runSeed({ seed, ticks, faults, nodes, storage }: SeedOrder): Promise<SeedResult> {
  const script = drawScript(seed, { ticks, faults, ...(nodes === undefined ? {} : { nodes }) });
  const { script: _, ...rest } = await runScriptOnStorage(script, subjectOn(storage));
  return { seed, ...rest };
}
