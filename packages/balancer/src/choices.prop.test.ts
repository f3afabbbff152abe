/** Who compares never takes the worse. */
import { Random } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Balancer } from './balancer.js';
import type { Endpoint } from './endpoint.js';
import { LeastRequest } from './least-request.js';
import { PeakEwma } from './peak-ewma.js';
import type { Pick } from './pick.js';
import { PickExplanation } from './pick-explanation.js';
import { PowerOfChoices } from './power-of-choices.js';
import { Prequal } from './prequal.js';
import { ServerLoad } from './server-load.js';
import type { Strategy } from './strategy.js';

const weights = fc.array(fc.constantFrom(0.5, 1, 1, 3), { minLength: 1, maxLength: 8 });

function picked(pick: ReturnType<Balancer['pick']>): Pick {
  if (pick.type === 'none') throw new Error(pick.reason);
  return pick;
}

function named(given: readonly number[]): readonly Endpoint[] {
  return given.map((weight, place) => ({ id: `n${place}`, weight }));
}

/** Picks and ends at random, and shows each pick with what was in flight before it. */
function run(
  strategy: Strategy,
  given: readonly number[],
  seed: number,
  see: (id: string, considered: readonly string[], loadOf: (id: string) => number) => void,
): void {
  const balancer = new Balancer({ endpoints: named(given), strategy });
  const chance = new Random(seed);
  const underWay: Pick[] = [];
  const explanation = new PickExplanation();
  for (let request = 0; request < 60; request++) {
    if (chance.chance(0.4) && underWay.length > 0) {
      const [ended] = underWay.splice(chance.integer(0, underWay.length), 1);
      if (ended !== undefined) balancer.done(ended, { result: 'success', nowMs: request });
    }
    const before = new Map(
      balancer.status().map((each) => [each.endpoint.id, (each.inFlight + 1) / each.weight]),
    );
    const pick = picked(balancer.pick({ nowMs: request, explanation }));
    underWay.push(pick);
    const considered = explanation.considered.map(({ id }) => id);
    see(pick.endpoint.id, considered, (id) => before.get(id) ?? Number.NaN);
  }
}

describe('never a busier one', () => {
  it('least request: of all', () => {
    fc.assert(
      fc.property(weights, fc.nat(), (given, seed) => {
        run(new LeastRequest({ random: new Random(seed) }), given, seed, (id, considered, loadOf) => {
          expect(considered).toHaveLength(given.length);
          expect(loadOf(id)).toBe(Math.min(...considered.map(loadOf)));
        });
      }),
      { numRuns: 50 },
    );
  });

  it.each([1, 2, 3, 8])('power of choices: of a sample of %s different ones', (choices) => {
    fc.assert(
      fc.property(weights, fc.nat(), (given, seed) => {
        const strategy = new PowerOfChoices({ random: new Random(seed), choices });
        run(strategy, given, seed, (id, considered, loadOf) => {
          expect(new Set(considered).size).toBe(Math.min(choices, given.length));
          expect(considered).toHaveLength(Math.min(choices, given.length));
          expect(loadOf(id)).toBe(Math.min(...considered.map(loadOf)));
        });
      }),
      { numRuns: 30 },
    );
  });
});

it('least request: k endpoints that stay tied share m picks, each gets ⌊m/k⌋ or ⌈m/k⌉', () => {
  const cases = fc.record({
    seed: fc.nat(),
    busy: fc.nat(3),
    tied: fc.integer({ min: 1, max: 6 }),
    requests: fc.nat(100),
  });
  fc.assert(
    fc.property(cases, ({ seed, busy, tied, requests }) => {
      const set: readonly Endpoint[] = named(Array.from({ length: tied + busy }, () => 1));
      const balancer = new Balancer({
        endpoints: set,
        strategy: new LeastRequest({ random: new Random(seed) }),
      });
      const held = set.map(() => picked(balancer.pick({ nowMs: 0 })));
      for (const pick of held.slice(busy)) balancer.done(pick, { result: 'success', nowMs: 0 });
      const counts = new Map(held.slice(busy).map(({ endpoint }) => [endpoint.id, 0]));
      for (let request = 0; request < requests; request++) {
        const pick = picked(balancer.pick({ nowMs: 0 }));
        counts.set(pick.endpoint.id, (counts.get(pick.endpoint.id) ?? Number.NaN) + 1);
        balancer.done(pick, { result: 'success', nowMs: 0 });
      }
      for (const count of counts.values()) {
        expect(count).toBeGreaterThanOrEqual(Math.floor(requests / tied));
        expect(count).toBeLessThanOrEqual(Math.ceil(requests / tied));
      }
    }),
  );
});

it('power of choices: of two idle ones each gets half, and not the first of the list', () => {
  const balancer = new Balancer({
    endpoints: named([1, 1]),
    strategy: new PowerOfChoices({ random: new Random(4) }),
  });
  let first = 0;
  for (let request = 0; request < 10_000; request++) {
    const pick = picked(balancer.pick({ nowMs: 0 }));
    if (pick.endpoint.id === 'n0') first += 1;
    balancer.done(pick, { result: 'success', nowMs: 0 });
  }
  expect(Math.abs(first - 5000)).toBeLessThan(250);
});

describe('peak EWMA', () => {
  /** The score of the one endpoint of a set, as the next pick sees it. */
  function score(balancer: Balancer, nowMs: number): number {
    const explanation = new PickExplanation();
    balancer.done(picked(balancer.pick({ nowMs, explanation })), {
      result: 'cancelled',
      nowMs,
      latencyMs: 0,
    });
    return explanation.considered[0]?.score ?? Number.NaN;
  }

  function observed(
    balancer: Balancer,
    nowMs: number,
    latencyMs: number,
    result: 'success' | 'failure' = 'success',
  ) {
    const pick = picked(balancer.pick({ nowMs }));
    balancer.done(pick, { result, nowMs, latencyMs });
  }

  function single(decayMs = 100) {
    const strategy = new PeakEwma({ random: new Random(1), decayMs, failureMs: 5000 });
    return new Balancer<Endpoint>({ endpoints: [{ id: 'a' }], strategy });
  }

  it("is Finagle's: jumps to a peak, decays by e^(-dt/tau), and looking is a sample of 0", () => {
    const balancer = single();
    expect(score(balancer, 0)).toBe(0);
    observed(balancer, 0, 80);
    expect(score(balancer, 0)).toBe(80);
    expect(score(balancer, 50)).toBeCloseTo(80 * Math.exp(-0.5), 10);
    const pick = picked(balancer.pick({ nowMs: 50 }));
    // 25 ms later: cost * w + rtt * (1 - w), w = e^(-25/100).
    balancer.done(pick, { result: 'success', nowMs: 75, latencyMs: 10 });
    const kept = Math.exp(-0.25);
    const cost = 80 * Math.exp(-0.5) * kept + 10 * (1 - kept);
    expect(score(balancer, 75)).toBeCloseTo(cost, 10);
    picked(balancer.pick({ nowMs: 75 }));
    expect(score(balancer, 75)).toBeCloseTo(2 * cost, 10);
  });

  it('who has never answered is asked once, and then comes after everyone', () => {
    const strategy = new PeakEwma({ random: new Random(1) });
    const balancer = new Balancer({ endpoints: named([1, 1]), strategy });
    const first = picked(balancer.pick({ nowMs: 0 }));
    const second = picked(balancer.pick({ nowMs: 0 }));
    expect(second.endpoint.id).not.toBe(first.endpoint.id);
    balancer.done(first, { result: 'success', nowMs: 9000 });
    for (let request = 0; request < 5; request++) {
      expect(picked(balancer.pick({ nowMs: 9000 })).endpoint.id).toBe(first.endpoint.id);
    }
  });

  it('a fast failure counts as a slow answer; a cancelled request can raise the cost and not lower it', () => {
    const balancer = single(1e6);
    observed(balancer, 0, 1, 'failure');
    expect(score(balancer, 0)).toBe(5000);
    const pick = picked(balancer.pick({ nowMs: 0 }));
    balancer.done(pick, { result: 'cancelled', nowMs: 0, latencyMs: 1 });
    expect(score(balancer, 0)).toBe(5000);
    const longer = picked(balancer.pick({ nowMs: 0 }));
    balancer.done(longer, { result: 'cancelled', nowMs: 0, latencyMs: 6000 });
    expect(score(balancer, 0)).toBe(6000);
  });
});

const strategies: readonly (readonly [string, (random: Random) => Strategy])[] = [
  ['least request', (random) => new LeastRequest({ random, failureMs: 2000 })],
  ['power of choices', (random) => new PowerOfChoices({ random, failureMs: 2000 })],
  ['peak EWMA', (random) => new PeakEwma({ random, failureMs: 2000 })],
  ['Prequal', (random) => new Prequal({ random, failureMs: 2000 })],
];

it.each(strategies)('%s: failures at once draw no more requests than an even share', (_, create) => {
  const strategy = create(new Random(8));
  const set: readonly Endpoint[] = named([1, 1, 1, 1, 1]);
  const balancer = new Balancer({ endpoints: set, strategy });
  const loads = new Map(set.map(({ id }) => [id, new ServerLoad()]));
  const underWay: { readonly endsAtMs: number; readonly end: () => void }[] = [];
  let failed = 0;
  const requests = 10_000;
  for (let nowMs = 0; nowMs < requests; nowMs++) {
    while ((underWay[0]?.endsAtMs ?? Number.POSITIVE_INFINITY) <= nowMs) underWay.shift()?.end();
    const pick = picked(balancer.pick({ nowMs }));
    if (strategy instanceof Prequal) {
      for (const id of strategy.takeProbes()) {
        const answer = loads.get(id)?.answer();
        if (answer !== undefined) strategy.answered(id, answer, nowMs);
      }
    }
    if (pick.endpoint.id === 'n0') {
      failed += 1;
      balancer.done(pick, { result: 'failure', nowMs });
      continue;
    }
    const load = loads.get(pick.endpoint.id);
    const inFlight = load?.begin() ?? 0;
    underWay.push({
      endsAtMs: nowMs + 20,
      end: () => {
        load?.end(inFlight, 20);
        balancer.done(pick, { result: 'success', nowMs });
      },
    });
  }
  expect(failed / requests).toBeLessThan(0.2);
});

describe('Prequal', () => {
  const answers = {
    a: { requestsInFlight: 9, latencyMs: 1 },
    b: { requestsInFlight: 1, latencyMs: 30 },
    c: { requestsInFlight: 0, latencyMs: 40 },
  };

  function probed(coldShare: number) {
    const strategy = new Prequal({ random: new Random(1), coldShare, removalsPerPick: 0, probeAgeMs: 500 });
    const balancer = new Balancer<Endpoint>({ endpoints: [{ id: 'a' }, { id: 'b' }, { id: 'c' }], strategy });
    for (const [id, answer] of Object.entries(answers)) expect(strategy.answered(id, answer, 0)).toBe(true);
    return { strategy, balancer };
  }

  it('of the cold the fastest, whatever a hot one says of its latency', () => {
    expect(picked(probed(0.6).balancer.pick({ nowMs: 0 })).endpoint.id).toBe('b');
  });

  it('with all of them cold latency decides; with hardly any, requests in flight', () => {
    expect(picked(probed(1).balancer.pick({ nowMs: 0 })).endpoint.id).toBe('a');
    expect(picked(probed(0).balancer.pick({ nowMs: 0 })).endpoint.id).toBe('c');
  });

  it('its own requests count at once, before the next answer', () => {
    const { balancer } = probed(0);
    const ids = [0, 1, 2].map((nowMs) => picked(balancer.pick({ nowMs })).endpoint.id);
    expect(ids).toEqual(['c', 'b', 'c']);
  });

  it('forgets answers with age, and of who has left, and takes none that make no sense', () => {
    const { strategy, balancer } = probed(0);
    const explanation = new PickExplanation();
    balancer.update([{ id: 'a' }, { id: 'c' }, { id: 'd' }]);
    balancer.pick({ nowMs: 499, explanation });
    expect(explanation.considered.map(({ id }) => id)).toEqual(['a', 'c']);
    balancer.pick({ nowMs: 500, explanation });
    expect(explanation.considered).toEqual([]);
    expect(strategy.answered('b', answers.b, 500)).toBe(false);
    expect(strategy.answered('a', { requestsInFlight: Number.NaN, latencyMs: 1 }, 500)).toBe(false);
    expect(strategy.answered('a', { requestsInFlight: -1, latencyMs: 1 }, 500)).toBe(false);
  });

  it('asks for as many probes as it was told, on the average', () => {
    const strategy = new Prequal({ random: new Random(1), probesPerPick: 1.5 });
    const balancer = new Balancer({ endpoints: named(Array.from({ length: 40 }, () => 1)), strategy });
    let probes = 0;
    for (let nowMs = 0; nowMs < 100; nowMs++) {
      balancer.pick({ nowMs });
      const asked = strategy.takeProbes();
      expect(new Set(asked).size).toBe(asked.length);
      probes += asked.length;
    }
    expect(probes).toBe(150);
  });

  it.each([
    [{ probesPerPick: 0 }, 'probesPerPick is 0'],
    [{ poolSize: 1 }, 'poolSize is 1'],
    [{ coldShare: 2 }, 'coldShare is 2'],
    [{ failureMs: -1 }, 'failureMs is -1'],
  ])('refuses %j', (options, message) => {
    expect(() => new Prequal({ random: new Random(1), ...options })).toThrow(message);
  });
});

it('a server tells the median of what took as many requests in flight, or nearly as many', () => {
  const load = new ServerLoad();
  expect(load.answer()).toEqual({ requestsInFlight: 0, latencyMs: 0 });
  for (const latencyMs of [5, 7, 90]) load.end(load.begin(), latencyMs);
  expect(load.answer()).toEqual({ requestsInFlight: 0, latencyMs: 7 });
  load.begin();
  const second = load.begin();
  expect(load.answer()).toEqual({ requestsInFlight: 2, latencyMs: 7 });
  load.end(second, 20);
  expect(load.answer()).toEqual({ requestsInFlight: 1, latencyMs: 20 });
});

it.each([
  [
    () => new PowerOfChoices({ random: new Random(1), choices: 0 }),
    'choices is 0: it must be a whole number',
  ],
  [() => new PowerOfChoices({ random: new Random(1), bias: -1 }), 'bias is -1: it must be a number from 0'],
  [() => new PeakEwma({ random: new Random(1), decayMs: 0 }), 'decayMs is 0: it must be'],
  [() => new LeastRequest({ random: new Random(1), failureMs: Number.NaN }), 'failureMs is NaN: it must be'],
])('settings out of range are refused: %#', (create, message) => {
  expect(create).toThrow(message);
});
