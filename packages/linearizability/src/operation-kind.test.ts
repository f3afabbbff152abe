import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { structuralKey } from './operation-kind.js';

describe('structuralKey', () => {
  it('is the same for two values if and only if they are equal in structure', () => {
    const leaf = fc.constantFrom<unknown>(
      0,
      -0,
      1,
      Number.NaN,
      1n,
      '',
      '1',
      'a',
      'ab',
      true,
      null,
      undefined,
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('value'), { maxLength: 3 }), tie('record')),
      record: fc.dictionary(fc.constantFrom('a', 'b', '1'), tie('value'), { noNullPrototype: true }),
    }));
    fc.assert(
      fc.property(value, value, (one, other) => {
        expect(structuralKey(one) === structuralKey(other)).toBe(isSame(one, other));
      }),
      { numRuns: 5000 },
    );
  });

  it('does not depend on the order in which properties were set, and tells bytes from lists', () => {
    expect(structuralKey({ a: 1, b: [2] })).toBe(structuralKey({ b: [2], a: 1 }));
    expect(structuralKey(Uint8Array.of(1, 2))).toBe(structuralKey(Uint8Array.of(1, 2)));
    expect(structuralKey(Uint8Array.of(1, 2))).not.toBe(structuralKey([1, 2]));
    expect(structuralKey(Uint8Array.of(12))).not.toBe(structuralKey(Uint8Array.of(1, 2)));
    expect(structuralKey(['a', 'b'])).not.toBe(structuralKey(['a,b']));
    expect(structuralKey({ a: undefined })).not.toBe(structuralKey({}));
  });

  it('is undefined for what cannot be known from outside', () => {
    class Counter {
      readonly #count: number;
      constructor(count: number) {
        this.#count = count;
      }
      count(): number {
        return this.#count;
      }
    }
    const endless: unknown[] = [];
    endless.push(endless);
    const opaque = [
      new Counter(1),
      new Map(),
      () => 1,
      Symbol('x'),
      { [Symbol('x')]: 1 },
      new Array(2),
      endless,
      Object.create({ inherited: 1 }),
      Object.defineProperty({}, 'hidden', { value: 1 }),
    ];
    for (const value of opaque) {
      expect(structuralKey(value)).toBeUndefined();
      expect(structuralKey({ inside: [value] })).toBeUndefined();
    }
  });
});

function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const entries = Object.entries(one);
  const others = new Map<string, unknown>(Object.entries(other));
  return (
    entries.length === others.size &&
    entries.every(([name, value]) => others.has(name) && isSame(value, others.get(name)))
  );
}
