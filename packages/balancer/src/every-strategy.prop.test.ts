/** Laws that hold for every strategy, whatever happens to the set, to health and to requests. */
import { Random } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Balancer } from './balancer.js';
import { EarliestDeadline } from './earliest-deadline.js';
import type { Endpoint } from './endpoint.js';
import { HealthMarks } from './health-marks.js';
import { LeastRequest } from './least-request.js';
import { LocalityTiers } from './locality-tiers.js';
import { Maglev } from './maglev.js';
import { PeakEwma } from './peak-ewma.js';
import type { Outcome, Pick } from './pick.js';
import { PowerOfChoices } from './power-of-choices.js';
import { Prequal } from './prequal.js';
import { PriorityTiers } from './priority-tiers.js';
import { RandomChoice } from './random-choice.js';
import { Rendezvous } from './rendezvous.js';
import { RingHash } from './ring-hash.js';
import { RoundRobin } from './round-robin.js';
import { SmoothWeightedRoundRobin } from './smooth-weighted-round-robin.js';
import type { Strategy } from './strategy.js';
import { WeightedLeastRequest } from './weighted-least-request.js';
import { WeightedRandom } from './weighted-random.js';

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
const endpoints: fc.Arbitrary<readonly Endpoint[]> = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom(...ids),
    weight: fc.constantFrom(0, 0.5, 1, 1, 2, 7),
    priority: fc.constantFrom(0, 0, 1),
    locality: fc.constantFrom('x', 'y'),
  }),
  { selector: ({ id }) => id },
);

type Step =
  | { readonly type: 'pick'; readonly excluded: readonly string[]; readonly key: number }
  | {
      readonly type: 'done';
      readonly which: number;
      readonly times: number;
      readonly result: Outcome['result'];
    }
  | { readonly type: 'healthy'; readonly id: string; readonly healthy: boolean }
  | { readonly type: 'set'; readonly endpoints: readonly Endpoint[] };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant('pick' as const),
        excluded: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.subarray(ids)),
        key: fc.nat(3),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('done' as const),
        which: fc.nat(),
        times: fc.integer({ min: 1, max: 2 }),
        result: fc.constantFrom('success', 'success', 'failure', 'cancelled'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('healthy' as const),
        id: fc.constantFrom(...ids),
        healthy: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('set' as const), endpoints }) },
  ),
  { maxLength: 120 },
);

const strategies: readonly (readonly [name: string, create: (random: Random) => Strategy])[] = [
  ['RoundRobin', (random) => new RoundRobin({ random })],
  ['SmoothWeightedRoundRobin', (random) => new SmoothWeightedRoundRobin({ random })],
  ['EarliestDeadline', (random) => new EarliestDeadline({ random })],
  ['LeastRequest', (random) => new LeastRequest({ random })],
  ['WeightedLeastRequest', () => new WeightedLeastRequest()],
  ['PowerOfChoices', (random) => new PowerOfChoices({ random })],
  ['PeakEwma', (random) => new PeakEwma({ random })],
  ['Prequal', (random) => new Prequal({ random, poolSize: 3 })],
  ['RandomChoice', (random) => new RandomChoice({ random })],
  ['WeightedRandom', (random) => new WeightedRandom({ random })],
  ['RingHash', (random) => new RingHash({ random, pointsPerWeight: 4 })],
  ['RingHash, bounded', (random) => new RingHash({ random, pointsPerWeight: 4, loadFactor: 1.25 })],
  ['Maglev', (random) => new Maglev({ random, tableSize: 7 })],
  ['Maglev, bounded', (random) => new Maglev({ random, tableSize: 13, loadFactor: 1.25 })],
  ['Rendezvous, bounded', (random) => new Rendezvous({ random, loadFactor: 1.25 })],
  [
    'PriorityTiers',
    (random) => new PriorityTiers({ random, strategy: () => new EarliestDeadline({ random }) }),
  ],
  ['LocalityTiers', (random) => new LocalityTiers({ random, strategy: () => new RoundRobin({ random }) })],
];

/** The plainest account of what a balancer must know. */
class Account {
  listed = new Map<string, Endpoint>();
  readonly unhealthy = new Set<string>();
  readonly underWay: Pick[] = [];

  set(given: readonly Endpoint[]): void {
    const before = this.listed;
    this.listed = new Map(given.map((endpoint) => [endpoint.id, endpoint]));
    for (const id of this.unhealthy) if (!before.has(id) || !this.listed.has(id)) this.unhealthy.delete(id);
  }

  /** Why nothing can be picked, or who can. */
  candidates(excluded: readonly string[]): string | readonly string[] {
    const all = [...this.listed.values()];
    if (all.length === 0) return 'empty';
    const weighty = all.filter(({ weight }) => weight !== 0);
    if (weighty.length === 0) return 'drained';
    const fit = weighty.map(({ id }) => id).filter((id) => !this.unhealthy.has(id));
    if (fit.length === 0) return 'unavailable';
    const left = fit.filter((id) => !excluded.includes(id));
    return left.length === 0 ? 'excluded' : left;
  }

  inFlight(id: string): number {
    return this.underWay.filter((pick) => pick.endpoint.id === id).length;
  }
}

function run(strategy: Strategy, first: readonly Endpoint[], all: readonly Step[]): readonly string[] {
  const health = new HealthMarks();
  const balancer = new Balancer({ endpoints: first, strategy, health });
  const account = new Account();
  account.set(first);
  const picked: string[] = [];
  for (const [nowMs, step] of all.entries()) {
    if (step.type === 'pick') {
      const candidates = account.candidates(step.excluded);
      const pick = balancer.pick({ nowMs, key: step.key, excluded: step.excluded, locality: 'x' });
      if (strategy instanceof Prequal) {
        for (const id of strategy.takeProbes())
          strategy.answered(id, { requestsInFlight: 1, latencyMs: 5 }, nowMs);
      }
      if (pick.type === 'none') expect(pick.reason).toBe(candidates);
      else {
        expect(candidates).toContain(pick.endpoint.id);
        expect(pick.endpoint).toBe(account.listed.get(pick.endpoint.id));
        account.underWay.push(pick);
      }
      picked.push(pick.type === 'none' ? pick.reason : pick.endpoint.id);
    } else if (step.type === 'done') {
      const [pick] = account.underWay.splice(step.which % Math.max(1, account.underWay.length), 1);
      for (let time = 0; pick !== undefined && time < step.times; time++) {
        expect(balancer.done(pick, { result: step.result, nowMs })).toBe(time === 0);
      }
    } else if (step.type === 'healthy') {
      const known = account.listed.has(step.id);
      if (known && step.healthy) account.unhealthy.delete(step.id);
      else if (known) account.unhealthy.add(step.id);
      expect(health.set(step.id, step.healthy)).toBe(known);
    } else {
      account.set(step.endpoints);
      balancer.update(step.endpoints);
    }
    for (const { endpoint, share, inFlight } of balancer.status()) {
      expect(share).toBe(account.unhealthy.has(endpoint.id) ? 0 : 1);
      expect(inFlight).toBe(account.inFlight(endpoint.id));
    }
    expect(balancer.status()).toHaveLength(account.listed.size);
  }
  return picked;
}

describe.each(strategies)('%s', (_, create) => {
  it('picks whom it may, whenever there is one, and says why when there is none; counts are true', () => {
    fc.assert(
      fc.property(fc.nat(), endpoints, steps, (seed, first, all) => {
        run(create(new Random(seed)), first, all);
      }),
      { numRuns: 80 },
    );
  });

  it('the same seed and the same steps give the same picks', () => {
    fc.assert(
      fc.property(fc.nat(), endpoints, steps, (seed, first, all) => {
        const once = run(create(new Random(seed)), first, all);
        expect(run(create(new Random(seed)), first, all)).toEqual(once);
      }),
      { numRuns: 20 },
    );
  });
});
