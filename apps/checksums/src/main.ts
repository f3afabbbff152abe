/** `npm run checksums`: what each checksum detects, counted, and how fast it is beside others. */
import * as os from 'node:os';
import { crc32Backends, crc32cBackends } from '@synod/integrity';
import { Command, InvalidArgumentError } from 'commander';
import { missesOfDrawnDamage, missesOfEveryLightError } from './detection.js';
import { missesTable, speedTable } from './report.js';
import { measureSpeed } from './speed.js';

interface Flags {
  readonly only?: string;
  readonly trials: number;
  readonly seed: number;
  readonly rounds: number;
  readonly roundMs: number;
}

const shortBlockBytes = 16;
const blockBytes = 1024;
const sizes = [64, 1024, 65_536, 1_048_576];
const sizesInWords = ['64 B', '1 KiB', '64 KiB', '1 MiB'];

const program = new Command('npm run checksums --')
  .description(
    'Counts which damage each checksum misses, then measures how fast each one is beside other packages.',
  )
  .option('--only <part>', 'detection or speed', parsePart)
  .option('--trials <count>', 'blocks for each kind of drawn damage', parseCount, 10_000)
  .option(
    '--seed <number>',
    'where blocks and damage come from; the same seed counts the same',
    parseCount,
    1,
  )
  .option('--rounds <count>', 'turns for each function', parseCount, 15)
  .option('--round-ms <ms>', 'how long a turn takes', parseCount, 20)
  .addHelpText('after', '\nExample:\n  $ npm run checksums -- --only detection --trials 1000');

await main(program.parse().opts<Flags>());

async function main(flags: Flags): Promise<void> {
  if (flags.only !== 'speed') printDetection(flags);
  if (flags.only === undefined) process.stdout.write('\n');
  if (flags.only !== 'detection') await printSpeed(flags);
}

function printDetection({ trials, seed }: Flags): void {
  process.stdout.write(`A block of ${shortBlockBytes} random bytes, every light error:\n\n`);
  process.stdout.write(missesTable(missesOfEveryLightError(shortBlockBytes, seed)));
  process.stdout.write(`\nBlocks of ${blockBytes} bytes, damage drawn at random:\n\n`);
  process.stdout.write(missesTable(missesOfDrawnDamage(blockBytes, trials, seed)));
}

async function printSpeed({ rounds, roundMs }: Flags): Promise<void> {
  const cpus = os.cpus();
  process.stdout.write(
    `${new Date().toISOString().slice(0, 10)}, ${cpus.length} x ${cpus[0]?.model.trim()}, Node ${process.versions.node}.\n`,
  );
  process.stdout.write(`\`crc32c\`: ${inWords(crc32cBackends())}. \`crc32\`: ${inWords(crc32Backends())}.\n`);
  for await (const { name, rows } of measureSpeed(sizes, rounds, roundMs))
    process.stdout.write(`\n### ${name}\n\n${speedTable(sizesInWords, rows)}`);
}

function inWords({ inUse }: ReturnType<typeof crc32cBackends>): string {
  return inUse
    .map(({ backend, fromBytes }) => (fromBytes === 0 ? backend : `${backend} from ${fromBytes} bytes`))
    .join(', ');
}

function parsePart(text: string): string {
  if (text === 'detection' || text === 'speed') return text;
  throw new InvalidArgumentError('give detection or speed');
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('give a whole number from 1');
}
