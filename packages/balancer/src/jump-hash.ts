/**
 * Jump consistent hash (Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014): from a key to
 * one of n numbered buckets, without a table. Buckets come and go at the end only, so it suits shards, not endpoints.
 */
import { InvalidArgumentError } from '@synod/core';
import { hashNumber, hashText } from './hash.js';

/**
 * The bucket of a key. From n buckets to n + 1, one key in n + 1 moves, and all of them to the new bucket.
 *
 * @param key - Text, or a whole number from 0 to 2^53 - 1 that is taken as the paper's 64-bit key.
 * @param buckets - How many there are: 1 to 2^31 - 1.
 * @returns A number from 0 to `buckets - 1`.
 * @throws InvalidArgumentError when one of them is out of range.
 */
export function jumpHash(key: string | number, buckets: number): number {
  if (!(Number.isInteger(buckets) && buckets >= 1 && buckets < 2 ** 31)) {
    throw new InvalidArgumentError(`buckets is ${buckets}: it must be a whole number from 1 to 2147483647`);
  }
  if (typeof key === 'number' && !(Number.isSafeInteger(key) && key >= 0)) {
    throw new InvalidArgumentError(`key is ${key}: it must be text or a whole number from 0 to 2^53 - 1`);
  }
  let high = typeof key === 'string' ? hashText(key, 0) >>> 0 : Math.floor(key / 2 ** 32);
  let low = typeof key === 'string' ? hashText(key, hashNumber(1, 0)) >>> 0 : key >>> 0;
  let bucket = -1;
  for (let jump = 0; jump < buckets; ) {
    bucket = jump;
    // key = key * 2862933555777941757 + 1, in two halves of 32 bits.
    const product = timesLow(low);
    high = (Math.imul(high, multiplierLow) + Math.imul(low, multiplierHigh) + highOf(low)) >>> 0;
    low = (product + 1) >>> 0;
    if (low === 0) high = (high + 1) >>> 0;
    jump = Math.floor((bucket + 1) * (2 ** 31 / ((high >>> 1) + 1)));
  }
  return bucket;
}

const multiplierHigh = 0x27bb2ee6;
const multiplierLow = 0x87b0b0fd;

function timesLow(value: number): number {
  return Math.imul(value, multiplierLow) >>> 0;
}

/** Upper 32 bits of value times the lower half of the multiplier, by halves of 16 bits. */
function highOf(value: number): number {
  const a = value >>> 16;
  const b = value & 0xffff;
  const c = multiplierLow >>> 16;
  const d = multiplierLow & 0xffff;
  const middle = a * d + ((b * d) >>> 16);
  const carried = b * c + (middle % 0x10000);
  return (a * c + Math.floor(middle / 0x10000) + Math.floor(carried / 0x10000)) >>> 0;
}
