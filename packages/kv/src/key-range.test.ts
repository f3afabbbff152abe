import { compareBytes } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contains, intervalOf, prefixRangeEnd } from './key-range.js';
import { textOf } from './key-text.js';

describe('key ranges', () => {
  it('the end of a prefix drops bytes 255 and adds one to the last other byte', () => {
    expect([...prefixRangeEnd('ab')]).toEqual([0x61, 0x63]);
    expect([...prefixRangeEnd(Uint8Array.of(1, 255, 255))]).toEqual([2]);
    expect([...prefixRangeEnd(Uint8Array.of(255, 255))]).toEqual([0]);
    expect([...prefixRangeEnd('')]).toEqual([0]);
  });

  it('a key lies in the range of a prefix exactly if it begins with it', () => {
    const bytes = fc
      .uint8Array({ minLength: 1, maxLength: 3 })
      .map((from) => from.map((byte) => (byte < 128 ? 255 : 1)));
    fc.assert(
      fc.property(bytes, bytes, (prefix, key) => {
        const begins = compareBytes(key.subarray(0, prefix.length), prefix) === 0;
        expect(contains(intervalOf({ key: prefix, rangeEnd: prefixRangeEnd(prefix) }), textOf(key))).toBe(
          begins,
        );
      }),
    );
  });

  it('a single key is the interval that holds it and nothing else', () => {
    const interval = intervalOf({ key: Uint8Array.of(5) });
    expect(interval).toEqual({ first: '\x05', end: '\x05\0' });
    expect(contains(interval, '\x05')).toBe(true);
    expect(contains(interval, '\x05\0')).toBe(false);
  });
});
