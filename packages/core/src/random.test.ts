import { describe, expect, it } from 'vitest';
import { InvalidArgumentError, InvariantViolation } from './errors.js';
import { Random } from './random.js';

function draw(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.uint32());
}

describe('Random', () => {
  it('gives these first numbers, in every release: recorded runs depend on them', () => {
    expect(draw(new Random(0), 4)).toEqual([3809008728, 1133695204, 53579671, 2891528803]);
    expect(draw(new Random(42), 4)).toEqual([2837322924, 544945897, 479756282, 3500138142]);
    expect(draw(new Random('n1'), 4)).toEqual([974520097, 1730451058, 509143687, 3486877707]);
    expect(draw(new Random(42).fork('network'), 4)).toEqual([2365836487, 2815864135, 437363518, 216487199]);
  });

  it('gives the same stream for the same seed and another for any other', () => {
    const streams = new Set(
      [0, 1, 2, 2 ** 32, 2 ** 53 - 1, '', '0', 'a'].map((seed) => draw(new Random(seed), 4).join()),
    );
    expect(streams.size).toBe(8);
    expect(draw(new Random('x'), 100)).toEqual(draw(new Random('x'), 100));
  });

  it('forks streams that neither shift their parent nor depend on its siblings', () => {
    const parent = new Random(7);
    const network = parent.fork('network');
    draw(network, 1000);
    const disk = parent.fork('disk');
    expect(draw(parent, 10)).toEqual(draw(new Random(7), 10));
    expect(draw(disk, 10)).toEqual(draw(new Random(7).fork('disk'), 10));
    expect(draw(new Random(7).fork('network'), 10)).not.toEqual(draw(new Random(7).fork('disk'), 10));
  });

  it('forks differ with the place at which the parent stands', () => {
    const parent = new Random(7);
    const before = parent.fork('x');
    parent.uint32();
    expect(draw(parent.fork('x'), 4)).not.toEqual(draw(before, 4));
  });

  it('is copied with its place', () => {
    const random = new Random(1);
    draw(random, 5);
    const copy = random.clone();
    expect(copy.state()).toEqual(random.state());
    expect(draw(copy, 5)).toEqual(draw(random, 5));
  });

  it('draws integers from the whole range, the first included and the last not, about evenly', () => {
    const random = new Random(3);
    const counts = new Array<number>(5).fill(0);
    for (let round = 0; round < 50_000; round++) {
      const value = random.integer(10, 15);
      counts[value - 10] = (counts[value - 10] ?? 0) + 1;
    }
    expect(counts.length).toBe(5);
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('draws numbers from 0 to below 1, and keeps to the extremes of a chance', () => {
    const random = new Random(5);
    for (let round = 0; round < 10_000; round++) {
      const value = random.float();
      expect(value >= 0 && value < 1).toBe(true);
    }
    expect(Array.from({ length: 100 }, () => random.chance(0)).includes(true)).toBe(false);
    expect(Array.from({ length: 100 }, () => random.chance(1)).includes(false)).toBe(false);
  });

  it('refuses seeds that are no integer from 0, and empty ranges', () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 53])
      expect(() => new Random(seed)).toThrow(InvalidArgumentError);
    expect(() => new Random(1).integer(3, 3)).toThrow(InvariantViolation);
  });
});
