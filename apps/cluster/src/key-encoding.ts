/**
 * Keys in a URL and values in JSON are bytes: percent-decoding (RFC 3986 §2.1) gives bytes and not text, so `%FF` is
 * a key like any other, and a document carries base64 beside the text.
 */
import { RestError } from './rest-errors.js';

const percent = 0x25;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes a key from the raw path of a request.
 *
 * @param segment - The part of the path that is the key, as it stood on the request line.
 * @throws {@link RestError} `INVALID_ARGUMENT` for an empty key or a `%` without two hexadecimal digits.
 */
export function decodeKey(segment: string): Uint8Array {
  const key = percentDecode(segment, 'key');
  if (key.length === 0) {
    throw new RestError({
      code: 'INVALID_ARGUMENT',
      message: 'the key is empty: name one after /v1/kv/, as in /v1/kv/color',
    });
  }
  return key;
}

/**
 * Percent-decodes to bytes.
 *
 * @param text - ASCII text with `%XX` for bytes.
 * @param subject - What it is, for the message.
 * @throws {@link RestError} `INVALID_ARGUMENT` for a `%` without two hexadecimal digits.
 */
export function percentDecode(text: string, subject: string): Uint8Array {
  const source = Buffer.from(text, 'utf8');
  const bytes = new Uint8Array(source.length);
  let length = 0;
  for (let position = 0; position < source.length; position++) {
    let byte = source[position] ?? 0;
    if (byte === percent) {
      const digits =
        text.length === source.length
          ? text.slice(position + 1, position + 3)
          : source.toString('latin1', position + 1, position + 3);
      if (!/^[0-9A-Fa-f]{2}$/.test(digits)) {
        throw new RestError({
          code: 'INVALID_ARGUMENT',
          message: `the ${subject} has "%${digits}" at position ${position}: write a byte as % and two hexadecimal digits, and % itself as %25`,
        });
      }
      byte = Number.parseInt(digits, 16);
      position += 2;
    }
    bytes[length++] = byte;
  }
  return bytes.subarray(0, length);
}

/**
 * Encodes bytes as one segment of a path: letters, digits and `-._~` stand for themselves. The two segments that
 * URL parsers remove, `.` and `..`, cannot be written so that every parser keeps them.
 *
 * @param bytes - Any bytes.
 */
export function encodeKey(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    text += /[A-Za-z0-9\-._~]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

/**
 * Bytes as text, or `undefined` when they are not well-formed UTF-8.
 *
 * @param bytes - Any bytes.
 */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Bytes in base64.
 *
 * @param bytes - Any bytes.
 */
export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/**
 * Decodes base64, with or without padding.
 *
 * @param text - What should be base64.
 * @param subject - What it is, for the message.
 * @throws {@link RestError} `INVALID_ARGUMENT` when it is not.
 */
export function bytesOfBase64(text: string, subject: string): Uint8Array {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text) || text.replace(/=+$/, '').length % 4 === 1) {
    throw new RestError({ code: 'INVALID_ARGUMENT', message: `${subject} is not base64` });
  }
  return Buffer.from(text, 'base64');
}
