/**
 * Commits a second of the engine alone: three nodes in one thread, memory for a disk, every message encoded and
 * decoded as on the wire. What is measured is the protocol and its codec, nothing else.
 */
import { allocatedBytes } from './allocation.js';
import { allocators } from './allocation-profile.js';
import type { FunctionShare } from './function-shares.js';
import type { DrivenCluster, MeasuredEngine } from './measured-engines.js';
import { profile } from './processor-profile.js';
import { median } from './quantile.js';

/** What one case found. */
export interface EngineThroughput {
  /** Name of the engine. */
  readonly engine: string;
  readonly inFlight: number;
  /** Median of the rounds, by the clock on the wall. */
  readonly commitsPerSecond: number;
  /** The fastest round: what other programs on the machine took least from. */
  readonly bestCommitsPerSecond: number;
  /** Median of the rounds, by the processor time of the whole process, its garbage collector included. */
  readonly commitsPerProcessorSecond: number;
  /** Median of the rounds: commits by processor time, as a share of what the first engine made in the same round. */
  readonly ofFirst: number;
  /** Bytes that were allocated on the JavaScript heap, by all three nodes and whoever drives them. */
  readonly heapBytesPerCommit: number;
  /** Bytes of the messages, which are copied once when they arrive. */
  readonly messageBytesPerCommit: number;
  readonly messagesPerCommit: number;
  readonly entriesPerSave: number;
}

/** Where one case spends its time and its memory. */
export interface EngineProfile {
  /** Name of the engine. */
  readonly engine: string;
  readonly inFlight: number;
  /** Functions in which most processor time was spent; amounts are milliseconds. */
  readonly time: readonly FunctionShare[];
  /** Functions that allocated most on the JavaScript heap; amounts are bytes a commit. */
  readonly heap: readonly FunctionShare[];
}

interface Round {
  readonly commits: number;
  readonly seconds: number;
  readonly processorSeconds: number;
}

/** Rounds in which each case is measured, all cases and engines in turn. */
const rounds = 10;

/** Commands between two snapshots, as `@synod/replica` takes them by default. */
const snapshotCommands = 10_000;

/** Functions that a profile names. */
const functionsNamed = 12;

/**
 * Commits commands with a number of them under way at all times.
 *
 * @param engines - What to measure; the others are compared with the first.
 * @param cases - Numbers of commands under way.
 * @param durationMs - How long each case is measured; a quarter more is spent before, unmeasured.
 * @param commandBytes - Length of a command.
 */
export function measureEngines(
  engines: readonly [MeasuredEngine, ...MeasuredEngine[]],
  cases: readonly number[],
  durationMs: number,
  commandBytes: number,
): readonly EngineThroughput[] {
  const command = new Uint8Array(commandBytes).fill(0x78);
  const found = cases.map((inFlight) => ({
    inFlight,
    byEngine: engines.map((engine) => ({ engine, rounds: [] as Round[] })),
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { inFlight, byEngine } of found) {
      for (const each of byEngine) {
        const cluster = each.engine.newCluster();
        run(cluster, command, inFlight, durationMs / rounds / 4);
        each.rounds.push(run(cluster, command, inFlight, durationMs / rounds));
      }
    }
  }
  return found.flatMap(({ inFlight, byEngine }) => {
    const firsts = byEngine[0]?.rounds ?? [];
    return byEngine.map((each) => ({
      engine: each.engine.name,
      inFlight,
      commitsPerSecond: median(each.rounds.map(({ commits, seconds }) => commits / seconds)),
      bestCommitsPerSecond: Math.max(...each.rounds.map(({ commits, seconds }) => commits / seconds)),
      commitsPerProcessorSecond: median(each.rounds.map(byProcessorTime)),
      ofFirst: median(
        each.rounds.flatMap((own, round) => {
          const first = firsts[round];
          return first === undefined ? [] : [byProcessorTime(own) / byProcessorTime(first)];
        }),
      ),
      ...count(each.engine, command, inFlight, durationMs / rounds),
    }));
  });
}

function byProcessorTime({ commits, processorSeconds }: Round): number {
  return commits / processorSeconds;
}

/** What is counted and not timed: in a round of its own, since the count of bytes costs time. */
function count(
  engine: MeasuredEngine,
  command: Uint8Array,
  inFlight: number,
  durationMs: number,
): Pick<
  EngineThroughput,
  'heapBytesPerCommit' | 'messageBytesPerCommit' | 'messagesPerCommit' | 'entriesPerSave'
> {
  const cluster = engine.newCluster();
  const { messages, messageBytes, saves, savedEntries } = cluster;
  let commits = 0;
  const heapBytes = allocatedBytes(() => {
    commits = run(cluster, command, inFlight, durationMs).commits;
  });
  return {
    heapBytesPerCommit: heapBytes / commits,
    messageBytesPerCommit: (cluster.messageBytes - messageBytes) / commits,
    messagesPerCommit: (cluster.messages - messages) / commits,
    entriesPerSave: (cluster.savedEntries - savedEntries) / (cluster.saves - saves),
  };
}

/**
 * Names the functions in which most processor time is spent and those that allocate most, after a warm-up and each in a
 * round of its own.
 *
 * @param engine - What to measure.
 * @param inFlight - Commands under way.
 * @param durationMs - For how long.
 * @param commandBytes - Length of a command.
 */
export function profileEngine(
  engine: MeasuredEngine,
  inFlight: number,
  durationMs: number,
  commandBytes: number,
): EngineProfile {
  const command = new Uint8Array(commandBytes).fill(0x78);
  const cluster = engine.newCluster();
  run(cluster, command, inFlight, durationMs / 4);
  const time = profile(() => run(cluster, command, inFlight, durationMs), functionsNamed);
  let commits = 0;
  const heap = allocators(() => {
    commits = run(cluster, command, inFlight, durationMs).commits;
  }, functionsNamed);
  return {
    engine: engine.name,
    inFlight,
    time,
    heap: heap.map((share) => ({ ...share, amount: share.amount / commits })),
  };
}

/** Keeps commands under way for a while. Whatever was proposed is committed on all nodes when it ends. */
function run(cluster: DrivenCluster, command: Uint8Array, inFlight: number, durationMs: number): Round {
  const commands = Array.from({ length: inFlight }, (_, proposal) => ({ proposal, data: command }));
  const before = cluster.committed;
  let untilSnapshot = snapshotCommands;
  const processorBefore = process.cpuUsage();
  const began = performance.now();
  let commits = 0;
  while (performance.now() - began < durationMs) {
    // The clock costs as much as a part of a commit does: it is read now and then.
    for (let turn = 0; turn < 16; turn++) {
      cluster.propose(commands);
      cluster.settle();
      commits += inFlight;
      untilSnapshot -= inFlight;
      if (untilSnapshot > 0) continue;
      cluster.compact();
      untilSnapshot = snapshotCommands;
    }
    if (cluster.committed !== before + commits) throw new Error('a command was not committed');
  }
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(processorBefore);
  if (cluster.committedEverywhere !== before + commits)
    throw new Error('a command was not committed on every node');
  return { commits, seconds, processorSeconds: (user + system) / 1e6 };
}
