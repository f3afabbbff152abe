/** Intervals of keys by etcd's range_end rules (rpc.proto, RangeRequest), and byte strings from callers. */
import { encodeUtf8, InvalidArgumentError } from '@synod/core';
import { type KeyText, successorOf, textOf } from './key-text.js';
import type { ByteSource } from './key-value.js';
import type { KeyRange } from './transaction.js';

/** Keys from `first` on, up to but without `end`; `end` `undefined` is beyond every key. */
export interface KeyInterval {
  readonly first: KeyText;
  readonly end: KeyText | undefined;
}

/**
 * The `rangeEnd` that makes a range of all keys that begin with a prefix.
 *
 * @param prefix - The prefix: any bytes, or a string for its UTF-8 form.
 * @returns The smallest byte string above all of them; the single byte 0 (no end) if there is none, because the
 * prefix is empty or consists of bytes 255.
 * @example
 * ```ts
 * machine.range({ key: 'user/', rangeEnd: prefixRangeEnd('user/') });
 * ```
 */
export function prefixRangeEnd(prefix: ByteSource): Uint8Array {
  const bytes = bytesOf(prefix);
  for (let last = bytes.length - 1; last >= 0; last--) {
    const byte = bytes[last] ?? 0;
    if (byte === 0xff) continue;
    const end = bytes.slice(0, last + 1);
    end[last] = byte + 1;
    return end;
  }
  return Uint8Array.of(0);
}

/** Tells whether a range names one key and not an interval. */
export function isOneKey(range: KeyRange<Uint8Array>): boolean {
  return range.rangeEnd === undefined || range.rangeEnd.length === 0;
}

/** The interval that a range names. A single key is the interval up to its direct successor. */
export function intervalOf(range: KeyRange<Uint8Array>): KeyInterval {
  const first = textOf(range.key);
  if (range.rangeEnd === undefined || range.rangeEnd.length === 0) return { first, end: successorOf(first) };
  const end = textOf(range.rangeEnd);
  return { first, end: end === '\0' ? undefined : end };
}

/** Tells whether a key lies in an interval. */
export function contains({ first, end }: KeyInterval, key: KeyText): boolean {
  return first <= key && (end === undefined || key < end);
}

/** A caller's key as bytes. */
export function keyOf(source: ByteSource): Uint8Array {
  return bytesOf(checkKey(source));
}

/** A caller's byte string as bytes; not copied if it is bytes already. */
export function bytesOf(source: ByteSource): Uint8Array {
  const checked = checkSource(source);
  return typeof checked === 'string' ? encodeUtf8(checked) : checked;
}

/** Refuses what is no key. */
export function checkKey(source: ByteSource): ByteSource {
  if (checkSource(source).length > 0) return source;
  throw new InvalidArgumentError('a key is empty: it must have at least 1 byte');
}

/** Refuses what is no byte string, which JavaScript lets through. */
export function checkSource(source: ByteSource): ByteSource {
  if (typeof source === 'string' || source instanceof Uint8Array) return source;
  throw new InvalidArgumentError(
    `${String(source)} is neither bytes nor a string: give a Uint8Array or a string`,
  );
}
