import { describe, expect, it } from 'vitest';
import { RoundTripTime } from './round-trip-time.js';

const bounds = { initialTimeoutMs: 1000, timeoutMinMs: 1, timeoutMaxMs: 60_000, clockGranularityMs: 1 };

describe('the timeout of RFC 6298', () => {
  it('is a second before there is a sample (2.1)', () => {
    expect(new RoundTripTime(bounds).timeoutMs).toBe(1000);
  });

  it('follows samples of 100, 120, 80 and 300 ms as the formulas do (2.2, 2.3)', () => {
    const roundTrip = new RoundTripTime(bounds);
    const timeouts = [100, 120, 80, 300].map((sample) => {
      roundTrip.sample(sample);
      return roundTrip.timeoutMs;
    });
    expect(timeouts.map((timeout) => timeout.toFixed(4))).toEqual([
      '300.0000',
      '272.5000',
      '249.6875',
      '437.5391',
    ]);
  });

  it('is never less than its floor and never more than its ceiling (2.4, 2.5)', () => {
    const roundTrip = new RoundTripTime({ ...bounds, timeoutMinMs: 1000, timeoutMaxMs: 2000 });
    roundTrip.sample(10);
    expect(roundTrip.timeoutMs).toBe(1000);
    roundTrip.sample(100_000);
    expect(roundTrip.timeoutMs).toBe(2000);
  });

  it('keeps the granularity of the clock above a path that never varies (2.3)', () => {
    const roundTrip = new RoundTripTime({ ...bounds, clockGranularityMs: 10 });
    for (let sample = 0; sample < 100; sample++) roundTrip.sample(50);
    expect(roundTrip.timeoutMs).toBe(60);
  });
});
