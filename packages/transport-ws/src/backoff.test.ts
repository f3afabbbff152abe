import { Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.js';

describe('Backoff', () => {
  it('draws each wait from zero to a ceiling that doubles up to the cap', () => {
    const greatest = new Array<number>(8).fill(0);
    const least = new Array<number>(8).fill(Number.POSITIVE_INFINITY);
    for (let seed = 0; seed < 400; seed++) {
      const backoff = new Backoff(10, 200, new Random(seed));
      for (let failure = 0; failure < 8; failure++) {
        const waitMs = backoff.afterFailure();
        greatest[failure] = Math.max(greatest[failure] ?? 0, waitMs);
        least[failure] = Math.min(least[failure] ?? 0, waitMs);
      }
    }
    for (const [failure, ceiling] of [10, 20, 40, 80, 160, 200, 200, 200].entries()) {
      expect(greatest[failure]).toBeLessThanOrEqual(ceiling);
      expect(greatest[failure]).toBeGreaterThan(ceiling * 0.9);
      expect(least[failure]).toBeLessThan(ceiling * 0.1);
    }
  });

  it('starts again from the base after a reset, and never overflows', () => {
    const backoff = new Backoff(10, 200, new Random(1));
    for (let failure = 0; failure < 5000; failure++) expect(backoff.afterFailure()).toBeLessThanOrEqual(200);
    backoff.reset();
    expect(backoff.afterFailure()).toBeLessThanOrEqual(10);
  });

  it('waits at least half the cap after a refusal', () => {
    const backoff = new Backoff(10, 200, new Random(1));
    for (let refusal = 0; refusal < 100; refusal++) {
      const waitMs = backoff.afterRefusal();
      expect(waitMs).toBeGreaterThanOrEqual(100);
      expect(waitMs).toBeLessThanOrEqual(200);
    }
  });
});
