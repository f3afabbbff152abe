/**
 * The last two minutes as one point a second: how fast the cluster commits, seen from the outside by polling, and how
 * long this page's own writes and reads took.
 */

/** The commit index at one look. */
export interface CommitSample {
  readonly atMs: number;
  readonly commitIndex: number;
}

/** One request of this page that was answered. */
export interface LatencySample {
  readonly atMs: number;
  readonly kind: 'write' | 'read';
  readonly latencyMs: number;
}

/** Points of the chart; `null` where nothing was seen. All lists are equally long. */
export interface ThroughputSeries {
  /** Ends of the seconds, in whole seconds since 1970. */
  readonly seconds: readonly number[];
  readonly commitsPerSecond: readonly (number | null)[];
  /** Median of the second. */
  readonly writeMs: readonly (number | null)[];
  readonly readMs: readonly (number | null)[];
}

/** How far back the chart looks. */
export const windowSeconds = 120;

const windowMs = windowSeconds * 1000;
const samplesMax = 4000;

/** Adds a sample and drops what the chart no longer shows. */
export function withSample<Sample extends { readonly atMs: number }>(
  samples: readonly Sample[],
  sample: Sample,
): readonly Sample[] {
  const oldestMs = sample.atMs - windowMs - 5000;
  const kept = samples.filter((old) => old.atMs >= oldestMs && old.atMs <= sample.atMs);
  return [...kept.slice(-samplesMax), sample];
}

/** The chart's points for the window that ends at `nowMs`. The second that still runs is left out. */
export function throughputSeries(
  commits: readonly CommitSample[],
  latencies: readonly LatencySample[],
  nowMs: number,
): ThroughputSeries {
  const lastSecond = Math.floor(nowMs / 1000);
  const seconds = Array.from({ length: windowSeconds }, (_, at) => lastSecond - windowSeconds + 1 + at);
  const startMs = (lastSecond - windowSeconds) * 1000;
  return {
    seconds,
    commitsPerSecond: commitRates(commits, startMs),
    writeMs: medians(latencies, 'write', startMs),
    readMs: medians(latencies, 'read', startMs),
  };
}

/** The newest point that is not a gap. */
export function newest(points: readonly (number | null)[]): number | undefined {
  for (let at = points.length - 1; at >= Math.max(0, points.length - 5); at -= 1) {
    const point = points[at];
    if (typeof point === 'number') return point;
  }
  return undefined;
}

// A second's rate runs from the last look before it to the last look within it: looks are not evenly spaced, and
// dividing by the time that really passed keeps the line from trembling.
function commitRates(samples: readonly CommitSample[], startMs: number): (number | null)[] {
  const rates: (number | null)[] = new Array(windowSeconds).fill(null);
  let before: CommitSample | undefined;
  let next = 0;
  for (let second = -1; second < windowSeconds; second += 1) {
    const endMs = startMs + (second + 1) * 1000;
    let latest: CommitSample | undefined;
    for (let sample = samples[next]; sample !== undefined && sample.atMs < endMs; sample = samples[next]) {
      latest = sample;
      next += 1;
    }
    if (latest === undefined) continue;
    if (second >= 0 && before !== undefined) rates[second] = rateBetween(before, latest);
    before = latest;
  }
  return rates;
}

// A commit index never falls within one cluster: a smaller one means another cluster, and tells no rate.
function rateBetween(before: CommitSample, after: CommitSample): number | null {
  const passedMs = after.atMs - before.atMs;
  const committed = after.commitIndex - before.commitIndex;
  if (committed < 0 || passedMs <= 0 || passedMs > 8000) return null;
  return (committed * 1000) / passedMs;
}

function medians(
  samples: readonly LatencySample[],
  kind: LatencySample['kind'],
  startMs: number,
): (number | null)[] {
  const buckets: number[][] = Array.from({ length: windowSeconds }, () => []);
  for (const sample of samples) {
    if (sample.kind === kind) buckets[Math.floor((sample.atMs - startMs) / 1000)]?.push(sample.latencyMs);
  }
  return buckets.map((bucket) => bucket.sort((a, b) => a - b)[Math.floor((bucket.length - 1) / 2)] ?? null);
}
