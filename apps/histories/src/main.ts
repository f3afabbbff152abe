/** `npm run histories -- DIR`: checks recorded histories for linearizability, and says of each what was found. */
import { Command, InvalidArgumentError } from 'commander';
import { checkFiles } from './check-files.js';

interface Flags {
  readonly steps?: number;
  readonly seconds: number;
  readonly pictures?: string;
}

const program = new Command('npm run histories --')
  .description(
    'Checks recorded histories for linearizability: Jepsen logs of a register with compare-and-set, and logs of EDN ' +
      'maps of a key-value store with get, put and append. Prints a line a file, and the time.',
  )
  .argument('<place>', 'a folder of files that end in .log, .txt or .edn, or one file')
  .option('--steps <n>', 'most operations to try for a file; then it is unknown', parseSteps)
  .option('--seconds <n>', 'longest time for a file; then it is unknown', parseSeconds, 60)
  .option('--pictures <dir>', 'draw each history that is not linearizable as a page in this folder')
  .addHelpText('after', '\nExample:\n  $ npm run histories -- recordings --pictures failures')
  .action(run);

await program.parseAsync();

async function run(place: string, { steps, seconds, pictures }: Flags): Promise<void> {
  const allRead = await checkFiles(place, {
    seconds,
    ...(steps === undefined ? {} : { stepsMax: steps }),
    ...(pictures === undefined ? {} : { pictures }),
    print: (line) => process.stdout.write(`${line}\n`),
    warn: (line) => process.stderr.write(`${line}\n`),
  }).catch((error: unknown) => {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    process.stderr.write(`${error.message}\n`);
    return false;
  });
  if (!allRead) process.exitCode = 1;
}

function parseSteps(text: string): number {
  const steps = Number(text);
  if (!Number.isSafeInteger(steps) || steps < 1)
    throw new InvalidArgumentError('give a number of steps from 1');
  return steps;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0)) throw new InvalidArgumentError('give a number of seconds above 0');
  return seconds;
}
