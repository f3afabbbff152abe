import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksum } from '../prime-sum.js';
import { checksumAlgorithm, checksumNames } from './registry.js';
import { Sha256 } from './sha256.js';

/** Lengths around the blocks, stripes and chunks of all algorithms, up to several of the longest. */
const data = fc
  .tuple(
    fc.oneof(fc.nat(300), fc.nat(5000), fc.constantFrom(240, 241, 1023, 1024, 1025, 2048, 3072, 4097)),
    fc.nat(),
  )
  .map(([length, seed]) =>
    Uint8Array.from({ length }, (_, place) => (place * 167 + ((place * seed) >>> 7)) & 0xff),
  );
const cuts = fc.array(fc.nat(5000), { maxLength: 8 });

function partsOf(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.filter((place) => place <= bytes.length), bytes.length].sort((a, b) => a - b);
  return ends.map((end, place) => bytes.subarray(ends[place - 1] ?? 0, end));
}

describe.each(checksumNames)('laws of %s', (name) => {
  const algorithm = checksumAlgorithm(name);

  it('cut in any way the digest is that of the whole, asked for in between or not', () => {
    fc.assert(
      fc.property(data, cuts, fc.boolean(), (bytes, places, asked) => {
        const running = algorithm.create();
        let before = algorithm.digest(new Uint8Array(0));
        let taken = 0;
        for (const part of partsOf(bytes, places)) {
          running.update(part);
          taken += part.length;
          if (asked) before = running.digest();
          if (asked) expect(before).toEqual(algorithm.digest(bytes.subarray(0, taken)));
        }
        expect(running.digest()).toEqual(algorithm.digest(bytes));
      }),
      { numRuns: 60 },
    );
  });

  it('the digest has its length, and where the bytes lie in their buffer makes no difference', () => {
    fc.assert(
      fc.property(data, fc.nat(17), (bytes, offset) => {
        const moved = new Uint8Array(bytes.length + offset + 5).fill(0xa5);
        moved.set(bytes, offset);
        const digest = algorithm.digest(moved.subarray(offset, offset + bytes.length));
        expect(digest).toEqual(algorithm.digest(bytes));
        expect(digest.length).toBe(algorithm.digestBytes);
        expect(moved[offset + bytes.length]).toBe(0xa5);
      }),
      { numRuns: 40 },
    );
  });

  it('every flip of one bit is detected', () => {
    fc.assert(
      fc.property(data, fc.nat(), (bytes, place) => {
        fc.pre(bytes.length > 0);
        const bit = place % (bytes.length * 8);
        const damaged = bytes.slice();
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(algorithm.digest(damaged)).not.toEqual(algorithm.digest(bytes));
      }),
      { numRuns: 40 },
    );
  });
});

const combinable = checksumNames.filter((name) => checksumAlgorithm(name).combinable);

describe.each(combinable)('digests of %s', (name) => {
  const algorithm = checksumAlgorithm(name);

  it('of two parts give that of both joined', () => {
    fc.assert(
      fc.property(data, fc.nat(5000), (bytes, place) => {
        const split = Math.min(place, bytes.length);
        const [head, tail] = [bytes.subarray(0, split), bytes.subarray(split)];
        const combined = algorithm.combine(algorithm.digest(head), algorithm.digest(tail), tail.length);
        expect(combined).toEqual(algorithm.digest(bytes));
      }),
      { numRuns: 60 },
    );
  });
});

it('the CRCs, Adler-32 and Fletcher-16 can be combined', () => {
  expect(combinable).toEqual(['crc-32c', 'crc-32', 'adler-32', 'fletcher-16']);
});

it('SHA-256 of the platform is that in plain JavaScript', () => {
  fc.assert(
    fc.property(data, cuts, (bytes, places) => {
      const ours = new Sha256();
      for (const part of partsOf(bytes, places)) ours.update(part);
      expect(ours.digest()).toEqual(checksumAlgorithm('sha-256').digest(bytes));
    }),
    { numRuns: 60 },
  );
});

it('CRC-32 is linear: the values of three arrays of one length give that of their XOR', () => {
  const { digest } = checksumAlgorithm('crc-32');
  fc.assert(
    fc.property(data, fc.nat(), (first, seed) => {
      const second = first.map((_, place) => (place * 31 + seed) & 0xff);
      const third = first.map((_, place) => (place * place + seed * 7) & 0xff);
      const sum = first.map((byte, place) => byte ^ (second[place] ?? 0) ^ (third[place] ?? 0));
      const [a, b, c] = [digest(first), digest(second), digest(third)];
      expect(digest(sum)).toEqual(a.map((byte, place) => byte ^ (b[place] ?? 0) ^ (c[place] ?? 0)));
    }),
  );
});

it('the greatest words keep the sums of Adler and Fletcher exact over many blocks', () => {
  const bytes = new Uint8Array(100_003).fill(255);
  const sumOfBytes = (modulus: number) => checksum(bytes, modulus);
  const sumOfSums = (modulus: bigint, start: bigint) =>
    Number(
      (BigInt(bytes.length) * start + (255n * BigInt(bytes.length) * BigInt(bytes.length + 1)) / 2n) %
        modulus,
    );
  const adler = checksumAlgorithm('adler-32').digest(bytes);
  const [high, low] = [((adler[0] ?? 0) << 8) | (adler[1] ?? 0), ((adler[2] ?? 0) << 8) | (adler[3] ?? 0)];
  expect([high, low]).toEqual([sumOfSums(65_521n, 1n), (1 + sumOfBytes(65_521)) % 65_521]);
  // Modulo 2^k - 1 a word of all ones is 0; only the last word, filled up with zeros, is another.
  expect(checksumAlgorithm('fletcher-16').digest(bytes)).toEqual(Uint8Array.of(0, 0));
  expect(checksumAlgorithm('fletcher-32').digest(bytes)).toEqual(Uint8Array.of(0, 255, 0, 255));
  expect(checksumAlgorithm('fletcher-64').digest(bytes)).toEqual(
    Uint8Array.of(0, 255, 255, 255, 0, 255, 255, 255),
  );
});
