import { describe, expect, it } from 'vitest';
import { type StormKinds, type StormResult, storm } from './storm.js';

function storms(seeds: readonly number[], kinds?: StormKinds): StormResult[] {
  return seeds.map((seed) => {
    try {
      return storm(seed, kinds);
    } catch (error) {
      throw new Error(`storm with seed ${seed} failed`, { cause: error });
    }
  });
}

function total(results: readonly StormResult[], what: Exclude<keyof StormResult, 'trace'>): number {
  return results.reduce((sum, result) => sum + result[what], 0);
}

function seedsTo(last: number): number[] {
  return Array.from({ length: last }, (_, offset) => offset + 1);
}

describe('storms', () => {
  const seeds = seedsTo(60);
  // 234: two nodes that were members no more told each other so for ever. 246: the only voter led before its ballot was
  // durable, and used it again after a crash. 382: a node led a ballot below that of a decision it had learned.
  const fewer = [...seedsTo(24), 234, 246, 382];

  // A storm in which nothing happens proves nothing: each test states how much did.
  it('keep election safety, state machine safety, monotone commits and fresh reads, and converge when healed', () => {
    const results = storms(seeds);
    expect(total(results, 'commits')).toBeGreaterThan(seeds.length * 20);
    expect(total(results, 'leaderTerms')).toBeGreaterThan(seeds.length * 2);
    expect(total(results, 'reads')).toBeGreaterThan(seeds.length);
    expect(total(results, 'quorumReads')).toBeGreaterThan(seeds.length);
  });

  it('with changes of membership and transfers of leadership keep them too', () => {
    const results = storms(fewer, { changes: true, transfers: true });
    expect(total(results, 'memberships')).toBeGreaterThan(fewer.length * 2);
    expect(total(results, 'transfers')).toBeGreaterThan(fewer.length / 2);
  });

  it('with leases let no read see less than was applied before it was asked', () => {
    const results = storms(fewer, { leases: true, transfers: true });
    expect(total(results, 'leaseReads')).toBeGreaterThan(fewer.length * 2);
  });

  it('with everything at once keep them too', () => {
    const results = storms(fewer, { changes: true, transfers: true, leases: true });
    expect(total(results, 'memberships')).toBeGreaterThan(fewer.length);
    expect(total(results, 'leaseReads')).toBeGreaterThan(fewer.length);
  });

  it('with small quorums of phase 2, and large ones of phase 1, keep them too', () => {
    const results = storms(fewer, { smallPhase2: true });
    expect(total(results, 'commits')).toBeGreaterThan(fewer.length * 5);
    expect(total(results, 'leaderTerms')).toBeGreaterThan(fewer.length);
  });

  it('the same seed gives the same states', () => {
    const kinds = { changes: true, transfers: true, leases: true };
    expect(storm(7, kinds)).toEqual(storm(7, kinds));
  });
});
