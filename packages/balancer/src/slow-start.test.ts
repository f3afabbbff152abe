import { expect, it } from 'vitest';
import { settleSlowStart, slowStartShare } from './slow-start.js';

it('rises as Envoy says: max(least, (max(t, 1 s) / window) ^ (1 / aggression))', () => {
  const straight = settleSlowStart({ windowMs: 60_000 });
  expect([0, 3_000, 6_000, 30_000, 57_000, 60_000, 1e9].map((at) => slowStartShare(at, straight))).toEqual([
    0.1, 0.1, 0.1, 0.5, 0.95, 1, 1,
  ]);
  const steep = settleSlowStart({ windowMs: 60_000, aggression: 2 });
  expect(slowStartShare(15_000, steep)).toBeCloseTo(0.5, 12);
});

it('never falls, and never gives nothing', () => {
  const settings = settleSlowStart({ windowMs: 7_777, aggression: 0.3, shareLeast: 0 });
  let before = 0;
  for (let elapsedMs = 0; elapsedMs < 8_000; elapsedMs += 13) {
    const share = slowStartShare(elapsedMs, settings);
    expect(share).toBeGreaterThan(0);
    expect(share).toBeGreaterThanOrEqual(before);
    before = share;
  }
});
