/** `npm run sim -- --explore --engine synod`: everything that a small single-decree Synod can do. */
import * as fs from 'node:fs/promises';
import { SynodNode } from '@synod/paxos';
import { type ExploreProgress, explore } from '@synod/simulator';
import { Command, Option } from 'commander';
import { cpuSeconds } from './cpu-seconds.js';
import { describeExplored, type Explored, showProgress } from './explored.js';
import { countFrom } from './parse-count.js';
import { findSynodBug, loadSynodBug, type SynodBug, synodBugs } from './synod-bugs.js';
import { type SynodBudget, SynodModel } from './synod-model.js';
import type { MakeSynodNode } from './synod-server.js';

const parseCount = countFrom(0);

/** What is explored when the command line does not say otherwise. It completes in seconds. */
export const defaultSynodBudget: SynodBudget = {
  clients: 2,
  servers: 3,
  crashes: 0,
  duplicates: 0,
  losses: 0,
  retries: 0,
  saves: 'atOnce',
  past: true,
  gets: false,
  tidies: true,
};

/** The setting whose count is published with stateright: 16 668 unique states of its own Paxos. */
export const publishedSynodBudget: SynodBudget = {
  ...defaultSynodBudget,
  past: false,
  gets: true,
  tidies: false,
};

interface Flags extends Partial<SynodBudget> {
  readonly explore?: boolean;
  readonly engine?: string;
  readonly published?: boolean;
  readonly statesMax?: number;
  readonly bug?: string;
  readonly bugs?: boolean;
  readonly markdown?: string;
}

/**
 * Runs the command.
 *
 * @param argv - As the process got it.
 * @returns Exit code: 1 when a rule was broken, or a bug not found.
 */
export async function exploreSynodCommand(argv: readonly string[]): Promise<number> {
  const program = new Command('sim --explore --engine synod')
    .description('explores everything that a small Synod can do within a budget, breadth first')
    .option('--explore', 'this command')
    .option('--engine <name>', 'synod')
    .option('--published', 'the setting whose number of states is published with stateright')
    .option('--clients <count>', 'clients that put a value each', parseCount)
    .option('--servers <count>', 'servers', parseCount)
    .option('--crashes <count>', 'crashes with a restart', parseCount)
    .option('--duplicates <count>', 'messages that arrive once more', parseCount)
    .option('--losses <count>', 'messages that are lost, as actions of their own', parseCount)
    .option('--retries <count>', 'times that a server tries a higher ballot', parseCount)
    .addOption(new Option('--saves <when>', 'when saves are durable').choices(['later', 'atOnce']))
    .option('--gets', 'clients get once their put is answered')
    .option('--states-max <count>', 'most unique states', parseCount)
    .option('--bug <name>', `plants one of: ${synodBugs.map(({ name }) => name).join(', ')}`)
    .option('--bugs', 'plants each of them, and prints a table')
    .option('--markdown <file>', 'writes the table of --bugs to a file, as a page');
  const flags = program.parse(argv).opts<Flags>();
  if (flags.bugs === true) return huntAll(flags);
  const { explore: _, engine: __, bugs: ___, markdown: ____, published, statesMax, bug, ...given } = flags;
  const known = bug === undefined ? undefined : findSynodBug(bug);
  const base = published === true ? publishedSynodBudget : defaultSynodBudget;
  const budget = { ...base, ...known?.budget, ...given };
  const create = known === undefined ? makeSynod : await loadSynodBug(known);
  console.log(`exploring within: ${describeSynodBudget(budget)}`);
  const explored = exploreSynod(create, budget, statesMax, showProgress);
  for (const line of describeExplored(explored)) console.log(line);
  return explored.exploration.counterexample === undefined ? 0 : 1;
}

/** The shipped node. */
export const makeSynod: MakeSynodNode = (options) => new SynodNode(options);

/**
 * Explores a Synod.
 *
 * @param create - Makes the nodes.
 * @param budget - How much can happen.
 * @param statesMax - Most unique states.
 * @param onProgress - Told now and then how far it is.
 */
export function exploreSynod(
  create: MakeSynodNode,
  budget: SynodBudget,
  statesMax?: number,
  onProgress?: (progress: ExploreProgress) => void,
): Explored {
  const before = process.cpuUsage();
  const model = new SynodModel(create, budget);
  const exploration = explore(model, {
    ...(statesMax === undefined ? {} : { statesMax }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const spent = cpuSeconds(before);
  const steps = (exploration.counterexample?.actions ?? []).map((action) => model.describe(action));
  return { exploration, steps, parts: model.parts, cpuSeconds: spent };
}

async function huntAll({ markdown, statesMax }: Flags): Promise<number> {
  const rows = ['| bug | what it does | rule that it breaks | steps | unique states | time on one core |'];
  rows.push('|---|---|---|---|---|---|');
  for (const row of rows) console.log(row);
  let missed = 0;
  for (const bug of synodBugs) {
    const create = await loadSynodBug(bug);
    const explored = exploreSynod(create, { ...defaultSynodBudget, ...bug.budget }, statesMax);
    if (explored.exploration.counterexample === undefined) missed++;
    const row = synodBugRow(bug, explored);
    rows.push(row);
    console.log(row);
  }
  if (markdown !== undefined) await fs.writeFile(markdown, synodBugPage(rows));
  return missed === 0 ? 0 : 1;
}

function synodBugPage(rows: readonly string[]): string {
  return `# Known mistakes of a Synod

\`npm run sim -- --explore --engine synod --bugs --markdown docs/guide/synod-bugs.md\` wrote this page: known mistakes of Paxos,
each planted in the shipped source, and what exhaustive exploration says of it. The steps are the fewest that break a rule.

${rows.join('\n')}
`;
}

/**
 * One row of the table of bugs, in Markdown.
 *
 * @param bug - The bug.
 * @param explored - How it was found.
 */
export function synodBugRow(bug: SynodBug, { exploration, steps, cpuSeconds: spent }: Explored): string {
  const rule = exploration.counterexample?.property ?? '**not found**';
  return `| \`${bug.name}\` | ${bug.about} | ${rule} | ${steps.length} | ${exploration.uniqueStates} | ${spent.toFixed(1)} s |`;
}

function describeSynodBudget(budget: SynodBudget): string {
  return Object.entries(budget)
    .filter(([, value]) => value !== 0 && value !== false)
    .map(([name, value]) => (value === true ? name : `${name} ${value}`))
    .join(', ');
}
