import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Hedging } from './hedging.js';
import { RetryBudget } from './retry-budget.js';

describe('a retry budget', () => {
  it('allows a fifth of the requests and ten a second, in every window', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(400)), { maxLength: 400 }), (steps) => {
        const budget = new RetryBudget();
        const requests: number[] = [];
        const retries: number[] = [];
        let nowMs = 0;
        for (const [isRequest, passMs] of steps) {
          nowMs += passMs;
          if (isRequest) {
            requests.push(nowMs);
            budget.request(nowMs);
          } else if (budget.tryRetry(nowMs)) retries.push(nowMs);
          const inWindow = (at: number) => at > nowMs - 9_000;
          const paid = requests.filter((at) => at > nowMs - 19_000).length * 0.2 + 100;
          expect(retries.filter(inWindow).length).toBeLessThanOrEqual(paid + 1);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('in an outage lets 1.2 times the load through, and ten a second', () => {
    const budget = new RetryBudget();
    let sent = 0;
    // 1,000 requests a second for a minute; each failure is retried up to three times.
    for (let request = 0; request < 60_000; request++) {
      budget.request(request);
      sent++;
      for (let retry = 0; retry < 3 && budget.tryRetry(request); retry++) sent++;
    }
    expect(sent / 60_000).toBeGreaterThan(1.19);
    expect(sent / 60_000).toBeLessThanOrEqual(1.2 + 0.011);
    expect(budget.refused).toBeGreaterThan(0);
  });

  it('lets what was paid lapse, and keeps what is free', () => {
    const budget = new RetryBudget({ freePerSecond: 1 });
    for (let request = 0; request < 100; request++) budget.request(0);
    expect(budget.left(0)).toBe(30);
    expect(budget.left(20_000)).toBe(10);
    expect(budget.left(10)).toBe(10);
  });

  it('refuses settings that mean nothing', () => {
    expect(() => new RetryBudget({ retriesPerRequest: -1 })).toThrow('retriesPerRequest is -1');
    expect(() => new RetryBudget({ windowMs: 0 })).toThrow('windowMs is 0');
  });
});

describe('hedging', () => {
  it('waits for the 95th percentile of the latest answers, once enough are known', () => {
    const hedging = new Hedging({ budget: new RetryBudget(), samplesLeast: 100 });
    for (let latencyMs = 1; latencyMs < 100; latencyMs++) hedging.answered(latencyMs);
    expect(hedging.waitMs).toBeUndefined();
    expect(hedging.tryHedge(0)).toBe(false);
    hedging.answered(100);
    expect(hedging.waitMs).toBe(95);
    for (let answer = 0; answer < 512; answer++) hedging.answered(5);
    expect(hedging.waitMs).toBe(5);
    hedging.answered(Number.NaN);
    expect(hedging.waitMs).toBe(5);
  });

  it('sends no more than its budget pays for', () => {
    const budget = new RetryBudget({ freePerSecond: 0 });
    const hedging = new Hedging({ budget, samplesLeast: 1 });
    hedging.answered(10);
    let hedges = 0;
    for (let request = 0; request < 1_000; request++) {
      budget.request(request);
      if (hedging.tryHedge(request)) hedges++;
    }
    expect(hedges).toBe(200);
  });

  it('refuses settings that mean nothing', () => {
    const budget = new RetryBudget();
    expect(() => new Hedging({ budget, quantile: 1 })).toThrow('quantile is 1');
    expect(() => new Hedging({ budget, samples: 10, samplesLeast: 20 })).toThrow('samplesLeast is 20');
  });
});
