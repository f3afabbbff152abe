import { createHash } from 'node:crypto';
import { blake3 } from '@noble/hashes/blake3.js';
import { adler32, type ChecksumName, checksumAlgorithm, crc32, crc32c } from '@synod/integrity';
import adlerOfOthers from 'adler-32';
import crcOfOthers from 'crc-32';
import crc32cOfOthers from 'crc-32/crc32c.js';
import { createXXHash3, createXXHash128 } from 'hash-wasm';
import { expect, it } from 'vitest';

const bytes = Uint8Array.from({ length: 20_000 }, (_, place) => (place * 167 + (place >> 5) * 31) & 0xff);
/** Every length through all ways of short inputs and over two blocks, then some of many blocks. */
const lengths = [...Array.from({ length: 2200 }, (_, length) => length), 4096, 4097, 9999, 19_990];

function hexOf(digest: Uint8Array): string {
  return Buffer.from(digest).toString('hex');
}

it.each([
  ['crc32c', crc32c, (data: Uint8Array) => crc32cOfOthers.buf(data) >>> 0],
  ['crc32', crc32, (data: Uint8Array) => crcOfOthers.buf(data) >>> 0],
  ['adler32', adler32, (data: Uint8Array) => adlerOfOthers.buf(data) >>> 0],
] as const)('%s gives what the package of others gives', (_, own, theirs) => {
  for (const length of lengths) {
    const data = bytes.subarray(length % 10, (length % 10) + length);
    expect(own(data)).toBe(theirs(data));
  }
});

it.each([
  ['xxh3-64', async () => await createXXHash3()],
  ['xxh3-128', async () => await createXXHash128()],
] as const)('%s gives what hash-wasm gives', async (name, create) => {
  const hasher = await create();
  for (const length of lengths) {
    const data = bytes.subarray(length % 10, (length % 10) + length);
    expect(hexOf(checksumAlgorithm(name).digest(data))).toBe(hasher.init().update(data).digest());
  }
});

it.each<[ChecksumName, (data: Uint8Array) => string]>([
  ['sha-256', (data) => createHash('sha256').update(data).digest('hex')],
  ['blake3', (data) => hexOf(blake3(data))],
])('%s gives what others give', (name, theirs) => {
  for (const length of lengths.filter((length) => length % 7 === 0 || length > 2000)) {
    const data = bytes.subarray(length % 10, (length % 10) + length);
    expect(hexOf(checksumAlgorithm(name).digest(data))).toBe(theirs(data));
  }
});
