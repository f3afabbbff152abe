/** One core's share: runs the seeds it is given, one at a time. */
import { parentPort } from 'node:worker_threads';
import { drawScript, type FaultKind, type RunReport, runScript } from '@synod/simulator';
import type { Judgement } from './history-judge.js';
import { raftSubject } from './raft-subject.js';

/** A seed to run. */
export interface SeedOrder {
  readonly seed: number;
  readonly ticks: number | undefined;
  readonly faults: readonly FaultKind[];
  readonly nodes: number | undefined;
}

/** What a worker tells of a seed. */
export interface SeedResult extends Omit<RunReport, 'script'> {
  readonly seed: number;
  /** What was judged of its history; `undefined` when another rule broke before. */
  readonly judgement: Judgement | undefined;
}

const subject = raftSubject();

parentPort?.on('message', ({ seed, ticks, faults, nodes }: SeedOrder) => {
  const script = drawScript(seed, {
    faults,
    ...(ticks === undefined ? {} : { ticks }),
    ...(nodes === undefined ? {} : { nodes }),
  });
  const { script: _, ...rest } = runScript(script, subject);
  const result: SeedResult = { seed, ...rest, judgement: subject.judge.take() };
  parentPort?.postMessage(result);
});
