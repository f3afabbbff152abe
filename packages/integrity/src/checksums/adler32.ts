/**
 * Adler-32 (RFC 1950 section 8.2): the sum of the bytes and the sum of those sums, both modulo 65521. Cheap, and it
 * sees the order of bytes; but below some 128 bytes the second sum does not fill its sixteen bits, so short damage
 * passes more often than by chance.
 */
import { checkLengthOfB, checkWord } from './crc-combination.js';

const modulus = 65_521;

/** So many bytes of 255 keep both sums below 2^31, where additions stay on machine integers. */
const blockBytes = 3800;

/**
 * Adler-32 of bytes.
 *
 * @param data - The bytes. Not changed, not kept.
 * @param previous - Adler-32 of what stands before `data`, to go on from there. Default 1, that of nothing.
 * @returns An integer from 0 to 2^32 - 1.
 *
 * @example
 * ```ts
 * adler32(new TextEncoder().encode('Wikipedia')); // 0x11e60398
 * ```
 */
export function adler32(data: Uint8Array, previous = 1): number {
  let sum = previous & 0xffff;
  let sumOfSums = previous >>> 16;
  for (let start = 0; start < data.length; start += blockBytes) {
    const end = Math.min(start + blockBytes, data.length);
    for (let position = start; position < end; position++) {
      sum += data[position] ?? 0;
      sumOfSums += sum;
    }
    sum %= modulus;
    sumOfSums %= modulus;
  }
  return ((sumOfSums << 16) | sum) >>> 0;
}

/**
 * Adler-32 of two parts joined, from that of each.
 *
 * @param a - Adler-32 of the first part.
 * @param b - Adler-32 of the second part.
 * @param lengthOfB - How many bytes the second part has, from 0 to 2^53 - 1.
 * @returns An integer from 0 to 2^32 - 1.
 * @throws InvalidArgumentError when a value is no 32-bit word, or the length no such integer.
 */
export function combineAdler32(a: number, b: number, lengthOfB: number): number {
  checkWord('a', a);
  checkWord('b', b);
  checkLengthOfB(lengthOfB);
  // The second part began at a sum of 1; begun at a's sum instead, each of its steps adds the difference.
  const difference = (a & 0xffff) + modulus - 1;
  const sum = ((b & 0xffff) + difference) % modulus;
  const moved = ((lengthOfB % modulus) * (difference % modulus)) % modulus;
  const sumOfSums = ((a >>> 16) + (b >>> 16) + moved) % modulus;
  return ((sumOfSums << 16) | sum) >>> 0;
}
