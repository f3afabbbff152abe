/** Who hashes keeps keys where they are. */
import { Random } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Balancer } from './balancer.js';
import type { Endpoint } from './endpoint.js';
import { hashEndpoint, hashNumber, hashPair, hashText } from './hash.js';
import { HealthMarks } from './health-marks.js';
import { jumpHash } from './jump-hash.js';
import type { HashOptions } from './load-bound.js';
import { Maglev } from './maglev.js';
import type { Pick } from './pick.js';
import { PriorityTiers } from './priority-tiers.js';
import { Rendezvous } from './rendezvous.js';
import { RingHash } from './ring-hash.js';
import type { Strategy } from './strategy.js';

const random = new Random(1);

type Create = (options: HashOptions) => Strategy;
const ring: Create = (options) => new RingHash({ ...options, pointsPerWeight: 40 });
const rendezvous: Create = (options) => new Rendezvous(options);
const maglev: Create = (options) => new Maglev({ ...options, tableSize: 1009 });
const all: readonly (readonly [string, Create])[] = [
  ['ring hash', ring],
  ['Maglev', maglev],
  ['rendezvous', rendezvous],
];
const unmoved = all.filter(([name]) => name !== 'Maglev');

function owners(balancer: Balancer, keys: number): readonly string[] {
  return Array.from({ length: keys }, (_, key) => {
    const pick = balancer.pick({ nowMs: 0, key: `key ${key}` });
    if (pick.type === 'none') return pick.reason;
    balancer.done(pick, { result: 'success', nowMs: 0 });
    return pick.endpoint.id;
  });
}

function endpoints(count: number): readonly Endpoint[] {
  return Array.from({ length: count }, (_, number) => ({ id: `n${number}` }));
}

describe('the hash', () => {
  it.each([
    // MurmurHash3_x86_32 of the UTF-16LE bytes: for ASCII text the published values of the bytes "t\0e\0..." hold.
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
  ])('of %j with seed %s', (text, seed, expected) => {
    expect(hashText(text, seed) >>> 0).toBe(expected);
  });

  it('is that of MurmurHash3 for the two code units of "!Ce\\x87", 0x87654321 in memory', () => {
    expect(hashText('\u4321\u8765', 0) >>> 0).toBe(0xf55b516b);
    expect(hashText('\u4321\u8765', 0x5082edee) >>> 0).toBe(0x2362f9de);
    expect(hashNumber(0x87654321, 0) >>> 0).toBe(0xf55b516b);
    expect(hashText('\u4321', 0) >>> 0).toBe(0xa0f7b07a);
  });

  it('does not put names and numbers together as text: a1 with 1 is not a with 11', () => {
    expect(hashPair(1, hashEndpoint('a1', 0))).not.toBe(hashPair(11, hashEndpoint('a', 0)));
  });
});

describe.each(all)('%s', (_, create) => {
  it('sends a key to the same endpoint, whatever the order of the list, and on another client too', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...endpoints(7)], { minLength: 7 }), (shuffled) => {
        const here = new Balancer({ endpoints: endpoints(7), strategy: create({ random }) });
        const there = new Balancer({ endpoints: shuffled, strategy: create({ random: new Random(9) }) });
        expect(owners(there, 50)).toEqual(owners(here, 50));
      }),
      { numRuns: 20 },
    );
  });

  it('another seed sends keys elsewhere', () => {
    const one = owners(new Balancer({ endpoints: endpoints(7), strategy: create({ random }) }), 50);
    const other = owners(
      new Balancer({ endpoints: endpoints(7), strategy: create({ random, seed: 1 }) }),
      50,
    );
    expect(other).not.toEqual(one);
  });

  it('when one is unfit only its keys go elsewhere, to many others, and they come back with it', () => {
    const health = new HealthMarks();
    const balancer = new Balancer({ endpoints: endpoints(8), strategy: create({ random }), health });
    const before = owners(balancer, 400);
    health.set('n3', false);
    const meanwhile = owners(balancer, 400);
    const heirs = new Set(meanwhile.filter((_owner, key) => before[key] === 'n3'));
    for (const [key, owner] of meanwhile.entries()) {
      if (before[key] === 'n3') expect(owner).not.toBe('n3');
      else expect(owner).toBe(before[key]);
    }
    expect(heirs.size).toBeGreaterThan(4);
    health.set('n3', true);
    expect(owners(balancer, 400)).toEqual(before);
  });

  it('follows weights', () => {
    const given = [1, 2, 4].map((weight, place) => ({ id: `n${place}`, weight }));
    const owned = owners(new Balancer({ endpoints: given, strategy: create({ random }) }), 7000);
    for (const { id, weight } of given) {
      const count = owned.filter((owner) => owner === id).length;
      expect(count / 1000).toBeGreaterThan(0.7 * weight);
      expect(count / 1000).toBeLessThan(1.4 * weight);
    }
  });

  it('without a key picks at random', () => {
    const balancer = new Balancer({ endpoints: endpoints(5), strategy: create({ random: new Random(2) }) });
    const picked = Array.from({ length: 100 }, () => {
      const pick = balancer.pick({ nowMs: 0 });
      return pick.type === 'none' ? pick.reason : pick.endpoint.id;
    });
    expect(new Set(picked).size).toBe(5);
  });

  it('with a bound none ever has more in flight than ⌈c · w/W · (m + 1)⌉, and a pick never fails', () => {
    const weights = fc.array(fc.constantFrom(0.5, 1, 3), { minLength: 1, maxLength: 6 });
    const keys = fc.array(fc.nat(4), { maxLength: 120 });
    const factors = fc.constantFrom(1.001, 1.25, 2);
    fc.assert(
      fc.property(weights, keys, factors, fc.nat(), (given, requests, loadFactor, seed) => {
        const set: readonly Endpoint[] = given.map((weight, place) => ({ id: `n${place}`, weight }));
        const total = given.reduce((sum, weight) => sum + weight, 0);
        const balancer = new Balancer({ endpoints: set, strategy: create({ random, loadFactor }) });
        const underWay: Pick[] = [];
        const chance = new Random(seed);
        for (const key of requests) {
          if (underWay.length > 0 && chance.chance(0.4)) {
            const [ended] = underWay.splice(chance.integer(0, underWay.length), 1);
            if (ended !== undefined) balancer.done(ended, { result: 'success', nowMs: 0 });
          }
          const pick = balancer.pick({ nowMs: 0, key });
          if (pick.type === 'none') throw new Error(pick.reason);
          underWay.push(pick);
          const { weight, inFlight } = balancer.status()[Number(pick.endpoint.id.slice(1))] ?? {};
          const cap = Math.ceil((loadFactor * underWay.length * (weight ?? 0)) / total);
          expect(inFlight).toBeLessThanOrEqual(cap);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe.each(unmoved)('%s', (_, create) => {
  it('who joins takes keys only for itself, and who leaves gives up only its own: 0 % extra', () => {
    const sizes = fc.record({ count: fc.integer({ min: 2, max: 20 }), leaver: fc.nat(), seed: fc.nat() });
    fc.assert(
      fc.property(sizes, ({ count, leaver, seed }) => {
        const set = endpoints(count);
        const left = set.filter((_endpoint, place) => place !== leaver % count);
        const balancer = new Balancer({ endpoints: set, strategy: create({ random, seed: seed % 2 ** 32 }) });
        const before = owners(balancer, 200);
        balancer.update(left);
        const after = owners(balancer, 200);
        for (const [key, owner] of before.entries()) {
          if (owner !== `n${leaver % count}`) expect(after[key]).toBe(owner);
        }
        balancer.update(set);
        expect(owners(balancer, 200)).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });
});

it('rendezvous: a greater weight takes keys to its endpoint only, and a lesser one from it only', () => {
  const balancer = new Balancer({ endpoints: endpoints(6), strategy: rendezvous({ random }) });
  const before = owners(balancer, 600);
  balancer.update(endpoints(6).map(({ id }) => ({ id, weight: id === 'n2' ? 2 : 1 })));
  const after = owners(balancer, 600);
  for (const [key, owner] of after.entries()) if (owner !== before[key]) expect(owner).toBe('n2');
  expect(after.filter((owner) => owner === 'n2').length).toBeGreaterThan(140);
});

describe('Maglev', () => {
  it.each([4, 0, 1, 65_536, 5_000_021, 2.5])('refuses a table of %s rows', (tableSize) => {
    expect(() => new Maglev({ random, tableSize })).toThrow(`tableSize is ${tableSize}: it must be a prime`);
  });

  it('refuses more endpoints than rows, and stays as it was', () => {
    const balancer = new Balancer({
      endpoints: endpoints(7),
      strategy: new Maglev({ random, tableSize: 7 }),
    });
    expect(() => balancer.update(endpoints(8))).toThrow('the set has 8 endpoints: tableSize 7 has room');
    expect(balancer.status()).toHaveLength(7);
  });

  it('refuses in tiers what it refuses alone', () => {
    const strategy = new PriorityTiers({ random, strategy: () => new Maglev({ random, tableSize: 7 }) });
    expect(() => new Balancer({ endpoints: endpoints(8), strategy })).toThrow('tableSize 7 has room');
  });

  it('keeps all rows busy with one endpoint of almost no weight beside a heavy one', () => {
    const set = [
      { id: 'heavy', weight: 1e6 },
      { id: 'light', weight: 1e-6 },
    ];
    const balancer = new Balancer({ endpoints: set, strategy: maglev({ random }) });
    expect(new Set(owners(balancer, 100))).toEqual(new Set(['heavy']));
    expect(balancer.pick({ nowMs: 0, key: 1, excluded: ['heavy'] })).toMatchObject({
      endpoint: { id: 'light' },
    });
  });
});

describe('ring hash', () => {
  it('refuses a ring of more points than allowed, and stays as it was', () => {
    const strategy = new RingHash({ random, pointsPerWeight: 10, pointsMost: 50 });
    const balancer = new Balancer({ endpoints: endpoints(5), strategy });
    expect(() => balancer.update(endpoints(6))).toThrow(
      'the ring would have 60 points: pointsMost allows 50',
    );
    expect(balancer.status()).toHaveLength(5);
  });
});

it.each([
  [() => new RingHash({ random, loadFactor: 1 }), 'loadFactor is 1: it must be a number from 1.001 to 1000'],
  [() => new Rendezvous({ random, seed: -1 }), 'seed is -1: it must be a whole number from 0 to 4294967295'],
  [() => new RingHash({ random, pointsPerWeight: 0 }), 'pointsPerWeight is 0: it must be a whole number'],
])('settings out of range are refused: %#', (create, message) => {
  expect(create).toThrow(message);
});

describe('jump hash', () => {
  /** The paper's function, in 64-bit arithmetic. */
  function reference(key: bigint, buckets: number): number {
    let state = key;
    let bucket = -1;
    for (let jump = 0; jump < buckets; ) {
      bucket = jump;
      state = (state * 2862933555777941757n + 1n) % 2n ** 64n;
      jump = Math.floor((bucket + 1) * (2 ** 31 / (Number(state >> 33n) + 1)));
    }
    return bucket;
  }

  it("is the paper's", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 100_000 }), (key, buckets) => {
        expect(jumpHash(key, buckets)).toBe(reference(BigInt(key), buckets));
      }),
      { numRuns: 500 },
    );
  });

  it('with one bucket more, keys move to the new one only, and 1/(n + 1) of them', () => {
    const keys = Array.from({ length: 20_000 }, (_, key) => `key ${key}`);
    for (const buckets of [1, 9, 50]) {
      const moved = keys.filter((key) => jumpHash(key, buckets + 1) !== jumpHash(key, buckets));
      for (const key of moved) expect(jumpHash(key, buckets + 1)).toBe(buckets);
      const expected = keys.length / (buckets + 1);
      expect(Math.abs(moved.length - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
  });

  it('refuses what is no key and no number of buckets', () => {
    expect(() => jumpHash(-1, 3)).toThrow('key is -1');
    expect(() => jumpHash('a', 0)).toThrow('buckets is 0');
  });
});

describe('shares of the keys', () => {
  it('Maglev: with 100 rows for each none has 1 % more than its share, as the paper says', () => {
    for (const count of [5, 100, 655]) {
      const strategy = new Maglev({ random });
      const balancer = new Balancer({ endpoints: endpoints(count), strategy });
      const shares = [...strategy.keyShares().values()];
      expect(balancer.status()).toHaveLength(shares.length);
      expect(Math.max(...shares) * count).toBeLessThan(1.01);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    }
  });

  it('Maglev: shares follow weights as nearly', () => {
    const strategy = new Maglev({ random });
    const set = [1, 2, 3, 0].map((weight, place) => ({ id: `n${place}`, weight }));
    expect(new Balancer({ endpoints: set, strategy }).status()).toHaveLength(4);
    const shares = strategy.keyShares();
    expect(shares.get('n3')).toBeUndefined();
    for (const [place, share] of [1 / 6, 2 / 6, 3 / 6].entries()) {
      expect(Math.abs((shares.get(`n${place}`) ?? 0) / share - 1)).toBeLessThan(0.01);
    }
  });

  it('Maglev: of up to 100 endpoints, less than 1 % of the keys move that need not when one leaves', () => {
    for (const count of [5, 10, 100]) {
      const balancer = new Balancer({ endpoints: endpoints(count), strategy: new Maglev({ random }) });
      const before = owners(balancer, 20_000);
      balancer.update(endpoints(count).slice(1));
      const after = owners(balancer, 20_000);
      const moved = after.filter((owner, key) => owner !== before[key] && before[key] !== 'n0').length;
      expect(moved / 20_000).toBeLessThan(0.01);
    }
  });

  it('ring hash: arcs are the shares that keys have', () => {
    const strategy = new RingHash({ random, pointsPerWeight: 3 });
    const balancer = new Balancer({ endpoints: endpoints(5), strategy });
    const owned = owners(balancer, 20_000);
    for (const [id, share] of strategy.keyShares()) {
      const count = owned.filter((owner) => owner === id).length;
      expect(Math.abs(count / 20_000 - share)).toBeLessThan(0.015);
    }
  });
});
