/**
 * How fast each function is by processor time, in turn with the others of its family round by round: whatever else the
 * machine does weighs on all alike, so ratios hold although the figures belong to the machine.
 */
import { type Candidate, familiesOfCandidates } from './candidates.js';

/** One function in the table. */
export interface SpeedRow {
  /** Its name. */
  readonly name: string;
  /** For each size of input. */
  readonly bySize: readonly {
    /** In the best round. */
    readonly gigabytesPerSecond: number;
    /** Median over the rounds of how many times as fast ours was; absent for ours itself. */
    readonly ofOurs?: number;
  }[];
}

/** A family of functions that compute one checksum, ours first. */
export interface SpeedFamily {
  /** Which checksum. */
  readonly name: string;
  /** Its functions. */
  readonly rows: readonly SpeedRow[];
}

/**
 * Measures all families.
 *
 * @param sizes - Lengths of inputs in bytes.
 * @param rounds - How often each function has its turn.
 * @param roundMs - How long a turn takes.
 * @returns Each family as soon as it is measured.
 */
export async function* measureSpeed(
  sizes: readonly number[],
  rounds: number,
  roundMs: number,
): AsyncGenerator<SpeedFamily> {
  for (const { name, candidates } of await familiesOfCandidates()) {
    const bySize = sizes.map((size) => measureSize(candidates, size, rounds, roundMs));
    yield {
      name,
      rows: candidates.map((candidate, place) => ({
        name: candidate.name,
        bySize: bySize.flatMap((figures) => figures[place] ?? []),
      })),
    };
  }
}

function measureSize(
  candidates: readonly Candidate[],
  size: number,
  rounds: number,
  roundMs: number,
): SpeedRow['bySize'] {
  const input = Uint8Array.from({ length: size }, (_, place) => (place * 167 + (place >> 6)) & 0xff);
  const rates = candidates.map((): number[] => []);
  const repeats = candidates.map(({ run }) => repeatsFor(run, input, roundMs));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < candidates.length; turn++) {
      const place = (turn + round) % candidates.length;
      const candidate = candidates[place];
      if (candidate !== undefined) rates[place]?.push(rateOf(candidate.run, input, repeats[place] ?? 1));
    }
  }
  const ours = rates[0] ?? [];
  return rates.map((own, place) => ({
    gigabytesPerSecond: Math.max(...own),
    ...(place === 0 ? {} : { ofOurs: median(own.map((rate, round) => (ours[round] ?? 0) / rate)) }),
  }));
}

/** Warms a function up until it is compiled, and says how many calls fill a turn. */
function repeatsFor(run: Candidate['run'], input: Uint8Array, roundMs: number): number {
  let repeats = 1;
  for (let ms = 0; ms < roundMs; repeats *= 2) {
    const start = processorMs();
    for (let call = 0; call < repeats; call++) run(input);
    ms = processorMs() - start;
  }
  return Math.max(1, Math.round(repeats / 2));
}

function rateOf(run: Candidate['run'], input: Uint8Array, repeats: number): number {
  const start = processorMs();
  for (let call = 0; call < repeats; call++) run(input);
  return (repeats * input.length) / (processorMs() - start) / 1e6;
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
