/** `npm run bench`: measures the engine, the durable pipeline and a cluster of processes, and prints tables. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { measurePicks } from './balancer-picks.js';
import { measureCluster } from './cluster-throughput.js';
import { measureDisk } from './disk-ceiling.js';
import { measureEmbedded } from './embedded-throughput.js';
import { type EngineThroughput, measureEngines, profileEngine } from './engine-throughput.js';
import { measureFailover } from './failover.js';
import type { FunctionShare } from './function-shares.js';
import { type IdleCase, measureIdleGroups } from './idle-groups.js';
import { measureLifeRaft } from './liferaft-peer.js';
import { measuredEngines } from './measured-engines.js';
import { markdownTable, type Row } from './table.js';
import { transportPart } from './transport-part.js';
import { measureWal } from './wal-throughput.js';

const parts = [
  'engine',
  'wal',
  'embedded',
  'transport',
  'cluster',
  'failover',
  'idle-groups',
  'balancer',
] as const;
type Part = (typeof parts)[number];

interface Flags {
  readonly seconds: number;
  readonly only: readonly Part[];
  readonly data: string;
  readonly json?: string;
  readonly profile: boolean;
}

type Results = Record<string, unknown>;

const clientCounts = [1, 64, 256];

const writerCounts = [1, 16, 256];

const inFlightCounts = [1, 64, 256, 1024];

const program = new Command('npm run bench --')
  .description('Measures Synod on this machine. Every figure comes from this run; ratios compare within it.')
  .option('--seconds <n>', 'how long each case is measured', parseSeconds, 3)
  .option('--only <parts>', `comma-separated: ${parts.join(', ')}`, parseParts, parts)
  .option('--data <dir>', 'where the durable cases write (use the disk that you care about)', os.tmpdir())
  .option('--json <file>', 'also write the figures to a file')
  .option(
    '--profile',
    'engine: also name the functions that spend most processor time and allocate most',
    false,
  )
  .addHelpText('after', '\nExample:\n  $ npm run bench -- --only engine,embedded --seconds 5');

async function main({ seconds, only, data, json, profile }: Flags): Promise<void> {
  const directory = await mkdtemp(path.join(data, 'synod-bench-'));
  const results: Results = { machine: machine(), seconds };
  print(`${results.machine}\n`);
  try {
    for (const part of only) results[part] = await measure[part](directory, seconds * 1000, profile);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  if (json !== undefined) await writeFile(json, `${JSON.stringify(results, undefined, 2)}\n`);
}

const measure: Readonly<
  Record<Part, (directory: string, durationMs: number, profiled: boolean) => Promise<unknown>>
> = {
  async engine(_directory, durationMs, profiled) {
    print(
      '## The engine alone: three nodes in one thread, no disk, every message through the codec, 64 B commands\n',
    );
    const ours = measureEngines(measuredEngines, inFlightCounts, durationMs, 64);
    const peer = await measureLifeRaft(durationMs, 64);
    print(markdownTable(ours.map(engineRow)));
    print(`\n${engineNotes}`);
    const ratio = peer === undefined ? undefined : (ours[0]?.commitsPerSecond ?? 0) / peer;
    print(
      ratio === undefined
        ? '\n@markwylde/liferaft did not finish this task in this run.\n'
        : `\n@markwylde/liferaft, one in flight, in memory: ${Math.round(peer ?? 0)} commits/s; our Raft is ${ratio.toFixed(1)}x.\n`,
    );
    if (!profiled) return { ours, peer };
    const profiles = measuredEngines.flatMap((engine) =>
      [1, 256].map((inFlight) => profileEngine(engine, inFlight, durationMs, 64)),
    );
    for (const { engine, inFlight, time, heap } of profiles) {
      print(`Where the processor time of ${engine} goes, ${inFlight} in flight:\n`);
      print(`${markdownTable(time.map((share) => shareRow(share)))}\n`);
      print(`Who allocates in ${engine}, ${inFlight} in flight:\n`);
      print(`${markdownTable(heap.map((share) => shareRow(share, 'heap B a commit')))}\n`);
    }
    return { ours, peer, profiles };
  },
  async wal(directory, durationMs) {
    print('## The log alone beside the disk alone: records of 2 KiB, each writer waits for its own\n');
    const levels = await measureWal(directory, writerCounts, durationMs);
    const rows: Row[] = levels.map((each) => ({
      what: each.what,
      writers: each.writers,
      'records/s': each.recordsPerSecond,
      'median ms': each.medianMs,
      'p99 ms': each.p99Ms,
      'records a fdatasync': each.recordsPerSync,
      'time of bare': `${each.timeOfBare.toFixed(2)}x`,
      'throughput of bare': `${each.throughputOfBare.toFixed(2)}x`,
    }));
    print(`${markdownTable(rows)}\n`);
    return levels;
  },
  async embedded(directory, durationMs) {
    const disk = await measureDisk(directory, durationMs);
    print(
      '## Durable, embedded: three replicas in one process, real disk, real WebSockets, 256 B commands\n',
    );
    print(
      `The disk alone: ${Math.round(disk.syncsPerSecond)} syncs/s of 2 KiB, median ${disk.medianMs.toFixed(2)} ms.\n`,
    );
    const levels = await measureEmbedded(directory, measuredEngines, clientCounts, durationMs, 256);
    const rows: Row[] = levels.map((each) => ({
      engine: each.engine,
      clients: each.clients,
      'commits/s': each.perSecond,
      'of Raft': `${each.ofFirst.toFixed(2)}x`,
      'half of the rounds': each.ofFirstQuartiles.map((share) => share.toFixed(2)).join(' to '),
      'median ms': each.medianMs,
      'p99 ms': each.p99Ms,
      'entries a fdatasync': each.entriesPerSync,
      'entries a frame': each.entriesPerFrame,
      'of disk alone': `${(each.perSecond / disk.syncsPerSecond).toFixed(2)}x`,
    }));
    print(`${markdownTable(rows)}\n`);
    return { disk, levels };
  },
  transport: (_directory, durationMs) => transportPart(durationMs, print),
  async cluster(directory, durationMs) {
    print('## A cluster: three processes, REST, 256 B values\n');
    const levels = await measureCluster(directory, clientCounts, durationMs, 256);
    const rows = levels.map(
      (each): Row => ({
        clients: each.clients,
        'writes/s': each.writesPerSecond,
        'median ms': each.writeMedianMs,
        'p99 ms': each.writeP99Ms,
        'entries a fdatasync': each.entriesPerSync,
        'entries a frame': each.entriesPerFrame,
        'linearizable reads/s': each.readsPerSecond,
        'read median ms': each.readMedianMs,
        'read p99 ms': each.readP99Ms,
      }),
    );
    print(`${markdownTable(rows)}\n`);
    return levels;
  },
  async failover() {
    print('## Failover: from SIGKILL of the leader to the next acknowledged write\n');
    const failover = await measureFailover(5);
    const { rounds, medianMs, leastMs, mostMs } = failover;
    print(`${markdownTable([{ rounds, 'median ms': medianMs, 'least ms': leastMs, 'most ms': mostMs }])}\n`);
    return failover;
  },
  async 'idle-groups'(directory, durationMs) {
    print('## Idle groups: three hosts in one process, every group on each, nothing to do\n');
    const cases = [];
    for (const idle of idleCases) cases.push(await measureIdleGroups(directory, durationMs, idle));
    const rows: Row[] = cases.map((each) => ({
      over: each.over,
      groups: each.groups,
      sleep: each.sleep ? 'yes' : 'no',
      'to open, CPU ms': each.openMs,
      'to rest, CPU ms': each.settleMs,
      'to rest, ms': each.settleElapsedMs,
      '100 woken, ms': each.wakeMs,
      '% of a core': each.idlePercent,
      'frames/s': each.framesPerSecond ?? '-',
      'resident MiB': each.residentMiB,
    }));
    print(`${markdownTable(rows)}\n`);
    return cases;
  },
  async balancer(_directory, durationMs) {
    print('## Picking an endpoint: a pick and its end, one request in flight\n');
    const costs = await measurePicks([3, 100, 10_000], durationMs / 10);
    const rows = costs.map(
      (each): Row => ({
        endpoints: each.endpoints,
        picker: each.name,
        'ns a pick': each.nanoseconds,
        'of undici': `${each.ofUndici.toPrecision(2)}x`,
        'heap B a pick': each.heapBytes,
      }),
    );
    print(`${markdownTable(rows)}\n`);
    return costs;
  },
};

const idleCases: readonly IdleCase[] = [
  { over: 'memory', groups: 1000, sleep: false },
  { over: 'memory', groups: 1000, sleep: true },
  { over: 'websocket', groups: 1000, sleep: false },
  { over: 'websocket', groups: 1000, sleep: true },
  { over: 'websocket', groups: 10_000, sleep: true },
];

const engineNotes =
  'commits/s: the median of ten rounds, cases and engines in turn; best: the fastest round. By processor time: of all\n' +
  "threads, the garbage collector's included; of Raft: the median of the ratios of that within one round. Each message is\n" +
  "encoded, copied and decoded, each save answered with its receipt, and each node's state machine applies each command.\n" +
  'Heap: allocated by all three nodes together and the loop that drives them.';

function engineRow(each: EngineThroughput): Row {
  return {
    engine: each.engine,
    'in flight': each.inFlight,
    'commits/s': each.commitsPerSecond,
    best: each.bestCommitsPerSecond,
    'by processor time': each.commitsPerProcessorSecond,
    'of Raft': `${each.ofFirst.toFixed(2)}x`,
    'heap B a commit': each.heapBytesPerCommit,
    'message B a commit': each.messageBytesPerCommit,
    'messages a commit': each.messagesPerCommit,
    'entries a save': each.entriesPerSave,
  };
}

function shareRow({ name, place, amount, percent }: FunctionShare, unit?: string): Row {
  const row = { function: name, place, percent: percent.toFixed(1) };
  return unit === undefined ? row : { ...row, [unit]: amount };
}

function machine(): string {
  const [cpu] = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  return `${os.cpus().length} x ${cpu?.model ?? 'unknown processor'}, ${memory} GiB, Node ${process.versions.node}`;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 600))
    throw new InvalidArgumentError('give a number of seconds from 0.1 to 600');
  return seconds;
}

function parseParts(text: string): readonly Part[] {
  const wanted = text.split(',');
  const known = parts.filter((part) => wanted.includes(part));
  if (known.length !== wanted.length) throw new InvalidArgumentError(`choose from ${parts.join(', ')}`);
  return known;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main(program.parse().opts<Flags>());
