import { describe, expect, it } from 'vitest';
import { Coverage } from './coverage.js';
import { type LeaseHolder, LeaseWatch } from './lease-watch.js';

function holder(id: string, left: number | undefined, isLeader = true): LeaseHolder {
  return { id, isLeader, leaseTicksLeft: () => left };
}

function watched(asked: LeaseHolder, ...others: LeaseHolder[]): Coverage {
  const coverage = new Coverage();
  new LeaseWatch(() => [asked, ...others], coverage).asked(asked);
  return coverage;
}

describe('leases', () => {
  it('held by two nodes at once break a rule, which names both', () => {
    expect(() => watched(holder('n1', 3), holder('n2', 1))).toThrow(/one lease: n1 .* 3 ticks .* n2/);
  });

  it('may be held by one while others have run out, or belong to nodes that lead no more', () => {
    const coverage = watched(holder('n1', 3), holder('n2', 0), holder('n3', 5, false));
    expect(coverage.counts()).toEqual({ 'read answered by lease': 1 });
  });

  it('that have run out are told from those that were never there', () => {
    expect(watched(holder('n1', 0)).counts()).toEqual({ 'lease had run out': 1 });
    expect(watched(holder('n1', undefined)).counts()).toEqual({});
  });
});
