import { encodeUtf8 } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.js';

/** The definition: polynomial division, one bit at a time. */
function bitByBit(data: Uint8Array): number {
  let remainder = 0xffff_ffff;
  for (const byte of data) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0x82f63b78 : 0);
  }
  return ~remainder >>> 0;
}

function bytesOf(length: number, byteAt: (position: number) => number): Uint8Array {
  return Uint8Array.from({ length }, (_, position) => byteAt(position));
}

describe('crc32c', () => {
  it('gives the published check value of "123456789"', () => {
    expect(crc32c(encodeUtf8('123456789'))).toBe(0xe3069283);
  });

  it.each([
    ['32 zeros', bytesOf(32, () => 0), 0x8a9136aa],
    ['32 times 0xFF', bytesOf(32, () => 0xff), 0x62a8ab43],
    ['32 ascending bytes', bytesOf(32, (position) => position), 0x46dd794e],
    ['32 descending bytes', bytesOf(32, (position) => 31 - position), 0x113fdb5c],
  ])('gives the vector of RFC 3720 B.4 for %s', (_, data, expected) => {
    expect(crc32c(data)).toBe(expected);
  });

  it('is 0 for no bytes, and no bytes leave a previous value as it is', () => {
    expect(crc32c(new Uint8Array(0))).toBe(0);
    expect(crc32c(new Uint8Array(0), 0xe3069283)).toBe(0xe3069283);
  });

  it('agrees with division bit by bit at every length, through both ways of reading and any byte offset', () => {
    const source = bytesOf(2100, (position) => (position * 151 + (position >> 3)) & 0xff);
    for (let length = 0; length <= 64; length++) {
      for (let offset = 0; offset < 9; offset++) {
        const data = source.subarray(offset, offset + length);
        expect(crc32c(data)).toBe(bitByBit(data));
      }
    }
    for (const length of [503, 511, 512, 513, 519, 520, 1024, 2091]) {
      for (let offset = 0; offset < 9; offset++) {
        const data = source.subarray(offset, offset + length);
        expect(crc32c(data)).toBe(bitByBit(data));
      }
    }
  });
});
