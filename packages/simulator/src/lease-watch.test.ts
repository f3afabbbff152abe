import { describe, expect, it } from 'vitest';
import { Coverage } from './coverage.js';
import { type LeaseHolder, LeaseWatch } from './lease-watch.js';

function holder(id: string, term: number, left: number | undefined, isLeader = true): LeaseHolder {
  const status = left === undefined ? { term } : { term, leaseTicksLeft: left };
  return { id, term, isLeader, clock: { missed: 0 }, status: () => status };
}

function watched(asked: LeaseHolder, ...others: LeaseHolder[]): Coverage {
  const coverage = new Coverage();
  new LeaseWatch(() => [asked, ...others], coverage, false).asked(asked);
  return coverage;
}

describe('a lease', () => {
  it('breaks a rule when its holder is asked while another leads a later term', () => {
    expect(() => watched(holder('n1', 4, 3), holder('n2', 5, 0))).toThrow(
      /one lease: n1 .* 3 ticks .* n2 leads term 5/,
    );
  });

  it('may be relied upon while others led before, or lead no more', () => {
    const coverage = watched(holder('n1', 4, 3), holder('n2', 3, 0), holder('n3', 5, 5, false));
    expect(coverage.counts()).toEqual({ 'read answered by lease': 1 });
  });

  it('bars every election, but for those of nodes that lead no more or have none left', () => {
    const elected = (...others: LeaseHolder[]) =>
      new LeaseWatch(() => [holder('n1', 5, 0), ...others], new Coverage(), false).elected('n1', 5);
    expect(() => elected(holder('n2', 4, 2))).toThrow(/one lease: n1 is elected in term 5, while n2/);
    expect(() => elected(holder('n2', 4, 0), holder('n3', 4, 4, false))).not.toThrow();
  });

  it('is not broken by an election of a former term that was told late', () => {
    const told = () => new LeaseWatch(() => [holder('n1', 5, 0), holder('n2', 6, 2)], new Coverage(), false);
    expect(() => told().elected('n1', 5)).not.toThrow();
  });

  it('is no longer than the time that its engine was not told of', () => {
    const asleep: LeaseHolder = { ...holder('n1', 4, 3), clock: { missed: 3 } };
    expect(watched(asleep, holder('n2', 5, 1)).counts()).toEqual({ 'lease had run out': 1 });
  });

  it('that has run out is told from one that was never there', () => {
    expect(watched(holder('n1', 1, 0)).counts()).toEqual({ 'lease had run out': 1 });
    expect(watched(holder('n1', 1, undefined)).counts()).toEqual({});
  });

  it('is not broken by a leader that members who were followed by others have elected, before the others promise it', () => {
    const leader = (awaitsPromises: boolean, membershipIndex = 7): LeaseHolder => ({
      ...holder('n1', 5, 0),
      status: () => ({ term: 5, leaseTicksLeft: 0, membershipIndex, awaitsPromises }),
    });
    const holding: LeaseHolder = {
      ...holder('n2', 4, 2),
      status: () => ({ term: 4, leaseTicksLeft: 2, membershipIndex: 7 }),
    };
    const watch = (other: LeaseHolder) => new LeaseWatch(() => [other, holding], new Coverage(), true);
    for (const powerless of [leader(false, 3), leader(true)]) {
      expect(() => watch(powerless).asked(holding)).not.toThrow();
      expect(() => watch(powerless).elected('n1', 5)).not.toThrow();
    }
    expect(() => watch(leader(false)).asked(holding)).toThrow(/one lease/);
    expect(() => watch(leader(false)).elected('n1', 5)).toThrow(/one lease/);
  });
});
