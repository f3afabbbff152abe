import { encodeUtf8 } from '@synod/core';
import { describe, expect, it } from 'vitest';
import type { ChecksumName } from './algorithm.js';
import { checksumAlgorithm, checksumNames } from './registry.js';
import { Sha256 } from './sha256.js';

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What the authors of BLAKE3 hash in their test vectors. */
function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, place) => place % 251);
}

const digits = encodeUtf8('123456789');
const vectors: readonly (readonly [ChecksumName, string, Uint8Array, string])[] = [
  ['crc-32c', 'the digits (RFC 3720)', digits, 'e3069283'],
  ['crc-32', 'the digits', digits, 'cbf43926'],
  ['crc-32', 'nothing', new Uint8Array(0), '00000000'],
  ['adler-32', 'the digits', digits, '091e01de'],
  ['adler-32', 'Wikipedia', encodeUtf8('Wikipedia'), '11e60398'],
  ['adler-32', 'nothing (RFC 1950)', new Uint8Array(0), '00000001'],
  ['fletcher-16', 'abcde', encodeUtf8('abcde'), 'c8f0'],
  ['fletcher-16', 'abcdef', encodeUtf8('abcdef'), '2057'],
  ['fletcher-16', 'abcdefgh', encodeUtf8('abcdefgh'), '0627'],
  ['fletcher-32', 'abcde', encodeUtf8('abcde'), 'f04fc729'],
  ['fletcher-32', 'abcdef', encodeUtf8('abcdef'), '56502d2a'],
  ['fletcher-32', 'abcdefgh', encodeUtf8('abcdefgh'), 'ebe19591'],
  ['fletcher-64', 'abcde', encodeUtf8('abcde'), 'c8c6c527646362c6'],
  ['fletcher-64', 'abcdef', encodeUtf8('abcdef'), 'c8c72b276463c8c6'],
  ['fletcher-64', 'abcdefgh', encodeUtf8('abcdefgh'), '312e2b28cccac8c6'],
  ['xxh3-64', 'nothing', new Uint8Array(0), '2d06800538d394c2'],
  ['xxh3-64', 'the digits', digits, '72dcb18b67a17dff'],
  ['xxh3-128', 'nothing', new Uint8Array(0), '99aa06d3014798d86001c324468d497f'],
  [
    'sha-256',
    'abc (FIPS 180)',
    encodeUtf8('abc'),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  ],
  [
    'blake3',
    'nothing',
    new Uint8Array(0),
    'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262',
  ],
  [
    'blake3',
    '1024 bytes',
    counting(1024),
    '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7',
  ],
  [
    'blake3',
    '1025 bytes',
    counting(1025),
    'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444',
  ],
  [
    'blake3',
    '2049 bytes',
    counting(2049),
    '5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030',
  ],
];

describe('published check values', () => {
  it.each(vectors)('%s of %s', (name, _, data, expected) => {
    expect(hexOf(checksumAlgorithm(name).digest(data))).toBe(expected);
  });

  it('cover every algorithm', () => {
    expect(new Set(vectors.map(([name]) => name))).toEqual(new Set(checksumNames));
  });

  it('hold for SHA-256 in plain JavaScript too, over one block and over two', () => {
    const hash = new Sha256();
    hash.update(encodeUtf8('abc'));
    expect(hexOf(hash.digest())).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    const longer = new Sha256();
    longer.update(encodeUtf8('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'));
    expect(hexOf(longer.digest())).toBe('248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1');
  });
});
