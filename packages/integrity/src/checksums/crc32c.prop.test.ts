import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.js';

const bytes = (lengthMax: number) => fc.uint8Array({ minLength: 1, maxLength: lengthMax });

describe('laws of crc32c', () => {
  it('in parts is the same as in one go, at every split', () => {
    fc.assert(
      fc.property(bytes(1200), (data) => {
        const whole = crc32c(data);
        for (let split = 0; split <= data.length; split++) {
          expect(crc32c(data.subarray(split), crc32c(data.subarray(0, split)))).toBe(whole);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('every flip of one bit is detected', () => {
    fc.assert(
      fc.property(bytes(700), (data) => {
        const whole = crc32c(data);
        for (let bit = 0; bit < data.length * 8; bit++) {
          flip(data, bit);
          expect(crc32c(data)).not.toBe(whole);
          flip(data, bit);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('every burst of up to 32 bits is detected', () => {
    const burst = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 0xffff_ffff }));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 5, maxLength: 700 }), burst, (data, [place, pattern]) => {
        const whole = crc32c(data);
        const firstBit = place % (data.length * 8 - 31);
        for (let bit = 0; bit < 32; bit++) if ((pattern >>> bit) & 1) flip(data, firstBit + bit);
        expect(crc32c(data)).not.toBe(whole);
      }),
      { numRuns: 2000 },
    );
  });

  it('is linear: the values of three arrays of one length give that of their XOR', () => {
    fc.assert(
      fc.property(bytes(600), fc.nat(), (data, seed) => {
        const other = data.map((_, position) => (position * 31 + seed) & 0xff);
        const third = data.map((_, position) => (position * position + seed * 7) & 0xff);
        const sum = data.map((byte, position) => byte ^ (other[position] ?? 0) ^ (third[position] ?? 0));
        expect(crc32c(sum)).toBe((crc32c(data) ^ crc32c(other) ^ crc32c(third)) >>> 0);
      }),
    );
  });
});

function flip(data: Uint8Array, bit: number): void {
  data[bit >> 3] = (data[bit >> 3] ?? 0) ^ (1 << (bit & 7));
}
