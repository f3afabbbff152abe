/** `npm run elections`: figure 16 of the Raft paper, with the shipped engine. */
import { mkdir, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { drawChart } from './chart.js';
import { type Downtime, measureDowntime } from './downtime.js';
import { tableOf } from './report.js';
import { nameOf, rangesOfLength, rangesOfSpread, type TimeoutRange } from './timeout-range.js';

interface Flags {
  readonly trials: number;
  readonly seed: number;
  readonly out?: string;
}

const giveUpMs = 10_000;

const program = new Command('npm run elections --')
  .description(
    'Crashes the leader of five servers again and again, for each range of election timeouts of the Raft paper (§9.3, figure 16), and tells how long there was no leader.',
  )
  .option('--trials <count>', 'crashes for each range', parseCount, 1000)
  .option('--seed <number>', 'first seed; the same seeds give the same figures', parseCount, 1)
  .option('--out <folder>', 'also writes both graphs there, as SVG')
  .addHelpText('after', '\nExample:\n  $ npm run elections -- --trials 100 --out graphs');

await main(program.parse().opts<Flags>());

async function main(flags: Flags): Promise<void> {
  for (const preVote of [false, true]) {
    const measure = (range: TimeoutRange) => {
      if (process.stderr.isTTY)
        process.stderr.write(`\r${flags.trials} crashes with timeouts of ${nameOf(range)}   `);
      return measureDowntime(range, { ...flags, preVote, giveUpMs });
    };
    const bySpread = rangesOfSpread.map(measure);
    const byLength = rangesOfLength.map(measure);
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
    const title = preVote ? 'With pre-vote, as shipped' : 'Without pre-vote, as in the paper';
    process.stdout.write(`## ${title}\n\n${tableOf([...bySpread, ...byLength], giveUpMs)}\n`);
    if (flags.out !== undefined)
      await drawBoth(flags.out, preVote ? 'pre-vote' : 'paper', bySpread, byLength);
  }
}

async function drawBoth(
  folder: string,
  name: string,
  bySpread: readonly Downtime[],
  byLength: readonly Downtime[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const draw = async (file: string, svg: string) => {
    await writeFile(path.join(folder, file), svg);
    process.stdout.write(`drew ${path.join(folder, file)}\n`);
  };
  const wide = { fromMs: 100, toMs: giveUpMs };
  await draw(`elections-${name}-spread.svg`, drawChart('How much randomness it takes', bySpread, wide));
  const narrow = { fromMs: 10, toMs: 1000 };
  await draw(`elections-${name}-length.svg`, drawChart('How short timeouts may be', byLength, narrow));
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('give a whole number from 1');
}
