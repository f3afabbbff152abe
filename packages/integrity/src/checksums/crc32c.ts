/**
 * CRC-32C (Castagnoli), the check of the wire and of the log: RFC 3720 section 12.1, with the vectors of appendix
 * B.4.
 */

import { type BackendReport, createCrc } from './crc-backends.js';
import { createCombination } from './crc-combination.js';
import { crc32cPolynomial, divideByCrc32c } from './crc32c-division.js';
import { type ContinuedCheck, nativeCheck } from './platform.js';

const crc = createCrc({
  name: 'CRC-32C',
  tables: divideByCrc32c,
  distances: [65, 155, 170, 195, 209],
  checkOfDigits: 0xe3069283,
  offers: () => [
    {
      backend: '@node-rs/crc32',
      fromBytes: 256,
      untilBytes: Number.POSITIVE_INFINITY,
      check: nativeOffer(),
    },
  ],
});

/** In a function of its own, which then calls one function alone: the engine makes that 20 ns faster. */
function nativeOffer(): ContinuedCheck | undefined {
  const check = nativeCheck('crc32c');
  if (check === undefined) return undefined;
  return (data, previous) => (previous === undefined ? check(data) : check(data, previous));
}

/**
 * CRC-32C of bytes, by the fastest way that the platform has: see {@link crc32cBackends}.
 *
 * @remarks
 * Every burst of up to 32 bits and every odd number of flipped bits is detected, as are all flips of 1 to 3 bits in
 * up to 2^31 - 33 bits (Koopman's tables of Hamming distances); other damage passes with a chance of 2^-32. It is no
 * protection against forgery: whoever changes the bytes on purpose can make the check agree.
 *
 * @param data - The bytes. Not changed, not kept.
 * @param previous - CRC-32C of what stands before `data`, to go on from there. Default 0, that of nothing.
 * @returns An integer from 0 to 2^32 - 1.
 *
 * @example In one go, or in parts.
 * ```ts
 * const data = Uint8Array.of(0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39);
 * crc32c(data); // 0xe3069283
 * crc32c(data.subarray(4), crc32c(data.subarray(0, 4))); // 0xe3069283
 * ```
 */
export function crc32c(data: Uint8Array, previous = 0): number {
  return crc.ofRange(data, 0, data.length, previous);
}

/**
 * CRC-32C of some of the bytes, without a view made only for this where the bytes are few.
 *
 * @param data - Where the bytes are.
 * @param start - Offset of the first one.
 * @param end - Offset after the last one, at most `data.length`.
 * @param previous - CRC-32C of what stands before.
 * @returns An integer from 0 to 2^32 - 1.
 */
export const crc32cOfRange = crc.ofRange;

/**
 * CRC-32C of two parts joined, from that of each: as `crc32c(b, a)`, without the bytes.
 *
 * @param a - CRC-32C of the first part.
 * @param b - CRC-32C of the second part.
 * @param lengthOfB - How many bytes the second part has, from 0 to 2^53 - 1.
 * @returns An integer from 0 to 2^32 - 1.
 * @throws InvalidArgumentError when a value is no 32-bit word, or the length no such integer.
 *
 * @example Parts that were checked apart.
 * ```ts
 * combineCrc32c(crc32c(head), crc32c(body), body.length); // crc32c of both, joined
 * ```
 */
export const combineCrc32c: (a: number, b: number, lengthOfB: number) => number =
  createCombination(crc32cPolynomial);

/**
 * How {@link crc32c} is computed on this platform: from which length on by what, and what was refused because it gave
 * a wrong value for a known input.
 */
export function crc32cBackends(): BackendReport {
  return crc.backends();
}
