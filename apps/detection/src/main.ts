/** `npm run detection`: how fast and how often wrong failures are detected, beside what the papers say. */
import { mkdir, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { drawTrade } from './chart.js';
import { fullEffort, smallEffort } from './effort.js';
import { makeReport } from './report.js';

interface Flags {
  readonly small?: boolean;
  readonly seed: number;
  readonly out?: string;
  readonly page?: string;
}

const program = new Command('npm run detection --')
  .description(
    'Shows the same heartbeats to phi-accrual in three forms and to fixed timeouts, and crashes, slows and loses messages of SWIM groups; prints how often they are wrong and how long they take.',
  )
  .option('--small', 'little of everything: what the docs are tested by')
  .option('--seed <number>', 'first seed; the same seeds give the same figures', parseCount, 1)
  .option('--out <folder>', 'also draws the trade of speed for accuracy there, as SVG')
  .option('--page <file>', 'writes the tables there instead of printing them')
  .addHelpText('after', '\nExample:\n  $ npm run detection -- --out graphs');

await main(program.parse().opts<Flags>());

async function main({ small, seed, out, page }: Flags): Promise<void> {
  const progress = (what: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${what}`);
  };
  const { text, curves } = makeReport(small ? smallEffort : fullEffort, seed, progress);
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  if (page === undefined) process.stdout.write(text);
  else await writeFile(page, text);
  if (out === undefined) return;
  await mkdir(out, { recursive: true });
  const file = path.join(out, 'detection-trade.svg');
  await writeFile(file, drawTrade('With jitter, loss and pauses', curves));
  process.stdout.write(`drew ${file}\n`);
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('give a whole number from 1');
}
