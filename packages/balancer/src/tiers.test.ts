/** Spill-over by the arithmetic that Envoy documents. */
import { Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { Balancer } from './balancer.js';
import { deterministicSubset } from './deterministic-subset.js';
import { HealthMarks } from './health-marks.js';
import { LocalityTiers, type LocalityTiersOptions } from './locality-tiers.js';
import { PriorityTiers, tierLoads } from './priority-tiers.js';
import { RandomChoice } from './random-choice.js';
import { fillWeights, reportedWeight } from './reported-weight.js';

const random = new Random(6);
const strategy = () => new RandomChoice({ random });

/** A hundred endpoints a group, of which some are fit. */
function groups(fit: readonly number[], field: (group: number) => object) {
  const endpoints = fit.flatMap((_, group) =>
    Array.from({ length: 100 }, (_unused, number) => ({ id: `${group}/${number}`, ...field(group) })),
  );
  const mark = (health: HealthMarks) => {
    for (const { id } of endpoints) {
      const [group, number] = id.split('/').map(Number);
      health.set(id, (number ?? 0) < (fit[group ?? 0] ?? 0));
    }
  };
  return { endpoints, mark };
}

function percentOfPicks(balancer: Balancer, groupCount: number, locality?: string): readonly number[] {
  const requests = 20_000;
  const counts = Array.from({ length: groupCount }, () => 0);
  for (let request = 0; request < requests; request++) {
    const pick = balancer.pick({ nowMs: 0, ...(locality === undefined ? {} : { locality }) });
    if (pick.type === 'none') throw new Error(pick.reason);
    balancer.done(pick, { result: 'success', nowMs: 0 });
    const group = Number(pick.endpoint.id.split('/')[0]);
    counts[group] = (counts[group] ?? 0) + 1;
  }
  return counts.map((count) => (100 * count) / requests);
}

/** The tables of envoyproxy/envoy, docs/root/intro/arch_overview/upstream/load_balancing/priority.rst. */
const priorities: readonly (readonly [healthy: readonly number[], percents: readonly number[]])[] = [
  [
    [100, 100],
    [100, 0],
  ],
  [
    [72, 100],
    [100, 0],
  ],
  [
    [71, 100],
    [99, 1],
  ],
  [
    [50, 100],
    [70, 30],
  ],
  [
    [25, 100],
    [35, 65],
  ],
  [
    [0, 100],
    [0, 100],
  ],
  [
    [72, 72],
    [100, 0],
  ],
  [
    [71, 71],
    [99, 1],
  ],
  [
    [50, 50],
    [70, 30],
  ],
  [
    [25, 25],
    [50, 50],
  ],
  [
    [50, 50, 100],
    [70, 30, 0],
  ],
  [
    [25, 100, 100],
    [35, 65, 0],
  ],
  [
    [25, 25, 100],
    [35, 35, 30],
  ],
  [
    [25, 25, 20],
    [36, 36, 28],
  ],
];

describe('priority tiers', () => {
  it.each(priorities)('%j percent healthy: %j percent of the requests', (healthy, percents) => {
    const { endpoints, mark } = groups(healthy, (priority) => ({ priority }));
    const tiers = new PriorityTiers({ random, strategy });
    const health = new HealthMarks();
    const balancer = new Balancer({ endpoints, strategy: tiers, health });
    mark(health);
    // Envoy counts in whole percents.
    for (const [tier, load] of tiers.loads().entries()) {
      expect(Math.abs(100 * load - (percents[tier] ?? 0))).toBeLessThan(1);
    }
    for (const [tier, percent] of percentOfPicks(balancer, healthy.length).entries()) {
      expect(Math.abs(percent - 100 * (tiers.loads()[tier] ?? 0))).toBeLessThan(1.8);
    }
  });

  it('shares what is left of a health of 20 % and 30 % as 40 % and 60 %', () => {
    expect(tierLoads([0.2, 0.3])).toEqual([0.4, 0.6]);
    expect(tierLoads([0, 0])).toEqual([0, 0]);
  });

  it('a request that excludes all of its tier goes to another, and who changes tiers goes along', () => {
    const endpoints = [{ id: 'a' }, { id: 'b', priority: 3 }];
    const balancer = new Balancer({ endpoints, strategy: new PriorityTiers({ random, strategy }) });
    const idOf = (excluded: readonly string[]) => {
      const pick = balancer.pick({ nowMs: 0, excluded });
      return pick.type === 'none' ? pick.reason : pick.endpoint.id;
    };
    expect([idOf([]), idOf(['a']), idOf(['a', 'b'])]).toEqual(['a', 'b', 'excluded']);
    balancer.update([
      { id: 'a', priority: 5 },
      { id: 'b', priority: 3 },
    ]);
    expect(idOf([])).toBe('b');
  });

  it('refuses a factor below 1', () => {
    expect(() => new PriorityTiers({ random, strategy, overprovisioning: 0.9 })).toThrow(
      'overprovisioning is 0.9: it must be a number from 1 to 100',
    );
  });
});

describe('localities', () => {
  function percents(
    healthy: readonly number[],
    weights: readonly number[],
    locality: string | undefined,
    options: Partial<LocalityTiersOptions> = {},
  ): readonly number[] {
    const { endpoints, mark } = groups(healthy, (group) => ({
      locality: `z${group}`,
      weight: weights[group],
    }));
    const health = new HealthMarks();
    const balancer = new Balancer({
      endpoints,
      strategy: new LocalityTiers({ random, strategy, ...options }),
      health,
    });
    mark(health);
    return percentOfPicks(balancer, healthy.length, locality);
  }

  // envoyproxy/envoy, docs/root/intro/arch_overview/upstream/load_balancing/locality_weight.rst.
  it.each([
    [100, 33],
    [70, 33],
    [69, 32],
    [50, 26],
    [25, 15],
    [0, 0],
  ])(
    'weights 1 and 2, %s percent of the first healthy: it gets %s percent of requests from nowhere',
    (healthy, expected) => {
      expect(Math.abs((percents([healthy, 100], [1, 2], undefined)[0] ?? 0) - expected)).toBeLessThan(1.8);
    },
  );

  it.each([
    [100, 100],
    [72, 100],
    [50, 70],
    [0, 0],
  ])('%s percent of home healthy: %s percent stay at home', (healthy, expected) => {
    expect(Math.abs((percents([healthy, 100, 100], [1, 1, 1], 'z0')[0] ?? 0) - expected)).toBeLessThan(1.8);
  });

  it('a zone that sends more than its part keeps what makes all endpoints equally busy; the rest goes where there is room', () => {
    // Half of the requests come from z0, which has a quarter of the room: half of them stay. z1 sends as much as it can
    // take, z2 has the other quarter left.
    const callers = { z0: 2, z1: 1, z2: 1 };
    const [home = 0, second = 0, third = 0] = percents([100, 100, 100], [1, 1, 2], 'z0', { callers });
    expect(Math.abs(home - 50)).toBeLessThan(1.8);
    expect(second).toBe(0);
    expect(Math.abs(third - 50)).toBeLessThan(1.8);
    expect(percents([100, 100, 100], [1, 1, 2], 'z2', { callers })).toEqual([0, 0, 100]);
  });

  it('refuses callers that are none', () => {
    expect(() => new LocalityTiers({ random, strategy, callers: { a: -1 } })).toThrow('callers of "a" is -1');
    expect(() => new LocalityTiers({ random, strategy, callers: { a: 0 } })).toThrow('callers are all 0');
  });
});

describe('deterministic subsets', () => {
  const endpoints = Array.from({ length: 12 }, (_, number) => ({ id: `n${number}` }));

  it('each endpoint has equally many clients, and the clients of a round have none in common', () => {
    const counts = new Map(endpoints.map(({ id }) => [id, 0]));
    for (let client = 0; client < 30; client++) {
      const subset = deterministicSubset(endpoints, { client, size: 4 });
      expect(new Set(subset).size).toBe(4);
      for (const { id } of subset) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect(new Set(counts.values())).toEqual(new Set([10]));
  });

  it('where the size does not divide them, no one has more clients than there were rounds', () => {
    const counts = new Map(endpoints.map(({ id }) => [id, 0]));
    for (let client = 0; client < 2 * 50; client++) {
      for (const { id } of deterministicSubset(endpoints, { client, size: 5 })) {
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
    }
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(50);
    // Ten of twelve each round: chance puts no one far from five in six.
    expect(Math.min(...counts.values())).toBeGreaterThan(50 * (5 / 6) - 12);
  });

  it('does not depend on the order of the list, and gives all when there are no more', () => {
    const options = { client: 7, size: 4 };
    expect(deterministicSubset([...endpoints].reverse(), options)).toEqual(
      deterministicSubset(endpoints, options),
    );
    expect(deterministicSubset(endpoints, { client: 7, size: 12 })).toHaveLength(12);
    expect(() => deterministicSubset(endpoints, { client: -1, size: 4 })).toThrow('client is -1');
    expect(() => deterministicSubset(endpoints, { client: 0, size: 0 })).toThrow('size is 0');
  });
});

describe('weights from reports, by gRFC A58', () => {
  it.each([
    [{ perSecond: 100, utilization: 0.5 }, 1, 200],
    [{ perSecond: 100, errorsPerSecond: 25, utilization: 0.5 }, 1, 100 / 0.75],
    [{ perSecond: 100, errorsPerSecond: 25, utilization: 0.5 }, 2, 100],
    [{ perSecond: 100, errorsPerSecond: 25, utilization: 0.5 }, 0, 200],
    [{ perSecond: 0, utilization: 0.5 }, 1, undefined],
    [{ perSecond: 9, utilization: 0 }, 1, undefined],
  ])('%j with penalty %s: %s', (report, penalty, weight) => {
    expect(reportedWeight(report, penalty)).toBe(weight);
  });

  it('refuses negative numbers', () => {
    expect(() => reportedWeight({ perSecond: 1, utilization: 1 }, -1)).toThrow('errorPenalty is -1');
    expect(() => reportedWeight({ perSecond: -1, utilization: 1 })).toThrow('perSecond is -1');
  });

  it('who has none gets the mean; with fewer than two all are equal', () => {
    expect(fillWeights([10, undefined, 30])).toEqual([10, 20, 30]);
    expect(fillWeights([10, undefined, undefined])).toEqual([1, 1, 1]);
  });
});
