/** Keys and entries for tests. */
import { decodeUtf8, encodeUtf8 } from '@synod/core';
import type { KeyValue } from '../../src/index.js';

/** An entry of a key, put once at a revision. */
export function entry(key: string | Uint8Array, revision = 2): KeyValue {
  return {
    key: typeof key === 'string' ? encodeUtf8(key) : key,
    value: new Uint8Array(0),
    createRevision: revision,
    modRevision: revision,
    version: 1,
    lease: 0,
  };
}

/** The entry of the key that is a number in six digits. */
export function numbered(number: number, revision = 2): KeyValue {
  return entry(String(number).padStart(6, '0'), revision);
}

/** The keys of entries as text. */
export function keysOf(entries: Iterable<KeyValue>): string[] {
  return Array.from(entries, (kv) => decodeUtf8(kv.key));
}
