/** `npm run sim -- --explore`: everything that a small cluster can do, or the shortest way to where a rule breaks. */
import * as fs from 'node:fs/promises';
import type { RaftMessage } from '@synod/raft';
import {
  type ClusterBudget,
  clusterModel,
  type EngineUnderTest,
  type ExploreProgress,
  explore,
} from '@synod/simulator';
import { Command, Option } from 'commander';
import { findBug } from './bug-bank.js';
import { cpuSeconds } from './cpu-seconds.js';
import { type ExploredBug, exploredBugs } from './explore-bugs.js';
import { exploredRaft } from './explore-raft.js';
import { describeExplored, type Explored, showProgress } from './explored.js';
import { countFrom } from './parse-count.js';
import { raftSubject } from './raft-subject.js';

const parseCount = countFrom(0);

interface Flags extends ClusterBudget {
  readonly explore?: boolean;
  readonly engine?: string;
  readonly statesMax?: number;
  readonly bug?: string;
  readonly bugs?: boolean;
  readonly markdown?: string;
}

/** What is explored when the command line does not say otherwise: everything completes in a minute or two. */
export const defaultBudget: ClusterBudget = {
  nodes: 3,
  commands: 2,
  campaigns: 1,
  crashes: 1,
  drops: 1,
  duplicates: 0,
  heartbeats: 0,
  network: 'links',
  saves: 'later',
};

/**
 * Runs the command.
 *
 * @param argv - As the process got it.
 * @returns Exit code: 1 when a rule was broken, or a bug not found.
 */
export async function exploreCommand(argv: readonly string[]): Promise<number> {
  const program = new Command('sim --explore')
    .description('explores everything that a small cluster can do within a budget, breadth first')
    .option('--explore', 'this command')
    .addOption(new Option('--engine <name>', 'engine to explore').choices(['raft', 'synod']))
    .option('--nodes <count>', 'nodes of the cluster', parseCount)
    .option('--commands <count>', 'commands that clients propose', parseCount)
    .option('--campaigns <count>', 'election timeouts that pass', parseCount)
    .option('--crashes <count>', 'crashes with a restart', parseCount)
    .option('--drops <count>', 'messages lost before others on their link', parseCount)
    .option('--duplicates <count>', 'messages that arrive once more', parseCount)
    .option('--heartbeats <count>', 'rounds of heartbeats', parseCount)
    .addOption(new Option('--network <kind>', 'order of messages').choices(['links', 'unordered']))
    .addOption(new Option('--saves <when>', 'when saves are durable').choices(['later', 'atOnce']))
    .option('--states-max <count>', 'most unique states', parseCount)
    .option('--bug <name>', 'plants a bug of the bank; without a budget, within the one that is known to do')
    .option('--bugs', 'plants each bug that the explorer is known to find, and prints a table')
    .option('--markdown <file>', 'writes the table of --bugs to a file, as a page');
  const flags = program.parse(argv).opts<Flags>();
  if (flags.bugs === true) return huntAll(flags);
  const { explore: _, engine: __, bugs: ___, markdown: ____, statesMax, bug, ...given } = flags;
  const known = bug === undefined ? undefined : exploredBugs.find(({ name }) => name === bug);
  const budget = { ...defaultBudget, ...known?.budget, ...given };
  const subject = bug === undefined ? raftSubject() : await findBug(bug).load();
  console.log(`exploring within: ${describeBudget(budget)}`);
  const explored = exploreRaft(subject.engine, budget, statesMax, showProgress);
  for (const line of describeExplored(explored)) console.log(line);
  return explored.exploration.counterexample === undefined ? 0 : 1;
}

/**
 * Explores a cluster of Raft engines.
 *
 * @param engine - The engine.
 * @param budget - How much can happen.
 * @param statesMax - Most unique states.
 * @param onProgress - Told now and then how far it is.
 */
export function exploreRaft(
  engine: EngineUnderTest<RaftMessage>,
  budget: ClusterBudget,
  statesMax?: number,
  onProgress?: (progress: ExploreProgress) => void,
): Explored {
  const before = process.cpuUsage();
  const model = clusterModel(exploredRaft(engine), budget);
  const exploration = explore(model, {
    ...(statesMax === undefined ? {} : { statesMax }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const spent = cpuSeconds(before);
  const steps = (exploration.counterexample?.actions ?? []).map((action) => model.describe(action));
  return { exploration, steps, parts: model.parts, cpuSeconds: spent };
}

async function huntAll({ markdown, statesMax }: Flags): Promise<number> {
  const rows = [
    '| bug | rule that it breaks | steps | unique states | time on one core | budget |',
    '|---|---|---|---|---|---|',
  ];
  for (const row of rows) console.log(row);
  let missed = 0;
  for (const bug of exploredBugs) {
    const { engine } = await findBug(bug.name).load();
    const explored = exploreRaft(engine, { ...defaultBudget, ...bug.budget }, statesMax);
    if (explored.exploration.counterexample === undefined) missed++;
    const row = bugRow(bug, explored);
    rows.push(row);
    console.log(row);
  }
  if (markdown !== undefined) await fs.writeFile(markdown, bugPage(rows));
  return missed === 0 ? 0 : 1;
}

function bugPage(rows: readonly string[]): string {
  return `# Known mistakes, explored

\`npm run sim -- --explore --bugs --markdown docs/guide/exploration-bugs.md\` wrote this page: bugs of the bank, each
planted in the shipped source, and what exhaustive exploration says of it. The steps are the fewest that break a rule.

${rows.join('\n')}
`;
}

/**
 * One row of the table of bugs, in Markdown.
 *
 * @param bug - The bug.
 * @param explored - How it was found.
 */
export function bugRow(bug: ExploredBug, { exploration, steps, cpuSeconds }: Explored): string {
  const rule = exploration.counterexample?.property ?? '**not found**';
  const budget = describeBudget({ ...defaultBudget, ...bug.budget });
  return `| \`${bug.name}\` | ${rule} | ${steps.length} | ${exploration.uniqueStates} | ${cpuSeconds.toFixed(1)} s | ${budget} |`;
}

function describeBudget(budget: ClusterBudget): string {
  return Object.entries(budget)
    .filter(([, value]) => value !== 0)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
