import { describe, expect, it } from 'vitest';
import { naturalLogarithm } from './portable-logarithm.js';
import { Random } from './random.js';

/** The bits of a number, as a text. */
function bitsOf(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16);
}

describe('the portable logarithm', () => {
  it("is as good as the platform's", () => {
    const random = new Random('logarithms');
    for (let draw = 0; draw < 20_000; draw++) {
      const value = 1 - random.float();
      const expected = Math.log(value);
      expect(Math.abs(naturalLogarithm(value) - expected)).toBeLessThanOrEqual(
        4e-16 * Math.max(1, -expected),
      );
    }
  });

  it('is the same to the last bit on every engine', () => {
    const values = [1, 0.5, 0.1, 1e-9, 2 ** -53, 0.7, 0.999999, 1000];
    expect(values.map((value) => bitsOf(naturalLogarithm(value)))).toMatchInlineSnapshot(`
      [
        "0",
        "bfe62e42fefa39ef",
        "c0026bb1bbb55515",
        "c034b927f32bffb8",
        "c0425e4f7b2737fa",
        "bfd6d3c324e13f50",
        "beb0c6f82d74d230",
        "401ba18a998fffa0",
      ]
    `);
  });
});
