/**
 * CRC-32, that of Ethernet, gzip and PNG (IEEE 802.3, RFC 1952 section 8), for data that others sealed with it. For
 * data of one's own CRC-32C is better: it catches three flipped bits at any length that fits in memory, this one only
 * up to about 11 KiB.
 */
import { type BackendReport, createCrc } from './crc-backends.js';
import { createCombination } from './crc-combination.js';
import { crc32Polynomial, divideByCrc32 } from './crc32-division.js';
import { type ContinuedCheck, nativeCheck, zlibCheck } from './platform.js';

const crc = createCrc({
  name: 'CRC-32',
  tables: divideByCrc32,
  distances: [145, 183, 211, 300],
  checkOfDigits: 0xcbf43926,
  offers: () => [
    {
      backend: '@node-rs/crc32',
      fromBytes: 256,
      untilBytes: Number.POSITIVE_INFINITY,
      check: nativeOffer(),
    },
    { backend: 'node:zlib', fromBytes: 256, untilBytes: 2048, check: zlibCheck() },
  ],
});

/** In a function of its own, which then calls one function alone: the engine makes that 20 ns faster. */
function nativeOffer(): ContinuedCheck | undefined {
  const check = nativeCheck('crc32');
  if (check === undefined) return undefined;
  return (data, previous) => (previous === undefined ? check(data) : check(data, previous));
}

/**
 * CRC-32 of bytes, by the fastest way that the platform has: see {@link crc32Backends}.
 *
 * @remarks
 * Every burst of up to 32 bits is detected, as are all flips of 1 to 3 bits in up to 91607 bits, then of 1 to 2
 * (Koopman's tables of Hamming distances). It is no protection against forgery.
 *
 * @param data - The bytes. Not changed, not kept.
 * @param previous - CRC-32 of what stands before `data`, to go on from there. Default 0, that of nothing.
 * @returns An integer from 0 to 2^32 - 1.
 */
export function crc32(data: Uint8Array, previous = 0): number {
  return crc.ofRange(data, 0, data.length, previous);
}

/**
 * CRC-32 of two parts joined, from that of each: as `crc32(b, a)`, without the bytes.
 *
 * @param a - CRC-32 of the first part.
 * @param b - CRC-32 of the second part.
 * @param lengthOfB - How many bytes the second part has, from 0 to 2^53 - 1.
 * @returns An integer from 0 to 2^32 - 1.
 * @throws InvalidArgumentError when a value is no 32-bit word, or the length no such integer.
 */
export const combineCrc32: (a: number, b: number, lengthOfB: number) => number =
  createCombination(crc32Polynomial);

/** As `crc32cBackends`, for {@link crc32}. */
export function crc32Backends(): BackendReport {
  return crc.backends();
}
