import { describe, expect, it } from 'vitest';
import { exceedsFailureShare, isBelowSuccessRate, successRateBound } from './outlier-arithmetic.js';

const rule = { deviationFactor: 1.9, endpointsLeast: 5, requestsLeast: 100 };
const counts = (successes: number, failures: number) => ({ successes, failures });

describe('success rates', () => {
  it('are bounded by the mean less 1.9 deviations of the population', () => {
    // Rates 1, 1, 1, 1, 0.5: mean 0.9, deviation 0.2, bound 0.52.
    const all = [...Array.from({ length: 4 }, () => counts(100, 0)), counts(50, 50)];
    const bound = successRateBound(all, rule);
    expect(bound).toBeCloseTo(0.52, 12);
    expect(isBelowSuccessRate(counts(50, 50), bound ?? 0, rule)).toBe(true);
    expect(isBelowSuccessRate(counts(53, 47), bound ?? 0, rule)).toBe(false);
  });

  it('say nothing with too few endpoints that had enough requests, and nobody is an outlier when all are alike', () => {
    const alike = Array.from({ length: 5 }, () => counts(60, 40));
    const bound = successRateBound(alike, rule);
    expect(bound).toBeCloseTo(0.6, 12);
    expect(isBelowSuccessRate(counts(60, 40), (bound ?? 0) - 1e-12, rule)).toBe(false);
    expect(successRateBound([...alike.slice(1), counts(99, 0)], rule)).toBeUndefined();
    expect(successRateBound([], { ...rule, endpointsLeast: 0 })).toBeUndefined();
  });
});

it('failure shares count above their bound, with enough requests', () => {
  const most = { failureShareMost: 0.85, endpointsLeast: 5, requestsLeast: 50 };
  expect(exceedsFailureShare(counts(15, 85), most)).toBe(false);
  expect(exceedsFailureShare(counts(14, 86), most)).toBe(true);
  expect(exceedsFailureShare(counts(0, 49), most)).toBe(false);
});
