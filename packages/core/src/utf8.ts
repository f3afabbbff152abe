/**
 * UTF-8 (RFC 3629), written here because the pure packages use no platform object: `TextEncoder` is one. Decoding is
 * strict: overlong forms, surrogates and truncated sequences are refused.
 */
import { DecodeError } from './errors.js';

const replacement = 0xfffd;

/**
 * Length of a text in UTF-8.
 *
 * @param text - Any string; each lone surrogate counts as U+FFFD.
 * @returns Bytes.
 */
export function utf8Length(text: string): number {
  let length = 0;
  for (let position = 0; position < text.length; ) {
    const point = codePointAt(text, position);
    length += encodedLength(point);
    position += point > 0xffff ? 2 : 1;
  }
  return length;
}

/**
 * Encodes a text as UTF-8.
 *
 * @param text - Any string; each lone surrogate becomes U+FFFD.
 */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  encodeUtf8Into(text, bytes, 0);
  return bytes;
}

/**
 * Encodes a text into a buffer that has room for it.
 *
 * @param text - Any string.
 * @param target - Where to write; needs {@link utf8Length} bytes from `offset`.
 * @param offset - Where to begin.
 */
export function encodeUtf8Into(text: string, target: Uint8Array, offset: number): void {
  let at = offset;
  for (let position = 0; position < text.length; ) {
    const point = codePointAt(text, position);
    position += point > 0xffff ? 2 : 1;
    if (point < 0x80) {
      target[at++] = point;
      continue;
    }
    const length = encodedLength(point);
    target[at++] = (length === 2 ? 0xc0 : length === 3 ? 0xe0 : 0xf0) | (point >> ((length - 1) * 6));
    for (let rest = length - 2; rest >= 0; rest--) target[at++] = 0x80 | ((point >> (rest * 6)) & 0x3f);
  }
}

/**
 * Decodes UTF-8.
 *
 * @param bytes - The encoded text.
 * @throws {@link DecodeError} when the bytes are not well-formed UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  let position = 0;
  while (position < bytes.length) {
    const lead = bytes[position] ?? 0;
    if (lead < 0x80) {
      text += String.fromCharCode(lead);
      position++;
      continue;
    }
    const length =
      lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 0;
    let point = length === 4 ? lead & 0x07 : length === 3 ? lead & 0x0f : lead & 0x1f;
    for (let rest = 1; rest < length; rest++) {
      const byte = bytes[position + rest] ?? 0;
      if ((byte & 0xc0) !== 0x80) throw malformed(position);
      point = (point << 6) | (byte & 0x3f);
    }
    const surrogate = point >= 0xd800 && point <= 0xdfff;
    if (length === 0 || encodedLength(point) !== length || surrogate || point > 0x10ffff)
      throw malformed(position);
    text += String.fromCodePoint(point);
    position += length;
  }
  return text;
}

function malformed(position: number): DecodeError {
  return new DecodeError(`malformed UTF-8 at byte ${position}`);
}

function codePointAt(text: string, position: number): number {
  const point = text.codePointAt(position) ?? replacement;
  return point >= 0xd800 && point <= 0xdfff ? replacement : point;
}

function encodedLength(point: number): number {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}
