import { describe, expect, it } from 'vitest';
import { allocatedBytes } from './allocation.js';

interface Quad {
  readonly first: number;
  readonly second: number;
  readonly third: number;
  readonly fourth: number;
}

/** Three words of an object's own and one a field, on a machine of 64 bits without compressed pointers. */
const bytesOfQuad = 7 * 8;

function makeQuads(count: number, kept: Quad[]): void {
  for (let number = 0; number < count; number++)
    kept[number % kept.length] = { first: number, second: 1, third: 2, fourth: 3 };
}

describe('bytes allocated on the heap', () => {
  it('are counted whether a collection came between or not', () => {
    const kept = Array.from({ length: 1000 }, () => ({ first: 0, second: 1, third: 2, fourth: 3 }));
    makeQuads(100_000, kept);
    for (const count of [100_000, 2_000_000]) {
      const bytes = allocatedBytes(() => makeQuads(count, kept));
      expect(bytes / count).toBeGreaterThan(bytesOfQuad * 0.9);
      expect(bytes / count).toBeLessThan(bytesOfQuad * 1.2);
    }
  });
});
