/** `npm run goodput`: goodput against loss beside theory; long runs, storms and speed by flag. */
import { mkdir, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { drawGoodput } from './chart.js';
import { measureGoodput } from './goodput.js';
import { proveDelivery, proveRestarts } from './proof.js';
import { goodputTable, proofTable, stormLine } from './report.js';
import { measureSpeed } from './speed.js';
import { runStorms } from './storms.js';

interface Flags {
  readonly blocks: number;
  readonly seed: number;
  readonly out?: string;
  readonly proof?: number;
  readonly restarts?: number;
  readonly storms?: readonly [number, number];
  readonly speed: boolean;
}

const program = new Command('npm run goodput --')
  .description(
    'Delivers blocks over lossy links in virtual time. Without flags: the goodput of ack-retry as stop-and-wait, go-back-N and selective repeat, beside theory.',
  )
  .option(
    '--blocks <count>',
    'blocks that selective repeat delivers at each rate of loss',
    parseCount,
    20_000,
  )
  .option('--seed <number>', 'the same seed gives the same figures', parseCount, 1)
  .option('--out <folder>', 'also writes the graph there, as SVG')
  .option(
    '--proof <blocks>',
    'instead: so many blocks at 1, 5 and 20 % loss, with copies, reordering and damage',
    parseCount,
  )
  .option('--restarts <blocks>', 'instead: so many blocks at 20 % loss, with three restarts', parseCount)
  .option('--storms <A..B>', 'instead: random schedules of every fault, one for each seed', parseRange)
  .option('--speed', 'instead: blocks a second of processor time on this machine, without loss', false)
  .addHelpText(
    'after',
    '\nExamples:\n  $ npm run goodput -- --out docs/public\n  $ npm run goodput -- --storms 1..1000000',
  );

await main(program.parse().opts<Flags>());

async function main(flags: Flags): Promise<void> {
  if (flags.proof !== undefined) print(proofTable(proveDelivery(flags.proof, flags.seed)));
  if (flags.restarts !== undefined) print(proofTable([proveRestarts(flags.restarts, flags.seed)]));
  if (flags.storms !== undefined) storm(...flags.storms);
  if (flags.speed) showSpeed();
  if (flags.proof ?? flags.restarts ?? flags.storms ?? (flags.speed || undefined)) return;
  const points = measureGoodput(flags.blocks, flags.seed);
  print(goodputTable(points));
  if (flags.out === undefined) return;
  await mkdir(flags.out, { recursive: true });
  await writeFile(path.join(flags.out, 'goodput.svg'), drawGoodput(points));
}

function storm(first: number, last: number): void {
  const sum = runStorms(first, last, (seed) => {
    if (process.stderr.isTTY && seed % 100 === 0) process.stderr.write(`\rseed ${seed}   `);
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  for (const broken of sum.broken) print(`${broken}\n`);
  print(stormLine(sum));
  if (sum.broken.length > 0) process.exitCode = 1;
}

function showSpeed(): void {
  print(
    '| block | blocks a second of processor time | MB | frames sealed and opened | ratio |\n|--:|--:|--:|--:|--:|\n',
  );
  for (const blockBytes of [64, 1024, 16_384]) {
    const { blocksPerProcessorSecond, framesPerProcessorSecond } = measureSpeed(
      blockBytes,
      blockBytes > 4096 ? 20_000 : 200_000,
    );
    const cells = [
      `${blockBytes} B`,
      Math.round(blocksPerProcessorSecond).toLocaleString('en'),
      ((blocksPerProcessorSecond * blockBytes) / 1e6).toFixed(0),
      Math.round(framesPerProcessorSecond).toLocaleString('en'),
      (blocksPerProcessorSecond / framesPerProcessorSecond).toFixed(2),
    ];
    print(`| ${cells.join(' | ')} |\n`);
  }
}

function print(text: string): void {
  process.stdout.write(text);
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('give a whole number from 1');
}

function parseRange(text: string): readonly [number, number] {
  const match = /^(\d+)\.\.(\d+)$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  if (match !== null && first > 0 && last >= first) return [first, last];
  throw new InvalidArgumentError('give two seeds, such as 1..1000');
}
