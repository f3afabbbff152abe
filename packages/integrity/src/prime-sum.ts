/**
 * The checksum that courses begin with: the sum of the bytes modulo a prime. It tells most accidents, but not the
 * order of the bytes: it misses every swap, every zero byte put in or left out, and about one in sixteen flips of two
 * bits. The log and the wire therefore use CRC-32C.
 */
import { InvalidArgumentError } from '@synod/core';

const primeMax = 4_294_967_291; // the greatest prime below 2^32

/** So many bytes of 255 still sum up to less than 2^31, where additions stay on machine integers. */
const blockBytes = 0x80_0000;

/** The modulus that was proved prime last: callers keep to one, and the proof takes longer than a short sum. */
let provedPrime = 2;

/**
 * The prime-modulus sum: Σ data_i mod p. Exact for any length.
 *
 * @remarks
 * It detects every single changed byte when `p` is above 255, and no reordering at all. Use {@link crc32c} where data
 * matters.
 *
 * @param data - The bytes. Not changed, not kept.
 * @param p - The modulus: a prime from 2 to 4294967291, the greatest prime below 2^32.
 * @param previous - Sum of what stands before `data`, to go on from there: an integer from 0 to `p` - 1. Default 0,
 * that of nothing.
 * @returns An integer from 0 to `p` - 1.
 * @throws InvalidArgumentError when `p` is not a prime in that range, or `previous` is no sum modulo `p`.
 *
 * @example
 * ```ts
 * checksum(Uint8Array.of(250, 10), 251); // 9
 * ```
 */
export function checksum(data: Uint8Array, p: number, previous = 0): number {
  checkModulus(p);
  if (!Number.isSafeInteger(previous) || previous < 0 || previous >= p) {
    throw new InvalidArgumentError(
      `previous is ${previous}: it must be an integer from 0 to ${p - 1}, a sum modulo ${p}`,
    );
  }
  // No reduction on the way: the bytes of the longest possible array sum up to less than 2^53.
  let sum = previous;
  for (let start = 0; start < data.length; start += blockBytes) {
    sum += sumOf(data, start, Math.min(start + blockBytes, data.length));
  }
  return sum % p;
}

function sumOf(data: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let position = start; position < end; position++) sum += data[position] ?? 0;
  return sum;
}

function checkModulus(p: number): void {
  if (p === provedPrime) return;
  if (!Number.isSafeInteger(p) || p < 2 || p > primeMax) {
    throw new InvalidArgumentError(`p is ${p}: it must be a prime from 2 to ${primeMax}`);
  }
  const divisor = smallestDivisor(p);
  if (divisor !== p)
    throw new InvalidArgumentError(`p is ${p}, which ${divisor} divides: it must be a prime`);
  provedPrime = p;
}

/** The smallest divisor above 1. At most 2^15 trials: `p` is below 2^32, so one of its divisors is below 2^16. */
function smallestDivisor(p: number): number {
  if (p % 2 === 0) return 2;
  for (let divisor = 3; divisor * divisor <= p; divisor += 2) {
    if (p % divisor === 0) return divisor;
  }
  return p;
}
