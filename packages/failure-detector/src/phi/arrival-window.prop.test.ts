import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ArrivalWindow } from './arrival-window.js';

it('mean and deviation are those of the last intervals, however many came before', () => {
  const interval = fc.double({ min: 0, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 20 }),
      fc.array(interval, { maxLength: 100 }),
      (size, intervals) => {
        const window = new ArrivalWindow(size, 1000);
        for (const one of intervals) window.add(one);
        const kept = [750, 1250, ...intervals].slice(-size);
        const mean = kept.reduce((sum, one) => sum + one, 0) / kept.length;
        const variance = kept.reduce((sum, one) => sum + (one - mean) ** 2, 0) / kept.length;
        const { meanMs, deviationMs } = window.statistics(1e-3);
        expect(window.length).toBe(kept.length);
        expect(Math.abs(meanMs - Math.max(1e-3, mean))).toBeLessThan(1e-6);
        // The root of what is left of large squares: a thousandth of a millisecond at worst.
        expect(Math.abs(deviationMs - Math.max(1e-3, Math.sqrt(variance)))).toBeLessThan(0.05);
      },
    ),
  );
});

it('intervals that are all equal have the least deviation, never NaN', () => {
  const window = new ArrivalWindow(3, 100);
  for (let beat = 0; beat < 1000; beat++) window.add(0.1);
  const { meanMs, deviationMs } = window.statistics(0.01);
  expect(meanMs).toBeCloseTo(0.1, 12);
  expect(deviationMs).toBe(0.01);
});
