/** What is known of queues holds of the simulation, and the strategies come in the order that the literature has. */
import { describe, expect, it } from 'vitest';
import { contestants } from './contestants.js';
import { type Figures, figuresOf } from './figures.js';
import { type Scenario, scenarios } from './scenarios.js';
import { runTrial } from './trial.js';

function figures(scenario: Scenario | undefined, name: string, requests: number, seed = 1): Figures {
  const contestant = contestants.find((each) => each.name === name);
  if (scenario === undefined || contestant === undefined) throw new Error(`no ${name}`);
  return figuresOf(runTrial(scenario, contestant, { requests, seed }));
}

const [equal, unequal, antagonists, blackHole] = scenarios;

describe('equal servers', () => {
  it('random is M/M/1: at 80 % load the mean is 1 / (1 - 0.8) times the work, the median ln 2 times the mean', () => {
    const { meanMs, p50Ms } = figures(equal && { ...equal, load: 0.8 }, 'random', 60_000);
    expect(meanMs).toBeGreaterThan(45);
    expect(meanMs).toBeLessThan(55);
    expect(p50Ms / meanMs).toBeCloseTo(Math.LN2, 1);
  });

  it("two choices have Mitzenmacher's mean: the sum of load^(2^i - 2)", () => {
    const load = 0.8;
    const expected = 10 * [1, 2, 3, 4, 5].reduce((sum, i) => sum + load ** (2 ** i - 2), 0);
    const { meanMs } = figures(equal && { ...equal, load }, 'power of two choices', 60_000);
    expect(Math.abs(meanMs / expected - 1)).toBeLessThan(0.06);
  });

  it('least request beats two choices, these beat round robin, and that beats random', () => {
    const means = ['least request', 'power of two choices', 'round robin', 'random'].map(
      (name) => figures(equal, name, 20_000).p99Ms,
    );
    expect(means).toEqual([...means].sort((left, right) => left - right));
  });

  it('the same seed gives the same times', () => {
    expect(figures(unequal, 'Prequal', 1000)).toEqual(figures(unequal, 'Prequal', 1000));
    expect(figures(unequal, 'Prequal', 1000)).not.toEqual(figures(unequal, 'Prequal', 1000, 2));
  });
});

it('unequal servers: whoever heeds neither weight nor load drowns the slow ones', () => {
  const [even = 0, weighted = 0] = ['round robin', 'smooth weighted round robin'].map(
    (name) => figures(unequal, name, 10_000).p99Ms,
  );
  expect(even).toBeGreaterThan(1.5 * weighted);
});

it('bad neighbours: probing beats what clients count by themselves, and that beats weights', () => {
  const [probing = 0, counting = 0, weighing = 0] = ['Prequal', 'power of two choices', 'round robin'].map(
    (name) => figures(antagonists, name, 20_000).p99Ms,
  );
  expect(probing).toBeLessThan(counting);
  expect(counting).toBeLessThan(weighing);
});

it('a black hole draws more than three times its share from a least request that does not count failures', () => {
  const naive = figures(blackHole, 'least request, failures not counted', 10_000).failed;
  expect(naive).toBeGreaterThan(0.15);
  for (const name of ['least request', 'power of two choices', 'peak EWMA', 'Prequal']) {
    expect(figures(blackHole, name, 10_000).failed).toBeLessThan(0.05);
  }
});
