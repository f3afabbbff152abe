import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SteadyClock } from './steady-clock.js';

const readings = fc.array(fc.double({ min: -1e13, max: 1e13, noNaN: true }), { minLength: 1, maxLength: 20 });

it('goes forwards only, whatever the clock shows', () => {
  fc.assert(
    fc.property(readings, (shown) => {
      const clock = new SteadyClock();
      let latest = Number.NEGATIVE_INFINITY;
      for (const reading of shown) {
        const steady = clock.at(reading);
        expect(steady).toBeGreaterThanOrEqual(latest);
        latest = steady;
      }
    }),
  );
});

it('who waits for a steady time is not too early, wherever the clock was set to', () => {
  fc.assert(
    fc.property(readings, fc.double({ min: 0, max: 1e6, noNaN: true }), (shown, ms) => {
      const clock = new SteadyClock();
      const now = shown.reduce((_, reading) => clock.at(reading), 0);
      const due = now + ms;
      const reading = clock.readingAt(due);
      expect(clock.at(reading)).toBeGreaterThanOrEqual(due);
    }),
  );
});
