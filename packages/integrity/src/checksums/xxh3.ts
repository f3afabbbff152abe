/**
 * XXH3 with 64 and with 128 bits, seed 0 (Collet, "xxHash fast digest algorithm", the XXH3 part of the specification
 * in github.com/Cyan4973/xxHash). A hash that spreads well over all its bits and is no protection against forgery.
 *
 * Inputs above 240 bytes go through eight sums of 64 bits, 64 bytes a stripe. JavaScript has no such integers that are
 * fast, so each sum is two words, and the product of two words is made of four of half words.
 */
import { signedWordAt } from './crc-tables.js';
import { hashShort64, hashShort128, shortBytesMax } from './xxh3-short.js';
import { avalanche, multiplyWords, primes, secret, word64At } from './xxh3-words.js';

const stripeBytes = 64;
const stripesPerBlock = 16;
const blockBytes = stripeBytes * stripesPerBlock;
const secretWords = Int32Array.from({ length: secret.length - 3 }, (_, place) =>
  new DataView(secret.buffer).getInt32(place, true),
);
/** The secret of the last stripe, of a block's end and of the final mixes begin here. */
const lastStripeSecret = secret.length - stripeBytes - 7;
const scrambleSecret = secret.length - stripeBytes;
const mergeSecret = 11;

/** A running XXH3; both lengths of digest come from the same sums. */
export class Xxh3State {
  /** Eight sums, each the low and the high word. */
  readonly #sums: Int32Array;
  /** 64 bytes that were taken already, for a last stripe that reaches back, then bytes that were not. */
  readonly #buffer: Uint8Array;
  #waiting = 0;
  #length = 0;

  constructor() {
    this.#sums = startingSums.slice();
    this.#buffer = new Uint8Array(stripeBytes + blockBytes);
  }

  /**
   * Takes more bytes.
   *
   * @param data - The bytes. Not kept.
   */
  update(data: Uint8Array): void {
    this.#length += data.length;
    let position = 0;
    if (this.#waiting > 0) {
      position = Math.min(data.length, blockBytes - this.#waiting);
      this.#keep(data, 0, position);
      if (position === data.length) return;
      this.#takeBlock(this.#buffer, stripeBytes);
      this.#buffer.copyWithin(0, blockBytes);
      this.#waiting = 0;
    }
    // The last block waits even when it is whole: its last stripe is taken in another way.
    for (; data.length - position > blockBytes; position += blockBytes) {
      this.#takeBlock(data, position);
      if (data.length - position <= 2 * blockBytes)
        this.#buffer.set(data.subarray(position + blockBytes - stripeBytes, position + blockBytes));
    }
    this.#keep(data, position, data.length);
  }

  /** The digest of 64 bits of what was taken so far. */
  digest64(): bigint {
    if (this.#length <= shortBytesMax) return hashShort64(this.#shortInput());
    const sums = this.#finished();
    return merged(sums, mergeSecret, primes.long64_1 * BigInt(this.#length));
  }

  /** The digest of 128 bits of what was taken so far. */
  digest128(): bigint {
    if (this.#length <= shortBytesMax) return hashShort128(this.#shortInput());
    const sums = this.#finished();
    const length = BigInt(this.#length);
    const low = merged(sums, mergeSecret, length * primes.long64_1);
    const high = merged(sums, secret.length - stripeBytes - mergeSecret, ~(length * primes.long64_2));
    return (high << 64n) | low;
  }

  #shortInput(): Uint8Array {
    return this.#buffer.subarray(stripeBytes, stripeBytes + this.#waiting);
  }

  #keep(data: Uint8Array, start: number, end: number): void {
    this.#buffer.set(data.subarray(start, end), stripeBytes + this.#waiting);
    this.#waiting += end - start;
  }

  #takeBlock(data: Uint8Array, start: number): void {
    for (let stripe = 0; stripe < stripesPerBlock; stripe++)
      accumulate(this.#sums, data, start + stripe * stripeBytes, stripe * 8);
    scramble(this.#sums);
  }

  /** The sums with the last block and the last stripe in them; the state stays as it is. */
  #finished(): Int32Array {
    const sums = this.#sums.slice();
    const stripes = Math.floor((this.#waiting - 1) / stripeBytes);
    for (let stripe = 0; stripe < stripes; stripe++)
      accumulate(sums, this.#buffer, stripeBytes + stripe * stripeBytes, stripe * 8);
    accumulate(sums, this.#buffer, this.#waiting, lastStripeSecret);
    return sums;
  }
}

const startingSums = Int32Array.from(
  [
    primes.short32_3,
    primes.long64_1,
    primes.long64_2,
    primes.long64_3,
    primes.long64_4,
    primes.short32_2,
    primes.long64_5,
    primes.short32_1,
  ].flatMap((prime) => [Number(BigInt.asIntN(32, prime)), Number(BigInt.asIntN(32, prime >> 32n))]),
);

/** Adds one stripe: each sum takes the product of the halves of its keyed input, and the plain input of its twin. */
function accumulate(sums: Int32Array, data: Uint8Array, start: number, secretStart: number): void {
  for (let lane = 0; lane < 8; lane++) {
    const low = signedWordAt(data, start + lane * 8);
    const high = signedWordAt(data, start + lane * 8 + 4);
    const keyedLow = low ^ (secretWords[secretStart + lane * 8] ?? 0);
    const keyedHigh = high ^ (secretWords[secretStart + lane * 8 + 4] ?? 0);
    addTo(sums, 2 * lane, Math.imul(keyedLow, keyedHigh), highOfProduct(keyedLow, keyedHigh));
    addTo(sums, 2 * (lane ^ 1), low, high);
  }
}

function addTo(sums: Int32Array, place: number, low: number, high: number): void {
  const after = ((sums[place] ?? 0) + low) | 0;
  const carry = after >>> 0 < low >>> 0 ? 1 : 0;
  sums[place] = after;
  sums[place + 1] = ((sums[place + 1] ?? 0) + high + carry) | 0;
}

/** The upper 32 bits of the product of two words. */
function highOfProduct(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const lowest = Math.imul(aLow, bLow) >>> 16;
  const crossed = Math.imul(aHigh, bLow);
  const middle = (lowest + (crossed & 0xffff) + (Math.imul(aLow, bHigh) >>> 0)) >>> 0;
  return (Math.imul(aHigh, bHigh) + (crossed >>> 16) + (middle >>> 16)) | 0;
}

/** At the end of a block: shift, key and multiply each sum, so that its upper bits reach the lower ones. */
function scramble(sums: Int32Array): void {
  for (let lane = 0; lane < 8; lane++) {
    let low = sums[2 * lane] ?? 0;
    let high = sums[2 * lane + 1] ?? 0;
    low ^= high >>> 15;
    low ^= secretWords[scrambleSecret + lane * 8] ?? 0;
    high ^= secretWords[scrambleSecret + lane * 8 + 4] ?? 0;
    sums[2 * lane] = Math.imul(low, scramblePrime);
    sums[2 * lane + 1] = (highOfProduct(low, scramblePrime) + Math.imul(high, scramblePrime)) | 0;
  }
}

const scramblePrime = Number(BigInt.asIntN(32, primes.short32_1));

function merged(sums: Int32Array, secretStart: number, start: bigint): bigint {
  let result = start;
  for (let pair = 0; pair < 4; pair++) {
    const first = sumAt(sums, 2 * pair) ^ word64At(secret, secretStart + pair * 16);
    const second = sumAt(sums, 2 * pair + 1) ^ word64At(secret, secretStart + pair * 16 + 8);
    result += multiplyWords(first, second);
  }
  return avalanche(BigInt.asUintN(64, result));
}

function sumAt(sums: Int32Array, lane: number): bigint {
  return (BigInt((sums[2 * lane + 1] ?? 0) >>> 0) << 32n) | BigInt((sums[2 * lane] ?? 0) >>> 0);
}
