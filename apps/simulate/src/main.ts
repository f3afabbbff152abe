/** `npm run sim`: storms by seed on all cores; replay of one script; the bug bank. */
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import {
  drawScript,
  expectedSituations,
  explain,
  type FaultKind,
  faultKinds,
  parseScript,
  type RunReport,
  runScriptOnStorage,
  type Script,
  type SimulationReport,
  shrinkOnStorage,
  Tally,
} from '@synod/simulator';
import { Command, InvalidArgumentError } from 'commander';
import { bugBank, findBug } from './bug-bank.js';
import { exploreCommand } from './explore.js';
import { huntBug, killHead, killRow } from './kill-table.js';
import type { RaftSubject } from './raft-subject.js';
import { recordRun } from './record-run.js';
import { runBatch } from './storm-batch.js';
import { summaryLines } from './summary.js';
import { traceHashes } from './trace-hashes.js';
import { type StorageName, subjectOn, walSituations } from './wal-subject.js';

interface Flags {
  readonly engine: string;
  readonly storage: StorageName;
  readonly seeds: readonly [number, number];
  readonly ticks: number;
  readonly faults: readonly FaultKind[];
  readonly nodes?: number;
  readonly workers: number;
  readonly json?: string;
  readonly ci?: boolean;
  readonly script?: string;
  readonly bug?: string;
  readonly bugs?: boolean;
  readonly hashes?: boolean;
  readonly record?: string;
}

const program = new Command('sim')
  .description('runs a simulated cluster through storms and checks that every rule holds')
  .option('--engine <name>', 'engine to run: raft', parseEngine, 'raft')
  .option('--storage <name>', 'model, or wal for the real log on a simulated disk', parseStorage, 'model')
  .option('--seeds <first..last>', 'seeds to run', parseSeeds, [1, 100] as const)
  .option('--ticks <count>', 'length of a storm in ticks of 50 ms', parseCount, 2000)
  .option('--faults <list>', `all, none, or some of: ${faultKinds.join(',')}`, parseFaults, faultKinds)
  .option('--nodes <count>', 'nodes of the cluster; without it 3 or 5, as the seed has it', parseCount)
  .option('--workers <count>', 'seeds that run at once', parseCount, os.availableParallelism())
  .option('--json <file>', 'writes the summary to a file')
  .option('--ci', 'fails when a rare situation was never reached')
  .option('--script <json>', 'runs one script: its JSON, or a file that holds it')
  .option('--bug <name>', 'plants a bug of the bank, with --seeds or --script')
  .option('--bugs', 'hunts every bug of the bank and prints how long each took')
  .option('--explore', 'explores a small cluster exhaustively instead: --explore --help tells more')
  .option('--hashes', 'prints one hash a seed over everything that happened, to compare machines')
  .option(
    '--record <file>',
    'runs --script or the first seed, and writes what every engine was told, for synod replay',
  );

process.exitCode = process.argv.includes('--explore')
  ? await exploreCommand(process.argv)
  : await run(program.parse().opts<Flags>());

async function run(flags: Flags): Promise<number> {
  if (flags.bugs === true) return huntAll(flags);
  if (flags.hashes === true) {
    for (const line of traceHashes(...flags.seeds, flags)) console.log(line);
    return 0;
  }
  if (flags.script !== undefined) return replay(flags.script, flags);
  if (flags.record !== undefined) return runOne(drawScript(flags.seeds[0], flags), flags);
  if (flags.bug !== undefined) return storm(flags, await findBug(flags.bug).load());
  return stormOnAllCores(flags);
}

async function stormOnAllCores(flags: Flags): Promise<number> {
  const [first, last] = flags.seeds;
  const tally = new Tally();
  let done = 0;
  const failed = await runBatch({ ...flags, first, last, nodes: flags.nodes }, (result) => {
    tally.add(result);
    showProgress(++done, last - first + 1);
  });
  if (failed === undefined) return conclude(tally.report(undefined), flags);
  const subject = subjectOn(flags.storage);
  const run = await runScriptOnStorage(drawScript(failed.seed, flags), subject);
  return conclude(tally.report(await shrunk(run, subject)), flags, failed.seed);
}

/** On this thread only, since a planted bug cannot be sent to another. */
async function storm(flags: Flags, subject: RaftSubject): Promise<number> {
  const [first, last] = flags.seeds;
  const tally = new Tally();
  for (let seed = first; seed <= last; seed++) {
    const run = await runScriptOnStorage(drawScript(seed, flags), subject);
    tally.add(run);
    if (run.finding !== undefined) return conclude(tally.report(await shrunk(run, subject)), flags, seed);
  }
  return conclude(tally.report(undefined), flags);
}

async function shrunk(run: RunReport, subject: RaftSubject): Promise<RunReport> {
  console.log(`seed ${run.script.seed} failed: ${run.finding?.message ?? 'but not a second time'}`);
  console.log('shrinking it');
  return (await shrinkOnStorage(run, subject)).smallest;
}

async function conclude(report: SimulationReport, flags: Flags, failedSeed?: number): Promise<number> {
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1_000_000;
  for (const line of summaryLines(report, cpuSeconds)) console.log(line);
  if (flags.json !== undefined) {
    await fs.writeFile(flags.json, `${JSON.stringify({ ...report, cpuSeconds }, undefined, 2)}\n`);
  }
  const expected = flags.storage === 'wal' ? [...expectedSituations, ...walSituations] : expectedSituations;
  const missed = expected.filter((situation) => report.coverage[situation] === undefined);
  if (missed.length > 0) console.log(`never reached: ${missed.join(', ')}`);
  if (report.failure === undefined) return flags.ci === true && missed.length > 0 ? 1 : 0;
  const storage = flags.storage === 'model' ? '' : ` --storage ${flags.storage}`;
  const bug = flags.bug === undefined ? storage : ` --bug ${flags.bug}`;
  console.log(report.explanation);
  console.log('replay the shrunk script:');
  console.log(`  npm run sim --${bug} --script '${JSON.stringify(report.failure.script)}'`);
  const faults = flags.faults.length === faultKinds.length ? 'all' : flags.faults.join(',');
  console.log('replay the whole seed:');
  console.log(
    `  npm run sim --${bug} --seeds ${failedSeed}..${failedSeed} --ticks ${flags.ticks} --faults ${faults}${flags.nodes === undefined ? '' : ` --nodes ${flags.nodes}`}`,
  );
  return 1;
}

async function replay(given: string, flags: Flags): Promise<number> {
  const text = given.trimStart().startsWith('{') ? given : await fs.readFile(given, 'utf8');
  return runOne(parseScript(text), flags);
}

async function runOne(script: Script, flags: Flags): Promise<number> {
  const subject = flags.bug === undefined ? subjectOn(flags.storage) : await findBug(flags.bug).load();
  const run =
    flags.record === undefined
      ? await runScriptOnStorage(script, subject)
      : recordRun(script, subject, flags.record);
  console.log(explain(run));
  console.log(`trace hash ${run.traceHash}`);
  return run.finding === undefined ? 0 : 1;
}

async function huntAll(flags: Flags): Promise<number> {
  let found = 0;
  for (const line of killHead) console.log(line);
  for (const bug of bugBank) {
    const kill = await huntBug(bug, { ticks: flags.ticks, cpuSecondsMax: 60 });
    console.log(killRow(kill));
    if (kill.run !== undefined) found++;
  }
  console.log(`\n${found} of ${bugBank.length} found`);
  return found === bugBank.length ? 0 : 1;
}

function showProgress(done: number, all: number): void {
  if (!process.stderr.isTTY) return;
  const filled = Math.floor((40 * done) / all);
  const end = done === all ? '\n' : '';
  process.stderr.write(`\r${'#'.repeat(filled).padEnd(40, '.')} ${done} of ${all} seeds${end}`);
}

function parseEngine(text: string): string {
  if (text === 'raft') return text;
  throw new InvalidArgumentError('this release simulates raft');
}

function parseStorage(text: string): StorageName {
  if (text === 'model' || text === 'wal') return text;
  throw new InvalidArgumentError('give model or wal');
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('give an integer from 1');
}

function parseSeeds(text: string): readonly [number, number] {
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (Number.isSafeInteger(first) && Number.isSafeInteger(last) && first <= last) return [first, last];
  throw new InvalidArgumentError('give a range such as 1..1000');
}

function parseFaults(text: string): readonly FaultKind[] {
  if (text === 'all') return faultKinds;
  if (text === 'none') return [];
  const names = text.split(',');
  const unknown = names.find((name) => !faultKinds.some((kind) => kind === name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`${unknown} is none of: ${faultKinds.join(', ')}`);
  return faultKinds.filter((kind) => names.includes(kind));
}
