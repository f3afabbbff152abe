import { ByteWriter, DecodeError } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ExchangeItem, itemTag, readItem, writeItemHead } from './exchange-items.js';

const id = fc.oneof(fc.nat(300), fc.constant(Number.MAX_SAFE_INTEGER));
const payload = fc.uint8Array({ maxLength: 300 });
const name = fc
  .string({ minLength: 1, maxLength: 30, unit: 'grapheme' })
  .filter((text) => Buffer.byteLength(text) <= 128);
const failure = fc.record({
  code: fc.stringMatching(/^[A-Z][A-Z0-9_]{0,20}$/),
  message: fc.stringMatching(/^[ -~]{0,100}$/),
  effect: fc.constantFrom('none' as const, 'unknown' as const),
  retryable: fc.boolean(),
});
const item: fc.Arbitrary<ExchangeItem> = fc.oneof(
  fc.record({ type: fc.constant('call' as const), id, method: name, remainingMs: id, payload }),
  fc.record({ type: fc.constant('reply' as const), id, payload }),
  fc.record({ type: fc.constantFrom('failure' as const, 'reset' as const), id, failure }),
  fc.record({ type: fc.constantFrom('cancel' as const, 'end' as const), id }),
  fc.record({ type: fc.constant('open' as const), id, name, window: id, payload }),
  fc.record({ type: fc.constant('accept' as const), id, window: id }),
  fc.record({ type: fc.constant('chunk' as const), id, payload }),
  fc.record({ type: fc.constant('credit' as const), id, bytes: id }),
  fc.record({ type: fc.constantFrom('draining' as const, 'beat' as const) }),
);

function bodyOf(one: ExchangeItem): Uint8Array {
  const writer = new ByteWriter();
  writer.raw(writeItemHead(writer, one));
  return writer.take();
}

describe('items of calls and streams', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(item, (one) => {
        expect(readItem(itemTag[one.type], bodyOf(one))).toEqual(one);
      }),
    );
  });

  it('that are cut, lengthened or damaged are read or refused, and never anything else', () => {
    fc.assert(
      fc.property(item, fc.nat(15), fc.nat(400), fc.uint8Array({ maxLength: 4 }), (one, tag, cut, more) => {
        const body = Buffer.concat([bodyOf(one).subarray(0, cut), more]);
        try {
          readItem(tag, body);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('keep their bytes: this is the wire', () => {
    const written = (one: ExchangeItem): string =>
      `${itemTag[one.type]} ${Buffer.from(bodyOf(one)).toString('hex')}`;
    const bytes = Uint8Array.of(0xaa, 0xbb);
    const refused = { code: 'A', message: 'b', effect: 'unknown', retryable: false } as const;
    expect([
      written({ type: 'call', id: 300, method: 'add', remainingMs: 1000, payload: bytes }),
      written({ type: 'reply', id: 300, payload: bytes }),
      written({ type: 'failure', id: 1, failure: refused }),
      written({ type: 'cancel', id: 1 }),
      written({ type: 'open', id: 3, name: 'copy', window: 262144, payload: bytes }),
      written({ type: 'accept', id: 3, window: 262144 }),
      written({ type: 'chunk', id: 3, payload: bytes }),
      written({ type: 'end', id: 3 }),
      written({ type: 'credit', id: 3, bytes: 131072 }),
      written({ type: 'reset', id: 3, failure: refused }),
      written({ type: 'draining' }),
      written({ type: 'beat' }),
    ]).toMatchInlineSnapshot(`
      [
        "1 ac0203616464e807aabb",
        "2 ac02aabb",
        "3 01010001410162",
        "4 01",
        "5 0304636f7079808010aabb",
        "6 03808010",
        "7 03aabb",
        "8 03",
        "9 03808008",
        "10 03010001410162",
        "11 ",
        "12 ",
      ]
    `);
  });
});
