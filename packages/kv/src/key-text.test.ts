import { compareBytes } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { successorOf, textOf } from './key-text.js';

describe('keys as text', () => {
  it('stand in the same order as their bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 4 });
    fc.assert(
      fc.property(bytes, bytes, (left, right) => {
        const [leftText, rightText] = [textOf(left), textOf(right)];
        const order = leftText < rightText ? -1 : leftText > rightText ? 1 : 0;
        expect(order).toBe(Math.sign(compareBytes(left, right)));
      }),
      { numRuns: 1000 },
    );
  });

  it('hold every byte of a long key', () => {
    const key = new Uint8Array(1024 * 1024).map((_, place) => place * 31);
    const text = textOf(key);
    expect(text.length).toBe(key.length);
    expect(key.every((byte, place) => text.charCodeAt(place) === byte)).toBe(true);
  });

  it('have nothing between a key and its successor', () => {
    expect(successorOf('a') > 'a').toBe(true);
    expect(successorOf('a') <= textOf(Uint8Array.of(97, 0))).toBe(true);
  });
});
