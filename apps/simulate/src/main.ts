/** `npm run sim`: storms by seed on all cores; replay of one script; the bug bank. */
import * as fs from 'node:fs/promises';
import { drawScript, explain, parseScript, runScriptOnStorage, type Script } from '@synod/simulator';
import { bugBank } from './bug-bank.js';
import { exploreCommand } from './explore.js';
import { exploreSynodCommand } from './explore-synod.js';
import { type Flags, readFlags } from './flags.js';
import { huntBug, type Kill, killHead, killPage, killRow } from './kill-table.js';
import { paxosBugs } from './paxos-bugs.js';
import { bugNamed, type StormBug } from './planted-bug.js';
import { recordRun } from './record-run.js';
import { storm, stormOnAllCores } from './storm.js';
import { traceHashes } from './trace-hashes.js';
import { subjectOn } from './wal-subject.js';

process.exitCode = process.argv.includes('--explore') ? await explored(process.argv) : await run(readFlags());

/** A Synod is no replicated log: what can happen to it has a budget of its own. */
async function explored(argv: readonly string[]): Promise<number> {
  const isSynod = argv[argv.indexOf('--engine') + 1] === 'synod' || argv.includes('--engine=synod');
  return isSynod ? exploreSynodCommand(argv) : exploreCommand(argv);
}

async function run(flags: Flags): Promise<number> {
  if (flags.bugs !== undefined) return huntAll(flags.bugs, flags);
  if (flags.hashes === true) {
    for (const line of traceHashes(...flags.seeds, flags)) console.log(line);
    return 0;
  }
  if (flags.script !== undefined) return replay(flags.script, flags);
  if (flags.record !== undefined) return runOne(drawScript(flags.seeds[0], flags), flags);
  if (flags.bug !== undefined) return storm(flags, await bugNamed(flags.bug, bankOf(flags)).load());
  return stormOnAllCores(flags);
}

async function replay(given: string, flags: Flags): Promise<number> {
  const text = given.trimStart().startsWith('{') ? given : await fs.readFile(given, 'utf8');
  return runOne(parseScript(text), flags);
}

async function runOne(script: Script, flags: Flags): Promise<number> {
  const subject =
    flags.bug === undefined
      ? subjectOn(flags.engine, flags.storage)
      : await bugNamed(flags.bug, bankOf(flags)).load();
  const run =
    flags.record === undefined
      ? await runScriptOnStorage(script, subject)
      : recordRun(script, subject, flags.record);
  console.log(explain(run));
  console.log(`trace hash ${run.traceHash}`);
  return run.finding === undefined ? 0 : 1;
}

async function huntAll(names: true | string, flags: Flags): Promise<number> {
  const bank = bankOf(flags);
  const bugs = names === true ? bank : names.split(',').map((name) => bugNamed(name, bank));
  const kills: Kill[] = [];
  for (const line of killHead) console.log(line);
  for (const bug of bugs) {
    const kill = await huntBug(bug, { ticks: flags.ticks, cpuSecondsMax: 60, shrinks: true });
    console.log(killRow(kill));
    kills.push(kill);
  }
  const found = kills.filter((kill) => kill.run !== undefined).length;
  console.log(`\n${found} of ${bugs.length} found`);
  if (flags.markdown !== undefined) await fs.writeFile(flags.markdown, killPage(kills, flags.engine));
  return found === bugs.length ? 0 : 1;
}

function bankOf({ engine }: Flags): readonly StormBug[] {
  return engine === 'paxos' ? paxosBugs : bugBank;
}
