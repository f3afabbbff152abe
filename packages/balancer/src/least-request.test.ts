import { Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import type { Pick } from './balancer.js';
import { LeastRequest } from './least-request.js';

const endpoints = (...ids: string[]) => ids.map((id) => ({ id }));

function leastRequest(ids: readonly string[], seed = 1): LeastRequest {
  return new LeastRequest(endpoints(...ids), { random: new Random(seed) });
}

function pickOf(balancer: LeastRequest): Pick {
  const pick = balancer.pick();
  if (pick.type === 'none') throw new Error(`none picked: ${pick.reason}`);
  return pick;
}

function inFlight(balancer: LeastRequest): Record<string, number> {
  return Object.fromEntries(balancer.status().map((status) => [status.endpoint.id, status.inFlight]));
}

describe('LeastRequest', () => {
  it('spreads requests that stay in flight evenly', () => {
    const balancer = leastRequest(['a', 'b', 'c']);
    for (let request = 0; request < 7; request++) pickOf(balancer);
    expect(Object.values(inFlight(balancer)).sort()).toEqual([2, 2, 3]);
  });

  it('sends the next request to whoever finished first', () => {
    const balancer = leastRequest(['a', 'b', 'c']);
    const picks = [pickOf(balancer), pickOf(balancer), pickOf(balancer)];
    for (const finished of picks) {
      finished.done('success');
      expect(pickOf(balancer).endpoint.id).toBe(finished.endpoint.id);
    }
  });

  it('gives a slow endpoint fewer requests: one that takes nine times as long gets about a ninth', () => {
    const balancer = leastRequest(['slow', 'fast']);
    const underWay: { pick: Pick; doneAt: number }[] = [];
    const share = { slow: 0, fast: 0 };
    for (let now = 0; now < 9000; now++) {
      for (const request of underWay.filter(({ doneAt }) => doneAt === now)) request.pick.done('success');
      const pick = pickOf(balancer);
      const slow = pick.endpoint.id === 'slow';
      share[slow ? 'slow' : 'fast'] += 1;
      underWay.push({ pick, doneAt: now + (slow ? 90 : 10) });
    }
    expect(share.slow / share.fast).toBeGreaterThan(0.09);
    expect(share.slow / share.fast).toBeLessThan(0.14);
  });

  it('lets idle endpoints take turns, from a random one on', () => {
    const firsts = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const balancer = leastRequest(['a', 'b', 'c'], seed);
      const picked = Array.from({ length: 6 }, () => {
        const pick = pickOf(balancer);
        pick.done('success');
        return pick.endpoint.id;
      });
      for (const id of ['a', 'b', 'c']) expect(picked.filter((other) => other === id)).toHaveLength(2);
      firsts.add(picked[0] ?? '');
    }
    expect([...firsts].sort()).toEqual(['a', 'b', 'c']);
  });

  it('counts a pick done once, however often it is said', () => {
    const balancer = leastRequest(['a']);
    const first = pickOf(balancer);
    pickOf(balancer);
    first.done('failure');
    first.done('success');
    expect(inFlight(balancer)).toEqual({ a: 1 });
  });
});

describe('an endpoint that leaves with requests in flight', () => {
  it('is neither brought back nor counted below zero when they end', () => {
    const balancer = leastRequest(['a', 'b']);
    const picks = [pickOf(balancer), pickOf(balancer)];
    balancer.setEndpoints(endpoints('b'));
    for (const pick of picks) pick.done('success');
    expect(inFlight(balancer)).toEqual({ b: 0 });
    balancer.setEndpoints(endpoints('a', 'b'));
    expect(inFlight(balancer)).toEqual({ b: 0, a: 0 });
  });

  it('comes back with those that are still in flight', () => {
    const balancer = leastRequest(['a']);
    const [first, second] = [pickOf(balancer), pickOf(balancer)];
    balancer.setEndpoints(endpoints('b'));
    first?.done('success');
    balancer.setEndpoints(endpoints('a', 'b'));
    expect(inFlight(balancer)).toEqual({ a: 1, b: 0 });
    expect(pickOf(balancer).endpoint.id).toBe('b');
    second?.done('success');
    expect(inFlight(balancer)).toEqual({ a: 0, b: 1 });
  });

  it('keeps its count while others come and go, so that nobody is flooded', () => {
    const balancer = leastRequest(['a', 'b']);
    for (let request = 0; request < 10; request++) pickOf(balancer);
    balancer.setEndpoints(endpoints('c', 'b', 'a'));
    expect(inFlight(balancer)).toEqual({ a: 5, b: 5, c: 0 });
  });
});
