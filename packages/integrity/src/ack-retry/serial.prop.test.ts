import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromSerial, toSerial } from './serial.js';

describe('serials of 32 bits (RFC 1982)', () => {
  it('any number comes back from its serial and a number less than 2^31 away', () => {
    const number = fc.integer({ min: 2 ** 31, max: 2 ** 52 });
    const distance = fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 });
    fc.assert(
      fc.property(number, distance, (near, away) => {
        const meant = near - away;
        expect(fromSerial(toSerial(meant), near)).toBe(meant);
      }),
      { numRuns: 2000 },
    );
  });

  it('turns over at 2^32', () => {
    expect(toSerial(2 ** 32)).toBe(0);
    expect(fromSerial(3, 2 ** 32 - 5)).toBe(2 ** 32 + 3);
    expect(fromSerial(0xffff_fffe, 2 ** 33 + 1)).toBe(2 ** 33 - 2);
  });
});
