/** What the papers say of failure detectors, with room for few trials. */
import { describe, expect, it } from 'vitest';
import { drawTrade } from './chart.js';
import { drawTrace, weathers } from './heartbeat-trace.js';
import { measureAccuracy } from './phi-accuracy.js';
import { families } from './phi-candidates.js';
import { configurations, measureFalsehood } from './swim-accuracy.js';
import { measureDetection } from './swim-detection.js';
import { measureLoad, measureSpread } from './swim-load.js';

const mean = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
const worst = weathers.filter(({ name }) => name === 'all of it');

describe('heartbeats', () => {
  it('get lost, come late and stand still as often as the weather says', () => {
    const [weather] = worst;
    if (weather === undefined) throw new Error('there is no such weather');
    const trace = drawTrace(weather, 3_600_000, 1);
    const lost = trace.filter(({ cameAtMs }) => cameAtMs === Number.POSITIVE_INFINITY).length;
    expect(lost / trace.length).toBeCloseTo(0.1, 1);
    const delays = trace.map(({ sentAtMs, cameAtMs }) => cameAtMs - sentAtMs).filter(Number.isFinite);
    expect(mean(delays)).toBeGreaterThan(185);
    expect(mean(delays)).toBeLessThan(225);
    const pauses = trace.filter(
      ({ sentAtMs }, place) => sentAtMs - (trace[place - 1]?.sentAtMs ?? 0) > 1900,
    ).length;
    expect(pauses).toBeGreaterThan(20);
    expect(trace).toEqual(drawTrace(weather, 3_600_000, 1));
  });

  it('in every family, patience errs less and finds crashes later', () => {
    for (const { candidates } of families) {
      const all = worst.flatMap((weather) => candidates.map((one) => measureAccuracy(one, weather, 0.3, 2)));
      expect(all.length).toBeGreaterThan(5);
      for (const [place, { mistakesPerHour, detectionMs }] of all.entries()) {
        const before = all[place - 1];
        if (before === undefined) continue;
        expect(detectionMs).toBeGreaterThan(before.detectionMs);
        expect(mistakesPerHour).toBeLessThanOrEqual(before.mistakesPerHour);
      }
    }
  });

  it('with a pause that is accepted, phi 8 is never wrong in any weather, and finds a crash within ten seconds', () => {
    const family = families.find(({ name }) => name === 'phi, exact normal, pause of 3 s');
    const candidate = family?.candidates.find(({ name }) => name === 'phi 8');
    if (candidate === undefined) throw new Error('there is no such candidate');
    for (const weather of weathers) {
      const { mistakesPerHour, longestDetectionMs } = measureAccuracy(candidate, weather, 0.5, 3);
      expect(mistakesPerHour).toBe(0);
      expect(longestDetectionMs).toBeLessThan(10_000);
    }
  });
});

describe('a SWIM group', () => {
  it('first pings a crashed member in period e/(e-1) on average', () => {
    const { firstPeriods, suspectedAfter } = measureDetection(16, 80, 1);
    expect(mean(firstPeriods)).toBeGreaterThan(1.35);
    expect(mean(firstPeriods)).toBeLessThan(1.85);
    // A probe takes a whole period to fail.
    for (const periods of suspectedAfter) expect(periods).toBeGreaterThanOrEqual(1);
  }, 30_000);

  it('sends as many messages as the formula says, however large it is', () => {
    for (const members of [8, 32]) {
      const { messages, expected } = measureLoad(members, 0, 20, 1);
      expect(messages).toBeCloseTo(expected, 1);
    }
    const { messages, expected } = measureLoad(32, 0.1, 60, 1);
    expect(Math.abs(messages / expected - 1)).toBeLessThan(0.1);
  });

  it('has heard news everywhere in a time that grows with the logarithm of its size', () => {
    const small = measureSpread(8, 3, 1);
    const large = measureSpread(128, 3, 1);
    expect(small.all).toBeLessThan(4);
    // Sixteen times as many members, and not three times as long a way.
    expect(large.all / small.all).toBeLessThan(4);
  }, 30_000);

  it('with Lifeguard, declares fifty times fewer healthy members dead for slow ones', () => {
    const slowness = { members: 32, slow: 4, pauseMs: 16_000, runMs: 1000, durationMs: 120_000 };
    const falsehoodOf = (name: string) => {
      const configuration = configurations.find((one) => one.name === name);
      if (configuration === undefined) throw new Error(`there is no ${name}`);
      return measureFalsehood(configuration, slowness, 1).byAnyone;
    };
    const swim = falsehoodOf('SWIM');
    expect(falsehoodOf('SWIM without suspicion')).toBeGreaterThan(swim);
    expect(falsehoodOf('with local health (LHA-Probe)')).toBeLessThan(swim);
    expect(swim).toBeGreaterThan(50 * falsehoodOf('Lifeguard: all three'));
  }, 30_000);
});

it('the graph has a curve for each way', () => {
  const accuracy = { mistakesPerHour: 0, suspectedShare: 0, detectionMs: 2000, longestDetectionMs: 3000 };
  const svg = drawTrade('x', [{ name: 'one', points: [{ name: 'phi 1', accuracy }] }]);
  expect(svg.match(/<polyline/g)).toHaveLength(1);
  expect(svg).not.toContain('NaN');
});
