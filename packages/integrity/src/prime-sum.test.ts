import { encodeUtf8, InvalidArgumentError } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from './checksums/crc32c.js';
import { checksum } from './prime-sum.js';

describe('checksum', () => {
  it('is the sum of the bytes modulo p', () => {
    expect(checksum(encodeUtf8('123456789'), 65521)).toBe(477);
    expect(checksum(encodeUtf8('123456789'), 251)).toBe(477 % 251);
    expect(checksum(Uint8Array.of(1, 2, 4), 2)).toBe(1);
    expect(checksum(new Uint8Array(0), 7)).toBe(0);
  });

  it('takes the smallest prime and the greatest one below 2^32', () => {
    expect(checksum(Uint8Array.of(255, 255), 2)).toBe(0);
    expect(checksum(Uint8Array.of(255, 255), 4_294_967_291)).toBe(510);
    expect(checksum(Uint8Array.of(255), 4_294_967_291, 4_294_967_290)).toBe(254);
  });

  it.each([
    0,
    1,
    4,
    9,
    65_520,
    65_521 * 65_537,
    4_294_836_225,
    4_294_967_295,
    2 ** 32,
    4_294_967_311,
    -7,
    2.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ])('refuses the modulus %d, which is no prime or out of range', (p) => {
    expect(() => checksum(Uint8Array.of(1), p)).toThrow(InvalidArgumentError);
  });

  it('still refuses a composite after a prime was used, and the prime after the composite works', () => {
    expect(checksum(Uint8Array.of(9), 7)).toBe(2);
    expect(() => checksum(Uint8Array.of(9), 8)).toThrow(/2 divides/);
    expect(checksum(Uint8Array.of(9), 7)).toBe(2);
  });

  it.each([-1, 7, 0.5, Number.NaN])('refuses %d as a previous sum modulo 7', (previous) => {
    expect(() => checksum(Uint8Array.of(1), 7, previous)).toThrow(InvalidArgumentError);
  });

  it('is exact beyond 2^31: 16 MiB and three bytes of 255', () => {
    const data = new Uint8Array(2 ** 24 + 3).fill(255);
    expect(checksum(data, 4_294_967_291)).toBe((2 ** 24 + 3) * 255);
    expect(checksum(data, 65_521)).toBe(((2 ** 24 + 3) * 255) % 65_521);
  });

  it('in parts is the same as in one go', () => {
    const prime = fc.constantFrom(2, 3, 251, 65_521, 4_294_967_291);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), prime, (data, place, p) => {
        const split = Math.min(place, data.length);
        const first = checksum(data.subarray(0, split), p);
        expect(checksum(data.subarray(split), p, first)).toBe(checksum(data, p));
      }),
    );
  });

  it('tells every single changed byte when p is above 255', () => {
    const data = encodeUtf8('leader');
    for (let position = 0; position < data.length; position++) {
      const damaged = data.slice();
      for (let value = 0; value < 256; value++) {
        damaged[position] = value;
        expect(checksum(damaged, 257) === checksum(data, 257)).toBe(value === data[position]);
      }
    }
  });

  it('is blind to the order of bytes and to zeros, which crc32c tells', () => {
    const sent = encodeUtf8('transfer 12');
    const swapped = encodeUtf8('transfer 21');
    const withZero = Uint8Array.of(...sent.subarray(0, 4), 0, ...sent.subarray(4));
    for (const damaged of [swapped, withZero]) {
      expect(checksum(damaged, 65_521)).toBe(checksum(sent, 65_521));
      expect(crc32c(damaged)).not.toBe(crc32c(sent));
    }
  });
});
