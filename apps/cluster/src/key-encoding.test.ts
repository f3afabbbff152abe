import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64Of, bytesOfBase64, decodeKey, encodeKey, textOf } from './key-encoding.js';

describe('keys in a URL', () => {
  it('any bytes survive encoding and decoding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (key) => {
        expect([...decodeKey(encodeKey(key))]).toEqual([...key]);
      }),
    );
  });

  it('an encoded key is one segment that a URL parser leaves alone', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(bytes, (key) => {
        const segment = encodeKey(key);
        fc.pre(segment !== '.' && segment !== '..');
        expect(new URL(`http://node/v1/kv/${segment}`).pathname).toBe(`/v1/kv/${segment}`);
      }),
    );
  });

  it('%FF is the byte 255, and a plus sign is a plus sign', () => {
    expect([...decodeKey('%FF%00+')]).toEqual([255, 0, 43]);
  });

  it('text that was not encoded is taken as UTF-8', () => {
    expect(textOf(decodeKey('grün'))).toBe('grün');
  });

  it.each(['%', '%F', '%GG', 'a%2', '%%41'])('%j is refused with the position of the mistake', (segment) => {
    expect(() => decodeKey(segment)).toThrow(/at position \d+: write a byte as % and two/);
  });

  it('an empty key is refused', () => {
    expect(() => decodeKey('')).toThrow(/the key is empty/);
  });
});

describe('bytes in JSON', () => {
  it('any bytes survive base64', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect([...bytesOfBase64(base64Of(bytes), 'it')]).toEqual([...bytes]);
      }),
    );
  });

  it.each(['a', '????', 'YQ===', 'Y Q='])('%j is refused as base64', (text) => {
    expect(() => bytesOfBase64(text, '"valueBase64"')).toThrow('"valueBase64" is not base64');
  });

  it('bytes that are no UTF-8 have no text, and a byte order mark stays', () => {
    expect(textOf(Uint8Array.of(0xff))).toBeUndefined();
    expect(textOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
  });
});
