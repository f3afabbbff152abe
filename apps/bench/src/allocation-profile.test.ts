import { describe, expect, it } from 'vitest';
import { allocators } from './allocation-profile.js';

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

function addUp(count: number): number {
  let sum = 0;
  for (let number = 0; number < count; number++) sum = (sum + number) % 1000;
  return sum;
}

describe('the functions that allocate', () => {
  it('are told with all their bytes, those of dead objects too, and the greatest first', () => {
    const kept = Array.from({ length: 1000 }, () => ({ first: 0, second: 1, third: 2, fourth: 3 }));
    makeQuads(100_000, kept);
    const count = 1_000_000;
    const shares = allocators(() => {
      makeQuads(count, kept);
      addUp(count);
    }, 5);
    const [greatest] = shares;
    expect(greatest?.name).toBe('makeQuads');
    expect(greatest?.place).toMatch(/allocation-profile\.test\.ts:\d+$/);
    expect(greatest?.percent).toBeGreaterThan(90);
    expect((greatest?.amount ?? 0) / count).toBeGreaterThan(bytesOfQuad * 0.9);
    expect((greatest?.amount ?? 0) / count).toBeLessThan(bytesOfQuad * 1.2);
    expect(shares.length).toBeLessThanOrEqual(5);
  });
});
