import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from './errors.js';
import { decodeUtf8, encodeUtf8, utf8Length } from './utf8.js';

const platformEncoder = new TextEncoder();

function platformDecode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function ownDecode(bytes: Uint8Array): string | undefined {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return undefined;
  }
}

/** Bytes that are often almost UTF-8: what a lead byte promises and a few continuation bytes. */
const almostUtf8 = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        0x00,
        0x41,
        0x7f,
        0x80,
        0xbf,
        0xc0,
        0xc1,
        0xc2,
        0xdf,
        0xe0,
        0xed,
        0xef,
        0xf0,
        0xf4,
        0xf5,
        0xff,
      ),
      fc.integer({ min: 0x80, max: 0xbf }),
      fc.integer({ min: 0xc2, max: 0xf4 }),
    ),
    { maxLength: 8 },
  )
  .map((bytes) => new Uint8Array(bytes));

/** Strings of any UTF-16 code units, lone surrogates among them. */
const anyText = fc
  .array(fc.oneof(fc.nat({ max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff }), fc.nat({ max: 0x7f })))
  .map((units) => String.fromCharCode(...units));

describe('UTF-8', () => {
  it('is written as the platform writes it, for every string', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const bytes = encodeUtf8(text);
        expect(Buffer.compare(bytes, platformEncoder.encode(text))).toBe(0);
        expect(utf8Length(text)).toBe(bytes.length);
      }),
    );
  });

  it('is written with U+FFFD for lone surrogates, as the platform does', () => {
    for (const text of ['\ud800', '\udc00', 'a\udfffb', '\ud800\ud800\udc00', '\udc00\ud800']) {
      expect(encodeUtf8(text)).toEqual(platformEncoder.encode(text));
    }
  });

  it('is accepted and refused exactly where the strict platform decoder does, and read alike', () => {
    fc.assert(
      fc.property(fc.oneof(almostUtf8, fc.uint8Array({ maxLength: 8 })), (bytes) => {
        expect(ownDecode(bytes)).toBe(platformDecode(bytes));
      }),
      { numRuns: 5000 },
    );
  });

  it('is refused in each malformed form', () => {
    const malformed = {
      'overlong slash': [0xc0, 0xaf],
      'overlong in three bytes': [0xe0, 0x80, 0xaf],
      'overlong in four bytes': [0xf0, 0x80, 0x80, 0xaf],
      surrogate: [0xed, 0xa0, 0x80],
      'above U+10FFFF': [0xf4, 0x90, 0x80, 0x80],
      'lonely continuation': [0x80],
      truncated: [0xe2, 0x82],
      'no lead byte': [0xff],
    };
    for (const [what, bytes] of Object.entries(malformed)) {
      expect(() => decodeUtf8(new Uint8Array(bytes)), what).toThrow(DecodeError);
    }
  });

  it('round-trips every code point at the borders of each length', () => {
    for (const point of [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff]) {
      const text = String.fromCodePoint(point);
      expect(decodeUtf8(encodeUtf8(text))).toBe(text);
    }
  });
});
