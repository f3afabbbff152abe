/** XXH3 of inputs of at most 240 bytes (see `xxh3.ts`): by their length, one of four ways, each with its own secret. */
import {
  avalanche,
  avalanche64,
  multiplyWords,
  primes,
  secret,
  swapped,
  to64,
  word32At,
  word64At,
} from './xxh3-words.js';

/** Longer inputs are hashed by stripes. */
export const shortBytesMax = 240;

/** Places in the secret that the specification names for inputs of 129 to 240 bytes. */
const middleSecretStart = 3;
const middleSecretEnd = 136 - 17;

/** XXH3 with 64 bits of at most 240 bytes. */
export function hashShort64(data: Uint8Array): bigint {
  const length = BigInt(data.length);
  if (data.length > 128) return hash129To240(data);
  if (data.length > 16) return hash17To128(data);
  if (data.length > 8) {
    const low = word64At(data, 0) ^ word64At(secret, 24) ^ word64At(secret, 32);
    const high = word64At(data, data.length - 8) ^ word64At(secret, 40) ^ word64At(secret, 48);
    return avalanche(to64(length + swapped(low, 64) + high + multiplyWords(low, high)));
  }
  if (data.length >= 4) {
    const joined = word32At(data, data.length - 4) + (word32At(data, 0) << 32n);
    return strongAvalanche(joined ^ word64At(secret, 8) ^ word64At(secret, 16), length);
  }
  if (data.length > 0) {
    return avalanche64(joinedBytes(data) ^ word32At(secret, 0) ^ word32At(secret, 4));
  }
  return avalanche64(word64At(secret, 56) ^ word64At(secret, 64));
}

/** XXH3 with 128 bits of at most 240 bytes. */
export function hashShort128(data: Uint8Array): bigint {
  if (data.length > 128) return hash129To240Wide(data);
  if (data.length > 16) return hash17To128Wide(data);
  if (data.length > 8) return hash9To16Wide(data);
  if (data.length >= 4) return hash4To8Wide(data);
  if (data.length > 0) {
    const low = joinedBytes(data);
    const high = rotated13(swapped(low, 32));
    return joined128(
      avalanche64(low ^ word32At(secret, 0) ^ word32At(secret, 4)),
      avalanche64(high ^ word32At(secret, 8) ^ word32At(secret, 12)),
    );
  }
  return joined128(
    avalanche64(word64At(secret, 64) ^ word64At(secret, 72)),
    avalanche64(word64At(secret, 80) ^ word64At(secret, 88)),
  );
}

/** One to three bytes and their number in one word. */
function joinedBytes(data: Uint8Array): bigint {
  const first = data[0] ?? 0;
  const middle = data[data.length >> 1] ?? 0;
  const last = data[data.length - 1] ?? 0;
  return BigInt(((first << 16) | (middle << 24) | last | (data.length << 8)) >>> 0);
}

function rotated13(value: bigint): bigint {
  return BigInt.asUintN(32, value << 13n) | (value >> 19n);
}

function strongAvalanche(keyed: bigint, length: bigint): bigint {
  const rotate = (bits: bigint) => to64(keyed << bits) | (keyed >> (64n - bits));
  let hash = keyed ^ rotate(49n) ^ rotate(24n);
  hash = to64(hash * primes.mix2);
  hash ^= (hash >> 35n) + length;
  hash = to64(hash * primes.mix2);
  return hash ^ (hash >> 28n);
}

function mix16(data: Uint8Array, position: number, secretStart: number): bigint {
  return multiplyWords(
    word64At(data, position) ^ word64At(secret, secretStart),
    word64At(data, position + 8) ^ word64At(secret, secretStart + 8),
  );
}

function hash17To128(data: Uint8Array): bigint {
  let sum = BigInt(data.length) * primes.long64_1;
  const pairs = (data.length - 1) >> 5;
  for (let pair = pairs; pair >= 0; pair--) {
    sum += mix16(data, pair * 16, pair * 32);
    sum += mix16(data, data.length - 16 * (pair + 1), pair * 32 + 16);
  }
  return avalanche(to64(sum));
}

function hash129To240(data: Uint8Array): bigint {
  let sum = BigInt(data.length) * primes.long64_1;
  const rounds = data.length >> 4;
  for (let round = 0; round < 8; round++) sum += mix16(data, round * 16, round * 16);
  sum = avalanche(to64(sum));
  for (let round = 8; round < rounds; round++)
    sum += mix16(data, round * 16, (round - 8) * 16 + middleSecretStart);
  sum += mix16(data, data.length - 16, middleSecretEnd);
  return avalanche(to64(sum));
}

function hash4To8Wide(data: Uint8Array): bigint {
  const length = BigInt(data.length);
  const joined = word32At(data, 0) + (word32At(data, data.length - 4) << 32n);
  const keyed = joined ^ word64At(secret, 16) ^ word64At(secret, 24);
  const product = keyed * to64(primes.long64_1 + (length << 2n));
  let low = to64(product);
  const high = to64((product >> 64n) + (low << 1n));
  low ^= high >> 3n;
  low ^= low >> 35n;
  low = to64(low * primes.mix2);
  low ^= low >> 28n;
  return joined128(low, avalanche(high));
}

function hash9To16Wide(data: Uint8Array): bigint {
  const length = BigInt(data.length);
  const first = word64At(data, 0);
  const last = word64At(data, data.length - 8);
  const product = (first ^ last ^ word64At(secret, 32) ^ word64At(secret, 40)) * primes.long64_1;
  let low = to64(to64(product) + ((length - 1n) << 54n));
  const keyed = last ^ word64At(secret, 48) ^ word64At(secret, 56);
  const high = to64((product >> 64n) + keyed + (keyed & 0xffff_ffffn) * (primes.short32_2 - 1n));
  low ^= swapped(high, 64);
  const widened = low * primes.long64_2;
  return joined128(avalanche(to64(widened)), avalanche(to64((widened >> 64n) + high * primes.long64_2)));
}

/** Two sums that each take 16 bytes by product and 16 more by addition. */
interface WideSums {
  low: bigint;
  high: bigint;
}

function mix32(sums: WideSums, data: Uint8Array, first: number, second: number, secretStart: number): void {
  sums.low = to64(sums.low + mix16(data, first, secretStart));
  sums.low ^= to64(word64At(data, second) + word64At(data, second + 8));
  sums.high = to64(sums.high + mix16(data, second, secretStart + 16));
  sums.high ^= to64(word64At(data, first) + word64At(data, first + 8));
}

function finishedWide(sums: WideSums, data: Uint8Array): bigint {
  const length = BigInt(data.length);
  const low = to64(sums.low + sums.high);
  const high = to64(sums.low * primes.long64_1 + sums.high * primes.long64_4 + length * primes.long64_2);
  return joined128(avalanche(low), to64(-avalanche(high)));
}

function hash17To128Wide(data: Uint8Array): bigint {
  const sums: WideSums = { low: to64(BigInt(data.length) * primes.long64_1), high: 0n };
  for (let pair = (data.length - 1) >> 5; pair >= 0; pair--)
    mix32(sums, data, pair * 16, data.length - 16 * (pair + 1), pair * 32);
  return finishedWide(sums, data);
}

function hash129To240Wide(data: Uint8Array): bigint {
  const sums: WideSums = { low: to64(BigInt(data.length) * primes.long64_1), high: 0n };
  const rounds = data.length >> 5;
  for (let round = 0; round < 4; round++) mix32(sums, data, round * 32, round * 32 + 16, round * 32);
  sums.low = avalanche(sums.low);
  sums.high = avalanche(sums.high);
  for (let round = 4; round < rounds; round++)
    mix32(sums, data, round * 32, round * 32 + 16, middleSecretStart + (round - 4) * 32);
  mix32(sums, data, data.length - 16, data.length - 32, middleSecretEnd - 16);
  return finishedWide(sums, data);
}

function joined128(low: bigint, high: bigint): bigint {
  return (high << 64n) | low;
}
