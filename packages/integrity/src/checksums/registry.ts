/** All checksum algorithms, by name and by the byte that names them on the wire. */
import { SynodError } from '@synod/core';
import { adler32, combineAdler32 } from './adler32.js';
import {
  type AlgorithmParts,
  algorithmOf,
  bytesOfInteger,
  type ChecksumAlgorithm,
  type ChecksumName,
  partsOfWord,
} from './algorithm.js';
import { Blake3 } from './blake3.js';
import { combineCrc32, crc32 } from './crc32.js';
import { combineCrc32c, crc32c } from './crc32c.js';
import { type FletcherBits, FletcherSums } from './fletcher.js';
import { createSha256 } from './sha256.js';
import { Xxh3State } from './xxh3.js';
import { hashShort64, hashShort128, shortBytesMax } from './xxh3-short.js';

/** No checksum has that name or that byte. Refuse what it came with: nothing can check it. */
export class UnknownChecksumError extends SynodError {
  /** What was asked for. */
  readonly asked: string | number;

  /** @param asked - The name, or the byte from the wire. */
  constructor(asked: string | number) {
    super({
      code: 'UNKNOWN_CHECKSUM',
      message: `there is no checksum ${JSON.stringify(asked)}: there are ${algorithms.map(({ name, id }) => `${name} (${id})`).join(', ')}`,
    });
    this.asked = asked;
  }
}

const algorithms: readonly ChecksumAlgorithm[] = [
  { name: 'crc-32c' as const, id: 0, ...partsOfWord(0, crc32c, combineCrc32c) },
  { name: 'crc-32' as const, id: 1, ...partsOfWord(0, crc32, combineCrc32) },
  { name: 'adler-32' as const, id: 2, ...partsOfWord(1, adler32, combineAdler32) },
  { name: 'fletcher-16' as const, id: 3, ...partsOfFletcher(16), join: joinFletcher16 },
  { name: 'fletcher-32' as const, id: 4, ...partsOfFletcher(32) },
  { name: 'fletcher-64' as const, id: 5, ...partsOfFletcher(64) },
  {
    name: 'xxh3-64' as const,
    id: 6,
    digestBytes: 8,
    begin: () => beginXxh3((state) => bytesOfInteger(state.digest64(), 8)),
    atOnce: (data: Uint8Array) => bytesOfInteger(xxh3Of64(data), 8),
  },
  {
    name: 'xxh3-128' as const,
    id: 7,
    digestBytes: 16,
    begin: () => beginXxh3((state) => bytesOfInteger(state.digest128(), 16)),
    atOnce: (data: Uint8Array) => bytesOfInteger(xxh3Of128(data), 16),
  },
  { name: 'sha-256' as const, id: 8, digestBytes: 32, begin: createSha256 },
  { name: 'blake3' as const, id: 9, digestBytes: 32, begin: () => new Blake3() },
].map((parts: AlgorithmParts) => algorithmOf(parts));

const byName = new Map<string, ChecksumAlgorithm>(algorithms.map((algorithm) => [algorithm.name, algorithm]));

/** The names of all checksums, in the order of their bytes on the wire. */
export const checksumNames: readonly ChecksumName[] = algorithms.map(({ name }) => name);

/**
 * A checksum algorithm by its name.
 *
 * @param name - One of {@link checksumNames}.
 * @throws {@link UnknownChecksumError} when there is none of that name.
 *
 * @example
 * ```ts
 * const { digest, combine } = checksumAlgorithm('crc-32c');
 * combine(digest(head), digest(body), body.length); // digest of both, joined
 * ```
 */
export function checksumAlgorithm(name: ChecksumName): ChecksumAlgorithm {
  const algorithm = byName.get(name);
  if (algorithm === undefined) throw new UnknownChecksumError(name);
  return algorithm;
}

/**
 * A checksum algorithm by the byte that names it on the wire. What names an unknown one is to be refused, never to be
 * taken unchecked.
 *
 * @param id - The byte.
 * @throws {@link UnknownChecksumError} when no algorithm has it.
 */
export function checksumAlgorithmById(id: number): ChecksumAlgorithm {
  const algorithm = algorithms[id];
  if (algorithm === undefined) throw new UnknownChecksumError(id);
  return algorithm;
}

function partsOfFletcher(bits: FletcherBits): Pick<AlgorithmParts, 'digestBytes' | 'begin'> {
  return {
    digestBytes: bits / 8,
    begin: () => {
      const sums = new FletcherSums(bits);
      return {
        update: (data) => sums.update(data),
        digest: () => {
          const [sumOfSums, sum] = sums.sums();
          return bytesOfInteger((BigInt(sumOfSums) << BigInt(bits / 2)) | BigInt(sum), bits / 8);
        },
      };
    },
  };
}

/** Only words of one byte are never cut between two parts; the longer ones would have to know where. */
function joinFletcher16(a: Uint8Array, b: Uint8Array, lengthOfB: number): Uint8Array {
  const [sumsOfA = 0, sumOfA = 0] = a;
  const [sumsOfB = 0, sumOfB = 0] = b;
  return Uint8Array.of((sumsOfA + (lengthOfB % 255) * sumOfA + sumsOfB) % 255, (sumOfA + sumOfB) % 255);
}

function beginXxh3(digest: (state: Xxh3State) => Uint8Array): ReturnType<AlgorithmParts['begin']> {
  const state = new Xxh3State();
  return { update: (data) => state.update(data), digest: () => digest(state) };
}

function xxh3Of64(data: Uint8Array): bigint {
  if (data.length <= shortBytesMax) return hashShort64(data);
  const state = new Xxh3State();
  state.update(data);
  return state.digest64();
}

function xxh3Of128(data: Uint8Array): bigint {
  if (data.length <= shortBytesMax) return hashShort128(data);
  const state = new Xxh3State();
  state.update(data);
  return state.digest128();
}
