/** What `npm run sim` can be asked. */
import * as os from 'node:os';
import { type FaultKind, faultKinds } from '@synod/simulator';
import { Command, InvalidArgumentError } from 'commander';
import { countFrom } from './parse-count.js';
import { type EngineName, engineNames } from './storm-subject.js';
import type { StorageName } from './wal-subject.js';

const parseCount = countFrom(1);

/** The command line, read. */
export interface Flags {
  readonly engine: EngineName;
  readonly storage: StorageName;
  readonly seeds: readonly [number, number];
  readonly ticks?: number;
  readonly virtualSeconds?: number;
  readonly faults: readonly FaultKind[];
  readonly nodes?: number;
  readonly workers: number;
  readonly json?: string;
  readonly markdown?: string;
  readonly ci?: boolean;
  readonly script?: string;
  readonly bug?: string;
  readonly bugs?: true | string;
  readonly hashes?: boolean;
  readonly record?: string;
}

/** Reads the command line. */
export function readFlags(): Flags {
  const program = new Command('sim')
    .description('runs a simulated cluster through storms and checks that every rule holds')
    .option('--engine <name>', 'engine to run: raft or paxos', parseEngine, 'raft')
    .option('--storage <name>', 'model, or wal for the real log on a simulated disk', parseStorage, 'model')
    .option('--seeds <first..last>', 'seeds to run', parseSeeds, [1, 100] as const)
    .option(
      '--ticks <count>',
      'length of a storm in ticks of 50 ms; without it as the seed has it',
      parseCount,
    )
    .option('--virtual-seconds <count>', 'runs seeds from the first until they add up to this', parseCount)
    .option('--faults <list>', `all, none, or some of: ${faultKinds.join(',')}`, parseFaults, faultKinds)
    .option('--nodes <count>', 'nodes of the cluster; without it 3 or 5, as the seed has it', parseCount)
    .option('--workers <count>', 'seeds that run at once', parseCount, os.availableParallelism())
    .option('--json <file>', 'writes the summary to a file')
    .option('--ci', 'fails when a rare situation was never reached, as --virtual-seconds does')
    .option('--script <json>', 'runs one script: its JSON, or a file that holds it')
    .option('--bug <name>', 'plants a bug of the bank, with --seeds or --script')
    .option('--bugs [names]', 'hunts every bug of the bank, or those named, and tells how long each took')
    .option('--markdown <file>', 'writes the table of --bugs to a file')
    .option('--explore', 'explores a small cluster exhaustively instead: --explore --help tells more')
    .option('--hashes', 'prints one hash a seed over everything that happened, to compare machines')
    .option(
      '--record <file>',
      'runs --script or the first seed, and writes what every engine was told, for synod replay',
    );
  program.parse();
  return program.opts<Flags>();
}

function parseEngine(text: string): EngineName {
  const name = engineNames.find((engine) => engine === text);
  if (name !== undefined) return name;
  throw new InvalidArgumentError(`give ${engineNames.join(' or ')}`);
}

function parseStorage(text: string): StorageName {
  if (text === 'model' || text === 'wal') return text;
  throw new InvalidArgumentError('give model or wal');
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
