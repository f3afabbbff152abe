import { Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { RetransmissionTimer } from './retransmission-timer.js';

const setting = { nowMs: 0, timeoutMs: 1000, timeoutMaxMs: 60_000, peerDelayMs: 0 };

function timeouts(timer: RetransmissionTimer, count: number): readonly number[] {
  return Array.from({ length: count }, () => {
    timer.set(setting);
    timer.expire();
    return timer.atMs ?? Number.NaN;
  });
}

describe('the retransmission timer', () => {
  it('doubles with each expiry up to its ceiling (RFC 6298 5.5)', () => {
    const timer = new RetransmissionTimer(new Random(1), 0);
    expect(timeouts(timer, 9)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('stays finite after thousands of expiries', () => {
    const timer = new RetransmissionTimer(new Random(1), 0.5);
    for (const timeout of timeouts(timer, 2000)) expect(timeout).toBeLessThanOrEqual(90_000);
  });

  it('adds jitter to doubled timeouts only, never takes any off, and draws it from the seed', () => {
    const drawn = (seed: number) => timeouts(new RetransmissionTimer(new Random(seed), 0.25), 6);
    const [first, ...doubled] = drawn(1);
    expect(first).toBe(1000);
    for (const [position, timeout] of doubled.entries()) {
      const least = 1000 * 2 ** (position + 1);
      expect(timeout).toBeGreaterThanOrEqual(least);
      expect(timeout).toBeLessThanOrEqual(least * 1.25);
    }
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(2)).not.toEqual(drawn(1));
  });
});
