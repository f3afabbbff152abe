import { describe, expect, it } from 'vitest';
import { Suspicion, suspicionMs, suspicionTimeout } from './suspicion.js';

const settings = {
  periodMs: 1000,
  suspicionMultiplier: 4,
  suspicionMaxMultiplier: 6,
  suspicionConfirmations: 3,
};

describe('how long a suspicion stands', () => {
  it('shrinks with each confirmation, as memberlist has it for 4 to 24 s and k = 3', () => {
    const timeout = { leastMs: 4000, mostMs: 24_000, confirmations: 3 };
    expect([0, 1, 2, 3, 4].map((confirmed) => suspicionMs(timeout, confirmed))).toEqual([
      24_000, 14_000, 8150, 4000, 4000,
    ]);
  });

  it.each([
    [3, 4000, 24_000, 1],
    [10, 4000, 24_000, 3],
    [100, 8000, 48_000, 3],
    [1000, 12_000, 72_000, 3],
  ])(
    'in a group of %d is from %d to %d ms, with %d confirmations',
    (members, leastMs, mostMs, confirmations) => {
      expect(suspicionTimeout(members, settings)).toEqual({ leastMs, mostMs, confirmations });
    },
  );

  it('is the least at once where nobody is left to confirm', () => {
    const timeout = suspicionTimeout(2, settings);
    expect(new Suspicion('a', 100, timeout).untilMs).toBe(4100);
  });

  it('counts each accuser once, the first not at all, and no more than are asked for', () => {
    const suspicion = new Suspicion('a', 0, { leastMs: 4000, mostMs: 24_000, confirmations: 2 });
    expect(['a', 'b', 'b', 'c', 'd'].map((accuser) => suspicion.confirm(accuser))).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(suspicion.untilMs).toBe(4000);
  });
});
