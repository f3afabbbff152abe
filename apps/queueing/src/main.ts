/** `npm run queueing`: the tables and charts of the guide to balancing. */
import { mkdir, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { contestants } from './contestants.js';
import { figuresOf } from './figures.js';
import { ballsTable, hashTable } from './known-tables.js';
import { chartOf, tableOf } from './report.js';
import { type Scenario, scenarios } from './scenarios.js';
import { runTrial } from './trial.js';

interface Flags {
  readonly requests: number;
  readonly seed: number;
  readonly only?: readonly string[];
  readonly out?: string;
}

const parts = [...scenarios.map(({ name }) => name), 'balls', 'hashing'];

const program = new Command('npm run queueing --')
  .description(
    'Sends the same requests through simulated queues with every balancing strategy, and tells how long they took.',
  )
  .option('--requests <count>', 'requests that are timed in each trial', parseCount, 200_000)
  .option('--seed <number>', 'the same seed gives the same figures', parseCount, 1)
  .option('--only <parts>', `comma-separated: ${parts.join(', ')}`, parseParts)
  .option('--out <folder>', 'also writes tables to generated/ and charts to public/ in there')
  .addHelpText('after', '\nExample:\n  $ npm run queueing -- --only antagonists --requests 50000');

await main(program.parse().opts<Flags>());

async function main({ requests, seed, only = parts, out }: Flags): Promise<void> {
  for (const scenario of scenarios) {
    if (!only.includes(scenario.name)) continue;
    const all = contestants
      .filter((each) => each.only === undefined || each.only === scenario.name)
      .map((each) => {
        if (process.stderr.isTTY) process.stderr.write(`\r${scenario.name}: ${each.name}\u001b[K`);
        return figuresOf(runTrial(scenario, each, { requests, seed }));
      });
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
    const table = `${madeOf(scenario, requests)}\n\n${tableOf(scenario, all)}`;
    process.stdout.write(`## ${scenario.title}\n\n${table}\n`);
    if (out !== undefined) {
      await put(out, `generated/balancing-${scenario.name}.md`, table);
      await put(out, `public/balancing-${scenario.name}.svg`, chartOf(scenario, all));
    }
  }
  await known('balls', 'Balls and bins', () => ballsTable([1000, 10_000, 100_000], 9));
  await known('hashing', 'Hashing', () => hashTable(20_000));

  async function known(name: string, title: string, create: () => string): Promise<void> {
    if (!only.includes(name)) return;
    const table = create();
    process.stdout.write(`## ${title}\n\n${table}\n`);
    if (out !== undefined) await put(out, `generated/balancing-${name}.md`, table);
  }
}

function madeOf({ made }: Scenario, requests: number): string {
  return `${made} ${requests.toLocaleString('en-US')} requests a strategy.`;
}

async function put(out: string, name: string, content: string): Promise<void> {
  const file = path.join(out, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('give a whole number from 1');
}

function parseParts(text: string): readonly string[] {
  const wanted = text.split(',');
  const known = parts.filter((part) => wanted.includes(part));
  if (known.length !== wanted.length) throw new InvalidArgumentError(`choose from ${parts.join(', ')}`);
  return known;
}
