import { InvalidArgumentError, Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import type { Balancer } from './balancer.js';
import { RoundRobin } from './round-robin.js';

const endpoints = (...ids: string[]) => ids.map((id) => ({ id }));

function roundRobin(ids: readonly string[], seed = 1): RoundRobin {
  return new RoundRobin(endpoints(...ids), { random: new Random(seed) });
}

/** The id picked, or why there is none; the request ends at once. */
function pickedId(balancer: Balancer): string {
  const pick = balancer.pick();
  if (pick.type === 'none') return pick.reason;
  pick.done('success');
  return pick.endpoint.id;
}

function pickedIds(balancer: Balancer, count: number): string[] {
  return Array.from({ length: count }, () => pickedId(balancer));
}

/** The list, turned so that it begins with a given id. */
function turned(ids: readonly string[], first: string): string[] {
  const place = ids.indexOf(first);
  return [...ids.slice(place), ...ids.slice(0, place)];
}

describe('RoundRobin', () => {
  it('gives requests in turn', () => {
    const balancer = roundRobin(['a', 'b', 'c']);
    const turn = turned(['a', 'b', 'c'], pickedId(balancer));
    expect(pickedIds(balancer, 6)).toEqual([...turn.slice(1), ...turn, ...turn.slice(0, 1)]);
  });

  it('begins anywhere, each endpoint about as often as another', () => {
    const begins = new Map<string, number>();
    for (let seed = 0; seed < 900; seed++) {
      const first = pickedId(roundRobin(['a', 'b', 'c'], seed));
      begins.set(first, (begins.get(first) ?? 0) + 1);
    }
    for (const id of ['a', 'b', 'c']) expect(Math.abs((begins.get(id) ?? 0) - 300)).toBeLessThan(60);
  });

  it('gives the same picks for the same seed', () => {
    expect(pickedIds(roundRobin(['a', 'b', 'c', 'd'], 42), 9)).toEqual(
      pickedIds(roundRobin(['a', 'b', 'c', 'd'], 42), 9),
    );
  });

  it('hands back the endpoint as it was given last', () => {
    const balancer = new RoundRobin([{ id: 'a', url: 'old' }], { random: new Random(1) });
    balancer.setEndpoints([{ id: 'a', url: 'new' }]);
    expect(balancer.pick()).toMatchObject({ type: 'picked', endpoint: { id: 'a', url: 'new' } });
  });

  it('gives the neighbour of an unhealthy endpoint no second share', () => {
    const balancer = roundRobin(['a', 'b', 'c', 'd']);
    balancer.setHealthy('b', false);
    const picked = pickedIds(balancer, 9);
    for (const id of ['a', 'c', 'd']) expect(picked.filter((other) => other === id)).toHaveLength(3);
  });

  it('takes an endpoint in again at its old place when it is healthy again', () => {
    const balancer = roundRobin(['a', 'b', 'c']);
    balancer.setHealthy('b', false);
    pickedIds(balancer, 5);
    balancer.setHealthy('b', true);
    const turn = turned(['a', 'b', 'c'], pickedId(balancer));
    expect(pickedIds(balancer, 3)).toEqual([...turn.slice(1), ...turn.slice(0, 1)]);
  });
});

describe('a changing set', () => {
  it('that is given again, in whatever order, changes nothing of the turn', () => {
    const balancer = roundRobin(['a', 'b', 'c']);
    const undisturbed = roundRobin(['a', 'b', 'c']);
    for (const order of [
      ['c', 'b', 'a'],
      ['b', 'a', 'c'],
      ['a', 'b', 'c'],
      ['b', 'c', 'a'],
    ]) {
      balancer.setEndpoints(endpoints(...order));
      expect(pickedId(balancer)).toBe(pickedId(undisturbed));
    }
  });

  it('goes on behind the last pick when an endpoint leaves, and does not begin at the first again', () => {
    for (const leaves of ['a', 'b', 'c', 'd']) {
      const balancer = roundRobin(['a', 'b', 'c', 'd'], 3);
      const turn = turned(['a', 'b', 'c', 'd'], pickedId(balancer));
      balancer.setEndpoints(endpoints(...['a', 'b', 'c', 'd'].filter((id) => id !== leaves)));
      const expected = [...turn.slice(1), ...turn.slice(0, 1)].filter((id) => id !== leaves);
      expect(pickedIds(balancer, 3)).toEqual(expected);
    }
  });

  it('gives a new endpoint its share from the next turn on, and no burst', () => {
    const balancer = roundRobin(['a', 'b']);
    pickedIds(balancer, 10);
    balancer.setEndpoints(endpoints('a', 'b', 'c'));
    const picked = pickedIds(balancer, 6);
    for (const id of ['a', 'b', 'c']) expect(picked.filter((other) => other === id)).toHaveLength(2);
  });

  it('that becomes empty says so, and is used again when it fills', () => {
    const balancer = roundRobin([]);
    expect(balancer.pick()).toEqual({ type: 'none', reason: 'empty' });
    balancer.setEndpoints(endpoints('a'));
    expect(pickedId(balancer)).toBe('a');
    balancer.setEndpoints([]);
    expect(balancer.pick()).toEqual({ type: 'none', reason: 'empty' });
    expect(balancer.status()).toEqual([]);
  });

  it('is refused when an id stands twice or is empty, and the old set stays', () => {
    const balancer = roundRobin(['a', 'b']);
    expect(() => balancer.setEndpoints(endpoints('c', 'd', 'c'))).toThrow(InvalidArgumentError);
    expect(() => balancer.setEndpoints(endpoints('c', ''))).toThrow(InvalidArgumentError);
    expect(pickedIds(balancer, 2).sort()).toEqual(['a', 'b']);
    expect(() => roundRobin(['a', 'a'])).toThrow(/"a" stands twice/);
  });
});

describe('health', () => {
  it('of all endpoints gone: none is picked, and says why', () => {
    const balancer = roundRobin(['a', 'b']);
    balancer.setHealthy('a', false);
    balancer.setHealthy('b', false);
    expect(balancer.pick()).toEqual({ type: 'none', reason: 'unhealthy' });
    balancer.setHealthy('b', true);
    expect(pickedIds(balancer, 2)).toEqual(['b', 'b']);
  });

  it('of all endpoints gone with panic: all are used in turn, until one is healthy again', () => {
    const balancer = new RoundRobin(endpoints('a', 'b'), {
      random: new Random(1),
      whenAllUnhealthy: 'panic',
    });
    balancer.setHealthy('a', false);
    balancer.setHealthy('b', false);
    expect(pickedIds(balancer, 4).sort()).toEqual(['a', 'a', 'b', 'b']);
    balancer.setHealthy('a', true);
    expect(pickedIds(balancer, 3)).toEqual(['a', 'a', 'a']);
    balancer.setEndpoints([]);
    expect(balancer.pick()).toEqual({ type: 'none', reason: 'empty' });
  });

  it('said twice counts once', () => {
    const balancer = roundRobin(['a', 'b']);
    balancer.setHealthy('a', false);
    balancer.setHealthy('a', false);
    expect(pickedIds(balancer, 2)).toEqual(['b', 'b']);
    balancer.setHealthy('b', true);
    balancer.setHealthy('b', false);
    expect(pickedId(balancer)).toBe('unhealthy');
  });

  it('stays with an endpoint that stays, and begins anew for one that left and came back', () => {
    const balancer = roundRobin(['a', 'b']);
    balancer.setHealthy('a', false);
    balancer.setEndpoints(endpoints('a', 'b', 'c'));
    expect(pickedIds(balancer, 4)).not.toContain('a');
    balancer.setEndpoints(endpoints('b'));
    balancer.setEndpoints(endpoints('a', 'b'));
    expect(pickedIds(balancer, 2).sort()).toEqual(['a', 'b']);
  });

  it('of an unknown endpoint is refused with false', () => {
    const balancer = roundRobin(['a', 'b']);
    const pick = balancer.pick();
    balancer.setEndpoints([]);
    expect(balancer.setHealthy('a', false)).toBe(false);
    expect(balancer.setHealthy('z', true)).toBe(false);
    expect(pick.type).toBe('picked');
  });
});
