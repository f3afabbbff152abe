/** Who goes round gives exact shares. */
import { Random } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Balancer } from './balancer.js';
import { EarliestDeadline } from './earliest-deadline.js';
import type { Health, HealthVerdicts } from './health.js';
import { HealthMarks } from './health-marks.js';
import { LeastRequest } from './least-request.js';
import { RandomChoice } from './random-choice.js';
import { RoundRobin } from './round-robin.js';
import { SmoothWeightedRoundRobin } from './smooth-weighted-round-robin.js';
import type { Strategy } from './strategy.js';
import { WeightedLeastRequest } from './weighted-least-request.js';
import { WeightedRandom } from './weighted-random.js';

const weights = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 9 });

function named(given: readonly number[]) {
  return given.map((weight, place) => ({ id: `n${place}`, weight }));
}

function pickAndEnd(balancer: Balancer, nowMs = 0): string {
  const pick = balancer.pick({ nowMs });
  if (pick.type === 'none') return pick.reason;
  balancer.done(pick, { result: 'success', nowMs });
  return pick.endpoint.id;
}

function sequence(strategy: Strategy, given: readonly number[], length: number): readonly string[] {
  const balancer = new Balancer({ endpoints: named(given), strategy });
  return Array.from({ length }, () => pickAndEnd(balancer));
}

/** How far each count was ahead of its share, and behind it, at any moment of some cycles. */
function leads(strategy: Strategy, given: readonly number[], cycles: number) {
  const total = given.reduce((sum, weight) => sum + weight, 0);
  const counts = new Map(named(given).map(({ id }) => [id, 0]));
  const found = given.map((weight) => ({ share: weight / total, ahead: 0, behind: 0 }));
  for (const [turn, id] of sequence(strategy, given, cycles * total).entries()) {
    counts.set(id, (counts.get(id) ?? Number.NaN) + 1);
    for (const [place, each] of found.entries()) {
      const lead = (counts.get(`n${place}`) ?? 0) - (turn + 1) * each.share;
      each.ahead = Math.max(each.ahead, lead);
      each.behind = Math.max(each.behind, -lead);
      if ((turn + 1) % total === 0) expect(Math.abs(lead)).toBeLessThan(1e-9);
    }
  }
  return found;
}

/** Greatest distance of a count from its share, at any moment of some cycles. */
function unevenness(strategy: Strategy, given: readonly number[], cycles: number): number {
  return Math.max(...leads(strategy, given, cycles).flatMap(({ ahead, behind }) => [ahead, behind]));
}

describe('smooth weighted round robin', () => {
  it('has the sequence that nginx documents for 5, 1, 1', () => {
    const picks = sequence(new SmoothWeightedRoundRobin(), [5, 1, 1], 14);
    expect(picks.map((id) => 'abc'[Number(id.slice(1))]).join(' ')).toBe('a a b a c a a a a b a c a a');
  });

  it('gives exactly w of every W, and is never 1.5 picks away from its share in sets of up to nine', () => {
    fc.assert(
      fc.property(weights, (given) => {
        expect(unevenness(new SmoothWeightedRoundRobin(), given, 2)).toBeLessThan(1.5);
      }),
      { numRuns: 300 },
    );
  });

  it('from a random start too, any W picks that follow each other hold exactly w of each', () => {
    fc.assert(
      fc.property(weights, fc.nat(), (given, seed) => {
        const total = given.reduce((sum, weight) => sum + weight, 0);
        const picks = sequence(new SmoothWeightedRoundRobin({ random: new Random(seed) }), given, total);
        for (const [place, weight] of given.entries()) {
          expect(picks.filter((id) => id === `n${place}`)).toHaveLength(weight);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('keeps what was gained when the set is replaced amid a cycle: no burst on the first', () => {
    const balancer = new Balancer({ endpoints: named([5, 1, 1]), strategy: new SmoothWeightedRoundRobin() });
    const picks = Array.from({ length: 7 }, () => {
      balancer.update(named([5, 1, 1]).reverse());
      return pickAndEnd(balancer);
    });
    expect(picks).toEqual(sequence(new SmoothWeightedRoundRobin(), [5, 1, 1], 7));
  });
});

describe('earliest deadline', () => {
  // At time t endpoint j has had t * w_j picks but for a part of one, from 0 to 1. So the share of all picks that i lacks
  // is its own part, and what it is ahead is w_i/W of the parts of all others.
  it('gives exactly w of every W, never lacks a whole pick, and is never ahead by more than (n - 1) w/W', () => {
    fc.assert(
      fc.property(weights, (given) => {
        for (const { share, ahead, behind } of leads(new EarliestDeadline(), given, 2)) {
          expect(behind).toBeLessThanOrEqual(1 - share + 1e-9);
          expect(ahead).toBeLessThanOrEqual((given.length - 1) * share + 1e-9);
        }
      }),
      { numRuns: 300, examples: [[[1, 1, 15, 1, 1, 1]]] },
    );
  });

  it('from a random start, no share is off by more than one pick and its part of one for each other', () => {
    fc.assert(
      fc.property(weights, fc.nat(), (given, seed) => {
        const total = given.reduce((sum, weight) => sum + weight, 0);
        const picks = sequence(new EarliestDeadline({ random: new Random(seed) }), given, 3 * total);
        for (const [place, weight] of given.entries()) {
          const count = picks.filter((id) => id === `n${place}`).length;
          expect(Math.abs(count - 3 * weight)).toBeLessThanOrEqual(1 + (weight / total) * given.length);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('who was unfit comes back with its share and no debt to collect', () => {
    const health = new HealthMarks();
    const balancer = new Balancer({ endpoints: named([1, 1]), strategy: new EarliestDeadline(), health });
    health.set('n1', false);
    for (let turn = 0; turn < 100; turn++) expect(pickAndEnd(balancer)).toBe('n0');
    health.set('n1', true);
    const picks = Array.from({ length: 10 }, () => pickAndEnd(balancer));
    expect(picks.filter((id) => id === 'n1')).toHaveLength(5);
  });

  it('a new weight counts from the next turn on', () => {
    const balancer = new Balancer({ endpoints: named([1, 1]), strategy: new EarliestDeadline() });
    for (let turn = 0; turn < 10; turn++) pickAndEnd(balancer);
    balancer.update(named([3, 1]));
    for (let turn = 0; turn < 4; turn++) pickAndEnd(balancer);
    const picks = Array.from({ length: 40 }, () => pickAndEnd(balancer));
    expect(picks.filter((id) => id === 'n0')).toHaveLength(30);
  });
});

const unweighted: readonly (readonly [string, (random: Random) => Strategy])[] = [
  ['RoundRobin', (random) => new RoundRobin({ random })],
  ['LeastRequest', (random) => new LeastRequest({ random })],
];

describe.each(unweighted)('%s, requests one after the other', (_, create) => {
  it('n healthy endpoints and m requests: each gets ⌊m/n⌋ or ⌈m/n⌉', () => {
    const sizes = fc.record({
      listed: fc.integer({ min: 1, max: 40 }),
      unhealthy: fc.array(fc.nat(39)),
      before: fc.nat(50),
      requests: fc.nat(400),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(sizes, ({ listed, unhealthy, before, requests, seed }) => {
        const health = new HealthMarks();
        const endpoints = Array.from({ length: listed }, (_unused, number) => ({ id: `n${number}` }));
        const balancer = new Balancer({ endpoints, strategy: create(new Random(seed)), health });
        for (let request = 0; request < before; request++) pickAndEnd(balancer);
        for (const number of unhealthy) health.set(`n${number}`, false);
        const fit = endpoints.filter(({ id }) => health.isHealthy(id));
        fc.pre(fit.length > 0);
        const counts = new Map(fit.map(({ id }) => [id, 0]));
        for (let request = 0; request < requests; request++) {
          const id = pickAndEnd(balancer);
          counts.set(id, (counts.get(id) ?? Number.NaN) + 1);
        }
        for (const count of counts.values()) {
          expect(count).toBeGreaterThanOrEqual(Math.floor(requests / fit.length));
          expect(count).toBeLessThanOrEqual(Math.ceil(requests / fit.length));
        }
      }),
    );
  });
});

it('round robin: whatever the health of others, none comes twice between two turns of one that stays fit', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const change = fc.option(fc.record({ id: fc.constantFrom('b', 'c', 'd', 'e'), healthy: fc.boolean() }));
  fc.assert(
    fc.property(fc.nat(), fc.array(change, { maxLength: 80 }), (seed, changes) => {
      const health = new HealthMarks();
      const endpoints = ids.map((id) => ({ id }));
      const strategy = new RoundRobin({ random: new Random(seed) });
      const balancer = new Balancer({ endpoints, strategy, health });
      const picked = changes.map((each) => {
        if (each === null) return pickAndEnd(balancer);
        health.set(each.id, each.healthy);
        return '';
      });
      for (const turn of picked.join('').split('a')) expect(new Set(turn).size).toBe(turn.length);
    }),
    { numRuns: 300 },
  );
});

describe('random', () => {
  const requests = 20_000;
  /** Five standard deviations of a binomial count: chance breaks it once in two million. */
  const near = (share: number) => 5 * Math.sqrt(requests * share * (1 - share));

  it.each([
    ['even', (random: Random) => new RandomChoice({ random }), [1, 1, 1, 1, 1]],
    ['weighted', (random: Random) => new WeightedRandom({ random }), [1, 2, 3, 0.5, 10]],
    ['of very unequal weights', (random: Random) => new WeightedRandom({ random }), [1, 1, 1, 1, 5000]],
  ])('%s', (_, create, given) => {
    const total = given.reduce((sum, weight) => sum + weight, 0);
    const picks = sequence(create(new Random(11)), given, requests);
    for (const [place, weight] of given.entries()) {
      const count = picks.filter((id) => id === `n${place}`).length;
      expect(Math.abs(count - (requests * weight) / total)).toBeLessThan(1 + near(weight / total));
    }
  });

  it.each([0.25, 0])('with a share of %s left of the heaviest weight, probabilities stay exact', (share) => {
    let verdicts: HealthVerdicts | undefined;
    const health: Health = {
      update: (given) => {
        verdicts = given;
      },
      advance: () => {},
    };
    const strategy = new WeightedRandom({ random: new Random(5) });
    const balancer = new Balancer({ endpoints: named([100_000, 1, 3]), strategy, health });
    verdicts?.setShare(0, share);
    const left = [100_000 * share, 1, 3];
    const total = left.reduce((sum, weight) => sum + weight, 0);
    const picks = Array.from({ length: requests }, () => pickAndEnd(balancer));
    for (const [place, weight] of left.entries()) {
      const count = picks.filter((id) => id === `n${place}`).length;
      expect(Math.abs(count - (requests * weight) / total)).toBeLessThan(2 + near(weight / total));
    }
  });
});

describe('weighted least request', () => {
  it('with bias 0, or with nothing in flight, it is smooth weighted round robin', () => {
    fc.assert(
      fc.property(weights, fc.constantFrom(0, 1, 2), (given, bias) => {
        const reference = sequence(new SmoothWeightedRoundRobin(), given, 60);
        expect(sequence(new WeightedLeastRequest({ bias }), given, 60)).toEqual(reference);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    // Envoy's arithmetic, w / (active + 1)^bias: 2/(1+1) against 1, 4/(1+1)^2 against 1, 2/(0+1) against 1.
    [[2, 1], 1, 1, 0.5],
    [[4, 1], 2, 1, 0.5],
    [[2, 1], 1, 0, 2 / 3],
    [[1, 1], 1, 3, 0.2],
  ])('weights %j, bias %s, %s in flight at the first: its share is %s', (given, bias, active, share) => {
    const strategy = new WeightedLeastRequest({ bias });
    const balancer = new Balancer({ endpoints: named(given), strategy });
    for (let held = 0; held < active; ) {
      const pick = balancer.pick({ nowMs: 0 });
      if (pick.type === 'picked' && pick.endpoint.id === 'n0') held += 1;
      else if (pick.type === 'picked') balancer.done(pick, { result: 'success', nowMs: 0 });
    }
    const picks = Array.from({ length: 600 }, () => pickAndEnd(balancer));
    expect(picks.filter((id) => id === 'n0').length / 600).toBeCloseTo(share, 2);
  });
});
