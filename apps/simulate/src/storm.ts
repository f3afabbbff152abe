/** Storms over a range of seeds, or over as many as make up a length of time: to the summary, or to the first failure. */
import * as fs from 'node:fs/promises';
import {
  drawScript,
  expectedSituations,
  faultKinds,
  type RunReport,
  runScriptOnStorage,
  type SimulationReport,
  shrinkOnStorage,
  Tally,
} from '@synod/simulator';
import { cpuSeconds } from './cpu-seconds.js';
import type { Flags } from './flags.js';
import { HistoryTally } from './history-tally.js';
import { showLine, showProgress } from './progress.js';
import { runBatch } from './storm-batch.js';
import { foreignSituations, type StormSubject } from './storm-subject.js';
import { summaryLines } from './summary.js';
import { subjectOn, walSituations } from './wal-subject.js';

/** Runs all seeds, in as many threads as the flags say. */
export async function stormOnAllCores(flags: Flags): Promise<number> {
  const [first, lastAsked] = flags.seeds;
  const { virtualSeconds } = flags;
  const last = virtualSeconds === undefined ? lastAsked : Number.POSITIVE_INFINITY;
  const sums = { tally: new Tally(), histories: new HistoryTally() };
  let done = 0;
  let virtualUs = 0;
  const batch = { ...flags, first, last, ticks: flags.ticks, nodes: flags.nodes };
  const failed = await runBatch(batch, (result) => {
    sums.tally.add(result);
    sums.histories.add(result.judgement);
    done++;
    virtualUs += result.virtualUs;
    if (virtualSeconds === undefined) {
      showProgress(done, last - first + 1, 'seeds');
      return true;
    }
    showLine(virtualUs / 1_000_000, virtualSeconds, `virtual seconds in ${done} seeds`);
    return virtualUs < virtualSeconds * 1_000_000;
  });
  if (failed === undefined) return conclude(sums, undefined, flags);
  const subject = subjectOn(flags.engine, flags.storage);
  const run = await runScriptOnStorage(drawScript(failed.seed, flags), subject);
  return conclude(sums, await shrunk(run, subject), flags, failed.seed);
}

/** On this thread only, since a planted bug cannot be sent to another. */
export async function storm(flags: Flags, subject: StormSubject): Promise<number> {
  const [first, last] = flags.seeds;
  const sums = { tally: new Tally(), histories: new HistoryTally() };
  for (let seed = first; seed <= last; seed++) {
    const run = await runScriptOnStorage(drawScript(seed, flags), subject);
    sums.tally.add(run);
    sums.histories.add(subject.judge.take());
    if (run.finding !== undefined) return conclude(sums, await shrunk(run, subject), flags, seed);
  }
  return conclude(sums, undefined, flags);
}

async function shrunk(run: RunReport, subject: StormSubject): Promise<RunReport> {
  console.log(`seed ${run.script.seed} failed: ${run.finding?.message ?? 'but not a second time'}`);
  console.log('shrinking it');
  return (await shrinkOnStorage(run, subject)).smallest;
}

interface Sums {
  readonly tally: Tally;
  readonly histories: HistoryTally;
}

async function conclude(
  { tally, histories }: Sums,
  failure: RunReport | undefined,
  flags: Flags,
  failedSeed?: number,
): Promise<number> {
  const spent = cpuSeconds();
  const report = tally.report(failure);
  for (const line of summaryLines(report, histories, spent)) console.log(line);
  if (flags.json !== undefined) {
    const summary = { ...report, histories: histories.counts(), cpuSeconds: spent };
    await fs.writeFile(flags.json, `${JSON.stringify(summary, undefined, 2)}\n`);
  }
  const expected = flags.storage === 'wal' ? [...expectedSituations, ...walSituations] : expectedSituations;
  const foreign = foreignSituations[flags.engine];
  const missed = expected.filter(
    (situation) => report.coverage[situation] === undefined && !foreign.includes(situation),
  );
  if (missed.length > 0) console.log(`never reached: ${missed.join(', ')}`);
  if (failure !== undefined) {
    explainFailure(report, failure, flags, failedSeed);
    return 1;
  }
  const mustReachAll = flags.ci === true || flags.virtualSeconds !== undefined;
  return mustReachAll && missed.length > 0 ? 1 : 0;
}

function explainFailure(
  report: SimulationReport,
  failure: RunReport,
  flags: Flags,
  failedSeed: number | undefined,
): void {
  const engine = flags.engine === 'raft' ? '' : ` --engine ${flags.engine}`;
  const storage = `${engine}${flags.storage === 'model' ? '' : ` --storage ${flags.storage}`}`;
  const bug = flags.bug === undefined ? storage : `${engine} --bug ${flags.bug}`;
  console.log(report.explanation);
  console.log('replay the shrunk script:');
  console.log(`  npm run sim --${bug} --script '${JSON.stringify(failure.script)}'`);
  const faults = flags.faults.length === faultKinds.length ? 'all' : flags.faults.join(',');
  const ticks = flags.ticks === undefined ? '' : ` --ticks ${flags.ticks}`;
  const nodes = flags.nodes === undefined ? '' : ` --nodes ${flags.nodes}`;
  console.log('replay the whole seed:');
  console.log(
    `  npm run sim --${bug} --seeds ${failedSeed}..${failedSeed}${ticks} --faults ${faults}${nodes}`,
  );
}
