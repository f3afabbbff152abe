/**
 * The natural logarithm out of operations that ECMAScript defines to the last bit. `Math.log` is left to each engine
 * ("implementation-approximated", ECMA-262 §21.3.2), and one other bit in a drawn delay is another run.
 *
 * x = m * 2^k with m from 1/sqrt(2) to sqrt(2), and ln m = 2 artanh s = 2 (s + s^3/3 + s^5/5 + ...) with
 * s = (m - 1) / (m + 1), of which |s| < 0.172 leaves nothing after twelve terms.
 */

/** 1/23, 1/21 and so on down to 1/3, for Horner's rule. */
const coefficients: readonly number[] = Array.from({ length: 11 }, (_, at) => 1 / (23 - 2 * at));

/**
 * The natural logarithm, the same on every engine.
 *
 * @param value - Above 0, and no subnormal number.
 * @returns Within a few units in the last place.
 */
export function naturalLogarithm(value: number): number {
  let exponent = 0;
  let mantissa = value;
  // Multiplying by powers of two is exact.
  for (; mantissa > Math.SQRT2; mantissa /= 2) exponent++;
  for (; mantissa < Math.SQRT2 / 2; mantissa *= 2) exponent--;
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let sum = 0;
  for (const coefficient of coefficients) sum = (sum + coefficient) * square;
  return exponent * Math.LN2 + 2 * (s + s * sum);
}
