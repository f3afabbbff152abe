import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, compareBytes } from './bytes.js';
import { DecodeError, InvariantViolation, isSynodError } from './errors.js';

type Value =
  | { readonly type: 'u8' | 'u32' | 'varint'; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'string'; readonly value: string };

const anyValue: fc.Arbitrary<Value> = fc.oneof(
  fc.record({ type: fc.constant('u8' as const), value: fc.integer({ min: 0, max: 0xff }) }),
  fc.record({ type: fc.constant('u32' as const), value: fc.integer({ min: 0, max: 0xffffffff }) }),
  fc.record({ type: fc.constant('varint' as const), value: fc.maxSafeNat() }),
  fc.record({ type: fc.constant('boolean' as const), value: fc.boolean() }),
  fc.record({ type: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({ type: fc.constant('string' as const), value: fc.string({ unit: 'grapheme', maxLength: 40 }) }),
);

function write(writer: ByteWriter, { type, value }: Value): void {
  if (type === 'boolean') writer.boolean(value);
  else if (type === 'bytes') writer.bytes(value);
  else if (type === 'string') writer.string(value);
  else writer[type](value);
}

describe('ByteReader', () => {
  it('reads back every sequence of values that a writer wrote', () => {
    fc.assert(
      fc.property(fc.array(anyValue), fc.nat({ max: 64 }), (values, capacity) => {
        const writer = new ByteWriter(capacity);
        for (const value of values) write(writer, value);
        const reader = new ByteReader(writer.copy());
        for (const { type, value } of values) expect(reader[type]()).toEqual(value);
        reader.end();
      }),
    );
  });

  it('meets arbitrary bytes with a value or a DecodeError, never anything else', () => {
    const reads = ['u8', 'u32', 'varint', 'boolean', 'bytes', 'string'] as const;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(fc.constantFrom(...reads)), (bytes, calls) => {
        const reader = new ByteReader(bytes);
        try {
          for (const call of calls) reader[call]();
          reader.end();
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });

  it('gives every varint one form only: what it accepts, a writer would write', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 9 }), (bytes) => {
        const reader = new ByteReader(bytes);
        let value: number;
        try {
          value = reader.varint();
        } catch {
          return;
        }
        const writer = new ByteWriter();
        writer.varint(value);
        expect(writer.copy()).toEqual(bytes.slice(0, reader.position));
      }),
    );
  });

  it('refuses a length that reaches past the end before it takes anything', () => {
    const writer = new ByteWriter();
    writer.varint(Number.MAX_SAFE_INTEGER);
    expect(() => new ByteReader(writer.copy()).bytes()).toThrow(DecodeError);
  });

  it('refuses a count above the limit, and one that the bytes left cannot hold', () => {
    expect(() => new ByteReader(new Uint8Array([5, 1, 1, 1, 1, 1])).count(4, 'items')).toThrow(/at most 4/);
    expect(() => new ByteReader(new Uint8Array([5, 1])).count(10, 'items')).toThrow(/only 1 bytes follow/);
    expect(new ByteReader(new Uint8Array([2, 1, 1])).count(10, 'items')).toBe(2);
  });

  it('gives byte arrays as views, so that reading copies nothing', () => {
    const source = new Uint8Array([2, 7, 8]);
    const view = new ByteReader(source).bytes();
    source[1] = 9;
    expect([...view]).toEqual([9, 8]);
  });

  it('works on a part of a larger buffer', () => {
    const whole = new Uint8Array([0xff, 1, 0, 0, 0, 0xff]);
    const reader = new ByteReader(whole.subarray(1, 5));
    expect(reader.u32()).toBe(1);
    expect(reader.remaining).toBe(0);
  });
});

describe('ByteWriter', () => {
  it('hands over its bytes and starts again, leaving what it gave untouched', () => {
    const writer = new ByteWriter(2);
    writer.raw(new Uint8Array([1, 2, 3]));
    const taken = writer.take();
    writer.u8(9);
    expect([...taken]).toEqual([1, 2, 3]);
    expect([...writer.view()]).toEqual([9]);
  });

  it('keeps its buffer when cleared', () => {
    const writer = new ByteWriter(8);
    writer.u32(1);
    const { buffer } = writer.view();
    writer.clear();
    writer.u32(2);
    expect(writer.view().buffer).toBe(buffer);
    expect(writer.length).toBe(4);
  });

  it('patches a length that was not known before, and nothing outside of what was written', () => {
    const writer = new ByteWriter();
    writer.u32(0);
    writer.string('abc');
    writer.patchU32(0, writer.length);
    expect(new ByteReader(writer.view()).u32()).toBe(8);
    expect(() => writer.patchU32(5, 1)).toThrow(InvariantViolation);
  });

  it('refuses to write a varint that is no safe integer from 0', () => {
    for (const value of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => new ByteWriter().varint(value)).toThrow(InvariantViolation);
    }
  });

  it('replaces lone surrogates by U+FFFD', () => {
    const writer = new ByteWriter();
    writer.string('a\ud800b');
    expect(new ByteReader(writer.view()).string()).toBe('a\ufffdb');
  });
});

describe('compareBytes', () => {
  it('orders as the platform orders buffers', () => {
    const short = fc.uint8Array({ maxLength: 6, max: 3 });
    fc.assert(
      fc.property(short, short, (left, right) => {
        expect(Math.sign(compareBytes(left, right))).toBe(Buffer.compare(left, right));
      }),
    );
  });
});

it('every refusal says what was expected, in a branded error', () => {
  try {
    new ByteReader(new Uint8Array([3])).bytes();
  } catch (error) {
    expect(isSynodError(error) && error.code).toBe('DECODE_FAILED');
    return;
  }
  throw new Error('three bytes were read where none follow');
});
