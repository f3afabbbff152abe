import { encodeUtf8, InvalidArgumentError } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { adler32, combineAdler32 } from './adler32.js';
import { combineCrc32, crc32 } from './crc32.js';
import { combineCrc32c, crc32c } from './crc32c.js';
import { digestStream } from './digest-stream.js';
import { checksumAlgorithm, checksumAlgorithmById, checksumNames, UnknownChecksumError } from './registry.js';

describe('the registry of checksums', () => {
  it('names each algorithm on the wire by a byte that must never change', () => {
    expect(checksumNames.map((name) => [name, checksumAlgorithm(name).id])).toEqual([
      ['crc-32c', 0],
      ['crc-32', 1],
      ['adler-32', 2],
      ['fletcher-16', 3],
      ['fletcher-32', 4],
      ['fletcher-64', 5],
      ['xxh3-64', 6],
      ['xxh3-128', 7],
      ['sha-256', 8],
      ['blake3', 9],
    ]);
    for (const name of checksumNames)
      expect(checksumAlgorithmById(checksumAlgorithm(name).id).name).toBe(name);
  });

  it.each([10, 255, -1, 0.5, Number.NaN])('refuses the unknown byte %d', (id) => {
    expect(() => checksumAlgorithmById(id)).toThrow(UnknownChecksumError);
  });

  it('refuses an unknown name and says which there are', () => {
    const name: string = 'md5';
    expect(() => Reflect.apply(checksumAlgorithm, undefined, [name])).toThrow(/"md5".*crc-32c \(0\)/);
    expect(() => Reflect.apply(checksumAlgorithm, undefined, ['constructor'])).toThrow(UnknownChecksumError);
  });

  it.each(checksumNames)('%s takes nothing but bytes', (name) => {
    const { digest, create } = checksumAlgorithm(name);
    for (const wrong of ['text', null, undefined, [1, 2], new ArrayBuffer(4), 7]) {
      expect(() => Reflect.apply(digest, undefined, [wrong])).toThrow(InvalidArgumentError);
      const running = create();
      expect(() => Reflect.apply(running.update, running, [wrong])).toThrow(InvalidArgumentError);
      expect(running.digest()).toEqual(digest(new Uint8Array(0)));
    }
  });

  it('refuses to combine what it cannot, and digests and lengths that are none', () => {
    const whole = checksumAlgorithm('xxh3-64');
    expect(() => whole.combine(new Uint8Array(8), new Uint8Array(8), 1)).toThrow(/cannot be combined/);
    const { combine } = checksumAlgorithm('crc-32c');
    expect(() => combine(new Uint8Array(3), new Uint8Array(4), 1)).toThrow(/a has 3 bytes/);
    for (const length of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => combine(new Uint8Array(4), new Uint8Array(4), length)).toThrow(InvalidArgumentError);
    }
  });
});

describe('combining numbers', () => {
  it.each([
    ['crc32c', crc32c, combineCrc32c],
    ['crc32', crc32, combineCrc32],
    ['adler32', adler32, combineAdler32],
  ] as const)(
    'of %s gives the value of both parts joined, and refuses what is no word',
    (_, check, combine) => {
      const [a, b] = [encodeUtf8('a leader, '), encodeUtf8('and its followers')];
      const joined = encodeUtf8('a leader, and its followers');
      expect(combine(check(a), check(b), b.length)).toBe(check(joined));
      for (const wrong of [-1, 2 ** 32, 0.5, Number.NaN]) {
        expect(() => combine(wrong, 0, 1)).toThrow(InvalidArgumentError);
        expect(() => combine(0, wrong, 1)).toThrow(InvalidArgumentError);
        expect(() => combine(0, 1, wrong === 2 ** 32 ? -2 : wrong)).toThrow(InvalidArgumentError);
      }
    },
  );

  it('reaches over parts that no memory holds: 2^40 zero bytes, doubled step by step', () => {
    let zeros = crc32c(new Uint8Array(1));
    for (let length = 1; length < 2 ** 40; length *= 2) zeros = combineCrc32c(zeros, zeros, length);
    let byBlocks = crc32c(new Uint8Array(2 ** 20));
    for (let length = 2 ** 20; length < 2 ** 40; length *= 2)
      byBlocks = combineCrc32c(byBlocks, byBlocks, length);
    expect(zeros).toBe(byBlocks);
  });
});

describe('digestStream', () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield encodeUtf8('1234');
    await Promise.resolve();
    yield encodeUtf8('56789');
  }

  it('gives the digest of all that came', async () => {
    expect(await digestStream('crc-32c', chunks())).toEqual(Uint8Array.of(0xe3, 0x06, 0x92, 0x83));
    expect(await digestStream('adler-32', [encodeUtf8('Wiki'), encodeUtf8('pedia')])).toEqual(
      Uint8Array.of(0x11, 0xe6, 0x03, 0x98),
    );
  });

  it('fails as the stream fails, and with a chunk that is no bytes', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield encodeUtf8('1234');
      await Promise.reject(new Error('the disk is gone'));
    }
    await expect(digestStream('crc-32c', broken())).rejects.toThrow('the disk is gone');
    await expect(Reflect.apply(digestStream, undefined, ['crc-32c', ['text']])).rejects.toThrow(
      InvalidArgumentError,
    );
  });
});
