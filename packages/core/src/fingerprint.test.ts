import { describe, expect, it } from 'vitest';
import { FingerprintBuilder } from './fingerprint.js';

const digest = (fold: (builder: FingerprintBuilder) => unknown) => {
  const builder = new FingerprintBuilder();
  fold(builder);
  return builder.digest();
};

describe('FingerprintBuilder', () => {
  it('gives 16 lower-case hexadecimal digits, the same in every release', () => {
    expect(
      digest((builder) =>
        builder
          .number(3)
          .text('leader')
          .bytes(new Uint8Array([1, 2])),
      ),
    ).toBe('ecc67b15c63d99be');
  });

  it('tells apart values, their order, and where one ends and the next begins', () => {
    const digests = [
      digest(() => undefined),
      digest((builder) => builder.number(1)),
      digest((builder) => builder.number(2 ** 32 + 1)),
      digest((builder) => builder.number(1).number(2)),
      digest((builder) => builder.number(2).number(1)),
      digest((builder) => builder.text('ab').text('c')),
      digest((builder) => builder.text('a').text('bc')),
      digest((builder) => builder.text('')),
      digest((builder) => builder.text(undefined)),
      digest((builder) => builder.bytes(new Uint8Array([1, 2])).bytes(new Uint8Array([]))),
      digest((builder) => builder.bytes(new Uint8Array([1])).bytes(new Uint8Array([2]))),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('folds in plain values by what they hold, whatever the order of their fields', () => {
    const plain = (value: unknown) => digest((builder) => builder.plain(value));
    expect(plain({ index: 1, term: 2, proposal: undefined })).toBe(plain({ term: 2, index: 1 }));
    const values = [
      undefined,
      null,
      0,
      1,
      0.5,
      Number.NaN,
      '',
      '1',
      true,
      false,
      [],
      [1],
      [[1]],
      {},
      { a: 1 },
      { a: 2 },
      { b: 1 },
      [1, 2],
      [2, 1],
      new Uint8Array(),
      Uint8Array.of(1),
      { a: [1] },
      { a: { b: 1 } },
      [undefined],
      [null],
    ];
    expect(new Set(values.map(plain)).size).toBe(values.length);
  });

  it('changes with every single bit of a number', () => {
    const seen = new Set<string>();
    for (let bit = 0; bit < 53; bit++) seen.add(digest((builder) => builder.number(2 ** bit)));
    expect(seen.size).toBe(53);
  });

  it('meets no collision among many close states', () => {
    const seen = new Set<string>();
    for (let term = 0; term < 200; term++) {
      for (let index = 0; index < 200; index++)
        seen.add(digest((builder) => builder.number(term).number(index)));
    }
    expect(seen.size).toBe(40_000);
  });
});
