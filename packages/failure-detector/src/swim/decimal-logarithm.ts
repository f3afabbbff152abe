/** log10 for sizes of groups, by which SWIM and Lifeguard scale: exact for powers of ten, the same on every engine. */
import { naturalLogarithm } from '@synod/core';

/**
 * The decimal logarithm.
 *
 * @param count - From 1.
 * @returns To nine decimals.
 */
export function decimalLogarithm(count: number): number {
  return Math.round((naturalLogarithm(count) / Math.LN10) * 1e9) / 1e9;
}
