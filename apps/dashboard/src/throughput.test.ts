import { describe, expect, it } from 'vitest';
import {
  type CommitSample,
  type LatencySample,
  newest,
  throughputSeries,
  windowSeconds,
  withSample,
} from './throughput.js';

const nowMs = 1_000_000_000;

function looks(everyMs: number, entriesPerSecond: number, spanMs: number): CommitSample[] {
  const count = Math.floor(spanMs / everyMs);
  return Array.from({ length: count }, (_, at) => {
    const atMs = nowMs - spanMs + at * everyMs;
    return { atMs, commitIndex: Math.round(((at * everyMs) / 1000) * entriesPerSecond) };
  });
}

describe('entries committed each second', () => {
  it('is a flat line under a steady load, also when looks come unevenly', () => {
    const uneven = looks(500, 100, 60_000).filter((_, at) => at % 7 !== 3);
    const rates = throughputSeries(uneven, [], nowMs).commitsPerSecond.filter((rate) => rate !== null);
    expect(rates.length).toBeGreaterThan(50);
    for (const rate of rates) expect(rate).toBeCloseTo(100, 0);
  });

  it('has one point for each second of the window and gaps where nothing was seen', () => {
    const series = throughputSeries(looks(500, 10, 10_000), [], nowMs);
    expect(series.seconds).toHaveLength(windowSeconds);
    expect(series.seconds.at(-1)).toBe(nowMs / 1000);
    expect(series.commitsPerSecond.slice(0, 100).every((rate) => rate === null)).toBe(true);
    expect(newest(series.commitsPerSecond)).toBeCloseTo(10, 0);
  });

  it('is no rate across a long silence or when another, younger cluster answers', () => {
    const samples = [
      { atMs: nowMs - 30_500, commitIndex: 1000 },
      { atMs: nowMs - 15_500, commitIndex: 2000 },
      { atMs: nowMs - 14_500, commitIndex: 3 },
    ];
    expect(throughputSeries(samples, [], nowMs).commitsPerSecond.every((rate) => rate === null)).toBe(true);
  });
});

describe('latency seen by the page', () => {
  it('is the median of each second, writes and reads apart', () => {
    const at = nowMs - 5500;
    const samples: LatencySample[] = [
      { atMs: at, kind: 'write', latencyMs: 9 },
      { atMs: at + 1, kind: 'write', latencyMs: 1 },
      { atMs: at + 2, kind: 'write', latencyMs: 3 },
      { atMs: at + 3, kind: 'read', latencyMs: 2 },
    ];
    const series = throughputSeries([], samples, nowMs);
    expect(series.writeMs.filter((point) => point !== null)).toEqual([3]);
    expect(series.readMs.filter((point) => point !== null)).toEqual([2]);
    expect(series.seconds[series.writeMs.indexOf(3)]).toBe(Math.floor(at / 1000) + 1);
  });
});

describe('samples', () => {
  it('older than the chart are dropped, so that a page left open does not grow', () => {
    let samples: readonly CommitSample[] = [];
    for (let second = 0; second < 1000; second += 1)
      samples = withSample(samples, { atMs: second * 1000, commitIndex: second });
    expect(samples.length).toBeLessThan(130);
    expect(samples.at(-1)?.commitIndex).toBe(999);
  });
});
