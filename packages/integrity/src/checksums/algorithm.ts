/**
 * One shape for every checksum: a name, a byte that names it on the wire, and digests as bytes in the order in which
 * the specifications print them, the most significant first.
 */
import { InvalidArgumentError } from '@synod/core';
import { checkLengthOfB } from './crc-combination.js';
import type { RunningHash } from './sha256.js';

/** The checksums there are. */
export type ChecksumName =
  | 'crc-32c'
  | 'crc-32'
  | 'adler-32'
  | 'fletcher-16'
  | 'fletcher-32'
  | 'fletcher-64'
  | 'xxh3-64'
  | 'xxh3-128'
  | 'sha-256'
  | 'blake3';

/** A checksum over bytes that come in parts. */
export interface RunningChecksum {
  /**
   * Takes the next bytes.
   *
   * @param data - The bytes. Not kept; any cut into parts gives the same digest.
   * @returns This, for chaining.
   * @throws InvalidArgumentError when `data` is no `Uint8Array`.
   */
  update(data: Uint8Array): this;
  /** The digest of all bytes so far. More may be taken afterwards. */
  digest(): Uint8Array;
}

/** A checksum algorithm. */
export interface ChecksumAlgorithm {
  /** Its name. */
  readonly name: ChecksumName;
  /** Its name on the wire, 0 to 255. It never changes. */
  readonly id: number;
  /** Length of its digests in bytes. */
  readonly digestBytes: number;
  /** Whether {@link ChecksumAlgorithm.combine} works. */
  readonly combinable: boolean;
  /** Begins a checksum over bytes that come in parts. */
  create(): RunningChecksum;
  /**
   * The digest of bytes that are all there.
   *
   * @param data - The bytes. Not changed, not kept.
   * @returns The digest, the most significant byte first.
   * @throws InvalidArgumentError when `data` is no `Uint8Array`.
   */
  digest(data: Uint8Array): Uint8Array;
  /**
   * The digest of two parts joined, from that of each, without their bytes.
   *
   * @param a - Digest of the first part.
   * @param b - Digest of the second part.
   * @param lengthOfB - How many bytes the second part has, from 0 to 2^53 - 1.
   * @throws InvalidArgumentError when the algorithm is not combinable, a digest has another length, or `lengthOfB` is
   * out of range.
   */
  combine(a: Uint8Array, b: Uint8Array, lengthOfB: number): Uint8Array;
}

/** What an algorithm is made of. */
export interface AlgorithmParts {
  /** As in {@link ChecksumAlgorithm}. */
  readonly name: ChecksumName;
  /** As in {@link ChecksumAlgorithm}. */
  readonly id: number;
  /** As in {@link ChecksumAlgorithm}. */
  readonly digestBytes: number;
  /** Begins a running checksum. */
  readonly begin: () => RunningHash;
  /** A shorter way to a digest of bytes that are all there, if there is one. */
  readonly atOnce?: (data: Uint8Array) => Uint8Array;
  /** Joins two digests, if that can be done. */
  readonly join?: (a: Uint8Array, b: Uint8Array, lengthOfB: number) => Uint8Array;
}

/**
 * Makes an algorithm of its parts, with all arguments checked.
 *
 * @param parts - The parts.
 */
export function algorithmOf({
  name,
  id,
  digestBytes,
  begin,
  atOnce,
  join,
}: AlgorithmParts): ChecksumAlgorithm {
  const create = () => new CheckedChecksum(begin());
  return {
    name,
    id,
    digestBytes,
    combinable: join !== undefined,
    create,
    digest: (data) => {
      checkBytes('data', data);
      return atOnce === undefined ? create().update(data).digest() : atOnce(data);
    },
    combine: (a, b, lengthOfB) => {
      if (join === undefined) {
        throw new InvalidArgumentError(
          `digests of ${name} cannot be combined: take an algorithm whose combinable is true, such as crc-32c`,
        );
      }
      checkDigest('a', a, digestBytes);
      checkDigest('b', b, digestBytes);
      checkLengthOfB(lengthOfB);
      return join(a, b, lengthOfB);
    },
  };
}

/**
 * The parts of an algorithm whose checksum is a word of 32 bits and goes on from that of what stands before.
 *
 * @param start - The checksum of nothing.
 * @param goOn - The checksum of more bytes after some.
 * @param combine - The checksum of two parts joined.
 */
export function partsOfWord(
  start: number,
  goOn: (data: Uint8Array, previous: number) => number,
  combine: (a: number, b: number, lengthOfB: number) => number,
): Pick<AlgorithmParts, 'digestBytes' | 'begin' | 'atOnce' | 'join'> {
  return {
    digestBytes: 4,
    begin: () => {
      let value = start;
      return {
        update: (data) => {
          value = goOn(data, value);
        },
        digest: () => bytesOfWord(value),
      };
    },
    atOnce: (data) => bytesOfWord(goOn(data, start)),
    join: (a, b, lengthOfB) => bytesOfWord(combine(wordOf(a), wordOf(b), lengthOfB)),
  };
}

/**
 * An integer as bytes, the most significant one first.
 *
 * @param value - The integer, not negative.
 * @param length - How many bytes.
 */
export function bytesOfInteger(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let place = length - 1, left = value; place >= 0; place--, left >>= 8n)
    bytes[place] = Number(left & 0xffn);
  return bytes;
}

/** A running checksum that lets nothing but bytes through. */
class CheckedChecksum implements RunningChecksum {
  readonly #hash: RunningHash;

  /** @param hash - What computes. */
  constructor(hash: RunningHash) {
    this.#hash = hash;
  }

  /** {@inheritDoc RunningChecksum.update} */
  update(data: Uint8Array): this {
    checkBytes('data', data);
    this.#hash.update(data);
    return this;
  }

  /** {@inheritDoc RunningChecksum.digest} */
  digest(): Uint8Array {
    return this.#hash.digest();
  }
}

function checkBytes(name: string, data: unknown): void {
  if (data instanceof Uint8Array) return;
  const kind = data === null ? 'null' : typeof data;
  throw new InvalidArgumentError(
    `${name} is of type ${kind}: it must be a Uint8Array, such as a TextEncoder makes of a string`,
  );
}

function checkDigest(name: string, digest: unknown, digestBytes: number): void {
  checkBytes(name, digest);
  if (digest instanceof Uint8Array && digest.length !== digestBytes) {
    throw new InvalidArgumentError(`${name} has ${digest.length} bytes: a digest has ${digestBytes}`);
  }
}

function bytesOfWord(word: number): Uint8Array {
  return Uint8Array.of(word >>> 24, word >>> 16, word >>> 8, word);
}

function wordOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
}
