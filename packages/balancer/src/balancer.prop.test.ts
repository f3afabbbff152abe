import { Random } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Balancer, BalancerOptions, Pick } from './balancer.js';
import type { Endpoint } from './endpoint.js';
import { LeastRequest } from './least-request.js';
import { RoundRobin } from './round-robin.js';

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
const idSets = fc.subarray(ids).chain((some) => fc.shuffledSubarray(some, { minLength: some.length }));

type Step =
  | { readonly type: 'pick' }
  | { readonly type: 'done'; readonly which: number; readonly times: number }
  | { readonly type: 'healthy'; readonly id: string; readonly healthy: boolean }
  | { readonly type: 'set'; readonly ids: readonly string[] };

const pickStep: fc.Arbitrary<Step> = fc.constant({ type: 'pick' });
const doneStep: fc.Arbitrary<Step> = fc.record({
  type: fc.constant('done'),
  which: fc.nat(),
  times: fc.integer({ min: 1, max: 2 }),
});
const healthyStep: fc.Arbitrary<Step> = fc.record({
  type: fc.constant('healthy'),
  id: fc.constantFrom(...ids),
  healthy: fc.boolean(),
});
const setStep: fc.Arbitrary<Step> = fc.record({ type: fc.constant('set'), ids: idSets });
const steps = fc.array(
  fc.oneof(
    { arbitrary: pickStep, weight: 6 },
    { arbitrary: doneStep, weight: 4 },
    { arbitrary: healthyStep, weight: 3 },
    { arbitrary: setStep, weight: 1 },
  ),
  { maxLength: 120 },
);

type Create = (endpoints: readonly Endpoint[], options: BalancerOptions) => Balancer;
const strategies: readonly (readonly [name: string, create: Create])[] = [
  ['RoundRobin', (endpoints, options) => new RoundRobin(endpoints, options)],
  ['LeastRequest', (endpoints, options) => new LeastRequest(endpoints, options)],
];
const modes = ['fail', 'panic'] as const;

/** The plainest account of what a balancer must know. */
class Account {
  readonly healthy = new Map<string, boolean>();
  readonly underWay: Pick[] = [];

  setEndpoints(listed: readonly string[]): void {
    for (const id of this.healthy.keys()) if (!listed.includes(id)) this.healthy.delete(id);
    for (const id of listed) if (!this.healthy.has(id)) this.healthy.set(id, true);
  }

  candidates(mode: 'fail' | 'panic'): string[] {
    const listed = [...this.healthy.keys()];
    const fit = listed.filter((id) => this.healthy.get(id));
    return fit.length === 0 && mode === 'panic' ? listed : fit;
  }

  inFlight(id: string): number {
    return this.underWay.filter((pick) => pick.endpoint.id === id).length;
  }
}

/** Runs the steps, and holds every answer against the account. `onPick` sees each pick before it is counted. */
function run(
  balancer: Balancer,
  account: Account,
  mode: 'fail' | 'panic',
  all: readonly Step[],
  onPick: (id: string, candidates: readonly string[]) => void,
): void {
  for (const step of all) {
    if (step.type === 'pick') {
      const candidates = account.candidates(mode);
      const pick = balancer.pick();
      if (pick.type === 'none') {
        expect(candidates).toEqual([]);
        expect(pick.reason).toBe(account.healthy.size === 0 ? 'empty' : 'unhealthy');
        continue;
      }
      expect(candidates).toContain(pick.endpoint.id);
      onPick(pick.endpoint.id, candidates);
      account.underWay.push(pick);
    } else if (step.type === 'done') {
      const [pick] = account.underWay.splice(step.which % Math.max(1, account.underWay.length), 1);
      for (let time = 0; time < step.times; time++) pick?.done('success');
    } else if (step.type === 'healthy') {
      const known = account.healthy.has(step.id);
      if (known) account.healthy.set(step.id, step.healthy);
      expect(balancer.setHealthy(step.id, step.healthy)).toBe(known);
    } else {
      account.setEndpoints(step.ids);
      balancer.setEndpoints(step.ids.map((id) => ({ id })));
    }
    for (const { endpoint, healthy, inFlight } of balancer.status()) {
      expect(healthy).toBe(account.healthy.get(endpoint.id));
      expect(inFlight).toBe(account.inFlight(endpoint.id));
    }
    expect(balancer.status()).toHaveLength(account.healthy.size);
  }
}

describe.each(strategies)('laws of %s', (_, create) => {
  it.each(modes)(
    'whatever happens, picks are healthy and listed (all of them in panic), counts are true, and none means none: %s',
    (mode) => {
      fc.assert(
        fc.property(fc.nat(), idSets, steps, (seed, first, all) => {
          const account = new Account();
          account.setEndpoints(first);
          const options = { random: new Random(seed), whenAllUnhealthy: mode };
          run(
            create(
              first.map((id) => ({ id })),
              options,
            ),
            account,
            mode,
            all,
            () => {},
          );
        }),
        { numRuns: 400 },
      );
    },
  );

  it('n healthy endpoints and m requests, one after the other: each gets ⌊m/n⌋ or ⌈m/n⌉', () => {
    const sizes = fc.record({
      listed: fc.integer({ min: 1, max: 40 }),
      unhealthy: fc.array(fc.nat(39)),
      before: fc.nat(50),
      requests: fc.nat(400),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(sizes, ({ listed, unhealthy, before, requests, seed }) => {
        const endpoints = Array.from({ length: listed }, (_unused, number) => ({ id: `n${number}` }));
        const balancer = create(endpoints, { random: new Random(seed) });
        for (let request = 0; request < before; request++) pickAndEnd(balancer);
        for (const number of unhealthy) balancer.setHealthy(`n${number}`, false);
        const counts = new Map(
          balancer.status().flatMap(({ endpoint, healthy }) => (healthy ? [[endpoint.id, 0]] : [])),
        );
        fc.pre(counts.size > 0);
        for (let request = 0; request < requests; request++) {
          const id = pickAndEnd(balancer) ?? '';
          counts.set(id, (counts.get(id) ?? Number.NaN) + 1);
        }
        for (const count of counts.values()) {
          expect(count).toBeGreaterThanOrEqual(Math.floor(requests / counts.size));
          expect(count).toBeLessThanOrEqual(Math.ceil(requests / counts.size));
        }
      }),
    );
  });

  it('the same seed and the same steps give the same picks', () => {
    fc.assert(
      fc.property(fc.nat(), steps, (seed, all) => {
        const [once, again] = [1, 2].map(() => {
          const picked: string[] = [];
          const account = new Account();
          account.setEndpoints(ids);
          const balancer = create(
            ids.map((id) => ({ id })),
            { random: new Random(seed) },
          );
          run(balancer, account, 'fail', all, (id) => picked.push(id));
          return picked;
        });
        expect(once).toEqual(again);
      }),
      { numRuns: 50 },
    );
  });
});

describe('law of RoundRobin', () => {
  it('whatever the health of others, none is picked twice between two picks of an endpoint that stays healthy', () => {
    const changes = steps.map((all) => all.filter((step) => step.type !== 'set'));
    fc.assert(
      fc.property(fc.nat(), changes, (seed, all) => {
        const account = new Account();
        account.setEndpoints(ids);
        const picked: string[] = [];
        const steady = all.filter((step) => step.type !== 'healthy' || step.id !== 'a');
        const balancer = new RoundRobin(
          ids.map((id) => ({ id })),
          { random: new Random(seed) },
        );
        run(balancer, account, 'fail', steady, (id) => picked.push(id));
        for (const turn of picked.join('').split('a')) expect(new Set(turn).size).toBe(turn.length);
      }),
      { numRuns: 400 },
    );
  });
});

describe('laws of LeastRequest', () => {
  it('never picks an endpoint that is busier than another one it could pick', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(...modes), steps, (seed, mode, all) => {
        const account = new Account();
        account.setEndpoints(ids);
        const options = { random: new Random(seed), whenAllUnhealthy: mode };
        const balancer = new LeastRequest(
          ids.map((id) => ({ id })),
          options,
        );
        run(balancer, account, mode, all, (id, candidates) => {
          const least = Math.min(...candidates.map((candidate) => account.inFlight(candidate)));
          expect(account.inFlight(id)).toBe(least);
        });
      }),
      { numRuns: 400 },
    );
  });

  it('k endpoints that stay tied, idle or not, below busier ones share m picks: each gets ⌊m/k⌋ or ⌈m/k⌉', () => {
    const cases = fc.record({
      seed: fc.nat(),
      tied: fc.subarray(ids, { minLength: 1 }),
      load: fc.nat(3),
      requests: fc.nat(100),
    });
    fc.assert(
      fc.property(cases, ({ seed, tied, load, requests }) => {
        const balancer = new LeastRequest(
          ids.map((id) => ({ id })),
          { random: new Random(seed) },
        );
        for (let request = 0; request < load * ids.length; request++) balancer.pick();
        const last = ids.map(() => balancer.pick()).filter((pick) => pick.type === 'picked');
        for (const pick of last) if (tied.includes(pick.endpoint.id)) pick.done('success');
        const counts = new Map(tied.map((id) => [id, 0]));
        for (let request = 0; request < requests; request++) {
          const id = pickAndEnd(balancer) ?? '';
          counts.set(id, (counts.get(id) ?? Number.NaN) + 1);
        }
        for (const count of counts.values()) {
          expect(count).toBeGreaterThanOrEqual(Math.floor(requests / tied.length));
          expect(count).toBeLessThanOrEqual(Math.ceil(requests / tied.length));
        }
      }),
    );
  });
});

function pickAndEnd(balancer: Balancer): string | undefined {
  const pick = balancer.pick();
  if (pick.type === 'none') return undefined;
  pick.done('success');
  return pick.endpoint.id;
}
