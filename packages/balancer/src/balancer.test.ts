import { Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { Balancer } from './balancer.js';
import type { Endpoint } from './endpoint.js';
import type { Health, HealthVerdicts } from './health.js';
import { HealthMarks } from './health-marks.js';
import { LeastRequest } from './least-request.js';
import { Pick } from './pick.js';
import { PickExplanation } from './pick-explanation.js';
import { RoundRobin } from './round-robin.js';

const at = (nowMs: number) => ({ nowMs });
const success = (nowMs = 0) => ({ result: 'success', nowMs }) as const;

function leastRequest(ids: readonly string[], health?: Health) {
  return new Balancer<Endpoint>({
    endpoints: ids.map((id) => ({ id })),
    strategy: new LeastRequest({ random: new Random(1) }),
    ...(health === undefined ? {} : { health }),
  });
}

function picked(pick: ReturnType<Balancer['pick']>): Pick {
  if (pick.type === 'none') throw new Error(`nothing picked: ${pick.reason}`);
  return pick;
}

describe('nowhere to go', () => {
  it('says why: empty, drained, unavailable, excluded', () => {
    const health = new HealthMarks();
    const balancer = leastRequest([], health);
    expect(balancer.pick(at(0))).toEqual({ type: 'none', reason: 'empty' });
    balancer.update([{ id: 'a', weight: 0 }]);
    expect(balancer.pick(at(0))).toEqual({ type: 'none', reason: 'drained' });
    balancer.update([{ id: 'a', weight: 0 }, { id: 'b' }]);
    health.set('b', false);
    expect(balancer.pick(at(0))).toEqual({ type: 'none', reason: 'unavailable' });
    health.set('b', true);
    expect(balancer.pick({ nowMs: 0, excluded: ['b', 'x'] })).toEqual({ type: 'none', reason: 'excluded' });
    expect(picked(balancer.pick(at(0))).endpoint.id).toBe('b');
  });
});

describe('sets that are refused', () => {
  it.each([
    ['an empty id', [{ id: '' }], 'endpoint id is "": it must be a string that is not empty'],
    ['an id twice', [{ id: 'a' }, { id: 'a' }], 'endpoint id "a" stands twice: ids must be unique'],
    ['NaN', [{ id: 'a', weight: Number.NaN }], 'weight of endpoint "a" is NaN: it must be 0'],
    ['infinity', [{ id: 'a', weight: Number.POSITIVE_INFINITY }], 'weight of endpoint "a" is Infinity'],
    ['a negative weight', [{ id: 'a', weight: -1 }], 'weight of endpoint "a" is -1'],
    ['a weight that sums to infinity', [{ id: 'a', weight: 1e308 }], 'weight of endpoint "a" is 1e+308'],
    ['a weight that rounds to nothing', [{ id: 'a', weight: 1e-320 }], 'weight of endpoint "a" is'],
    ['half a tier', [{ id: 'a', priority: 0.5 }], 'priority of endpoint "a" is 0.5: it must be a whole'],
  ])('%s', (_, endpoints, message) => {
    const balancer = leastRequest(['a', 'b']);
    const busy = picked(balancer.pick(at(0)));
    const before = balancer.status();
    expect(() => balancer.update(endpoints)).toThrow(message);
    expect(balancer.status()).toEqual(before);
    expect(balancer.done(busy, success())).toBe(true);
  });

  it('text in place of a number, as a caller without types may give it', () => {
    const endpoints = JSON.parse('[{ "id": "a", "weight": "2" }]');
    expect(() => leastRequest([]).update(endpoints)).toThrow('weight of endpoint "a" is "2"');
  });

  it('-0 is 0: drained', () => {
    const balancer = leastRequest([]);
    balancer.update([{ id: 'a', weight: -0 }]);
    expect(balancer.status()).toEqual([
      { endpoint: { id: 'a', weight: -0 }, weight: 0, share: 1, inFlight: 0 },
    ]);
    expect(balancer.pick(at(0))).toEqual({ type: 'none', reason: 'drained' });
  });
});

describe('the end of a pick', () => {
  it('counts once, and only for the balancer that picked', () => {
    const balancer = leastRequest(['a']);
    const pick = picked(balancer.pick(at(0)));
    expect(leastRequest(['a']).done(pick, success())).toBe(false);
    expect(balancer.status()[0]?.inFlight).toBe(1);
    expect(balancer.done(pick, success())).toBe(true);
    expect(balancer.done(pick, success())).toBe(false);
    expect(balancer.status()[0]?.inFlight).toBe(0);
  });

  it('of an endpoint that has left neither brings it back nor counts it below zero', () => {
    const balancer = leastRequest(['a']);
    const early = picked(balancer.pick(at(0)));
    const late = picked(balancer.pick(at(0)));
    balancer.update([]);
    balancer.done(early, success());
    balancer.update([{ id: 'b' }]);
    expect(balancer.status()).toEqual([{ endpoint: { id: 'b' }, weight: 1, share: 1, inFlight: 0 }]);
    balancer.update([{ id: 'a' }, { id: 'b' }]);
    expect(balancer.status().map(({ inFlight }) => inFlight)).toEqual([0, 1]);
    balancer.done(late, success());
    expect(balancer.status().map(({ inFlight }) => inFlight)).toEqual([0, 0]);
  });

  it('lets the same object serve the next pick, and never one that is still in flight', () => {
    const balancer = leastRequest(['a', 'b']);
    const first = picked(balancer.pick(at(0)));
    const second = balancer.pick(at(1), first);
    expect(second).not.toBe(first);
    balancer.done(first, success(2));
    const third = picked(balancer.pick(at(3), first));
    expect(third).toBe(first);
    expect(third).toMatchObject({ isOpen: true, pickedAtMs: 3 });
    expect(third).toBeInstanceOf(Pick);
  });
});

describe('health', () => {
  it('is told of the set, of time, of each pick and of each end, with the latency', () => {
    const told: string[] = [];
    let verdicts: HealthVerdicts | undefined;
    const health: Health = {
      update: (given, nowMs) => {
        verdicts = given;
        told.push(`set ${given.slots.map((slot) => given.idOf(slot))} +${given.added.length} at ${nowMs}`);
      },
      advance: (nowMs) => told.push(`time ${nowMs}`),
      picked: (slot, nowMs) => told.push(`picked ${verdicts?.idOf(slot)} at ${nowMs}`),
      ended: (slot, result, latencyMs, nowMs) =>
        told.push(`${result} of ${verdicts?.idOf(slot)} after ${latencyMs} at ${nowMs}`),
    };
    const balancer = leastRequest(['a'], health);
    const pick = picked(balancer.pick(at(5)));
    balancer.done(pick, { result: 'failure', nowMs: 9 });
    balancer.done(picked(balancer.pick(at(2))), { result: 'success', nowMs: Number.NaN, latencyMs: 7 });
    balancer.update([{ id: 'a' }, { id: 'b' }], 20);
    expect(told).toEqual([
      'set a +1 at 0',
      'time 5',
      'picked a at 5',
      'failure of a after 4 at 9',
      'time 9',
      'picked a at 9',
      'success of a after 7 at 9',
      'set a,b +1 at 20',
    ]);
  });

  it('leaves out who has no share, also between calls, and keeps the share of who stays', () => {
    const health = new HealthMarks();
    const balancer = leastRequest(['a', 'b'], health);
    expect(health.set('a', false)).toBe(true);
    expect(health.set('x', false)).toBe(false);
    balancer.update([{ id: 'c' }, { id: 'a' }]);
    expect(balancer.status().map(({ endpoint, share }) => [endpoint.id, share])).toEqual([
      ['a', 0],
      ['c', 1],
    ]);
    balancer.update([{ id: 'c' }]);
    balancer.update([{ id: 'c' }, { id: 'a' }]);
    expect(health.isHealthy('a')).toBe(true);
  });

  it('in a panic all are used, until one is healthy again', () => {
    const health = new HealthMarks({ whenAllUnhealthy: 'panic', newcomersHealthy: false });
    const balancer = leastRequest(['a', 'b'], health);
    expect(new Set([1, 2].map((nowMs) => picked(balancer.pick(at(nowMs))).endpoint.id)).size).toBe(2);
    health.set('a', true);
    expect(balancer.status().map(({ share }) => share)).toEqual([1, 0]);
  });
});

describe('why this endpoint', () => {
  it('names the strategy, the scores and who could not be picked', () => {
    const health = new HealthMarks();
    const balancer = leastRequest(['a', 'b', 'c', 'd'], health);
    balancer.update([{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd', weight: 0 }]);
    health.set('c', false);
    balancer.pick({ nowMs: 0, excluded: ['b'] });
    const explanation = new PickExplanation();
    balancer.pick({ nowMs: 0, explanation });
    expect(explanation.picked).toBe('b');
    expect([...explanation.considered].sort((left, right) => left.score - right.score)).toEqual([
      { id: 'b', score: 1 },
      { id: 'a', score: 2 },
    ]);
    expect(explanation.passedOver).toEqual([
      { id: 'c', reason: 'unavailable' },
      { id: 'd', reason: 'drained' },
    ]);
    expect(explanation.toString()).toContain('least request picked b; (requests in flight + failures + 1)');
    balancer.pick({ nowMs: 0, excluded: ['a', 'b'], explanation });
    expect(explanation.toString()).toBe(
      'least request picked none; passed over: a (excluded), b (excluded), c (unavailable), d (drained)',
    );
  });
});

it('an endpoint that fails fast draws no more requests than one that takes failureMs', () => {
  const balancer = new Balancer({
    endpoints: [{ id: 'hole' }, { id: 'good' }],
    strategy: new LeastRequest({ random: new Random(1), failureMs: 1000 }),
  });
  const ends: { readonly atMs: number; readonly pick: Pick }[] = [];
  let fails = 0;
  for (let nowMs = 0; nowMs < 20_000; nowMs += 2) {
    for (const due of ends.splice(0, ends.findIndex(({ atMs }) => atMs > nowMs) >>> 0)) {
      balancer.done(due.pick, success(nowMs));
    }
    const pick = picked(balancer.pick(at(nowMs)));
    if (pick.endpoint.id === 'good') ends.push({ atMs: nowMs + 50, pick });
    else {
      fails += 1;
      balancer.done(pick, { result: 'failure', nowMs });
    }
  }
  // 500 requests/s, 50 ms each at one endpoint and 1000 ms at the other: by Little's law 1/21 of them.
  expect(fails / 10_000).toBeGreaterThan(0.03);
  expect(fails / 10_000).toBeLessThan(0.07);
});

it('round robin goes on with whoever is next of those that stay', () => {
  const strategy = new RoundRobin({ random: new Random(3) });
  const balancer = new Balancer({ endpoints: ['a', 'b', 'c', 'd'].map((id) => ({ id })), strategy });
  const order = [1, 2, 3, 4].map((nowMs) => picked(balancer.pick(at(nowMs))).endpoint.id);
  balancer.pick(at(5));
  balancer.update(order.filter((id) => id !== order[1]).map((id) => ({ id })));
  expect(picked(balancer.pick(at(6))).endpoint.id).toBe(order[2]);
});
