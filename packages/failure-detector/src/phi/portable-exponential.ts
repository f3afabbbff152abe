/**
 * e^x for x up to 0 out of operations that ECMAScript defines to the last bit, as `naturalLogarithm` of core is: a verdict
 * is the same on every engine. x = k ln 2 + r with |r| up to ln 2 / 2, e^r by Taylor's series, and halving is exact.
 */

/** x^16 / 16! is below a unit in the last place. */
const terms = 16;

/**
 * The exponential function, the same on every engine.
 *
 * @param power - At most 0.
 * @returns Within 1e-12 of itself; 0 where a double would be subnormal.
 */
export function portableExponential(power: number): number {
  if (power < -700) return 0;
  const halvings = Math.round(-power / Math.LN2);
  const rest = power + halvings * Math.LN2;
  let result = 1;
  for (let term = terms; term > 0; term--) result = 1 + (rest / term) * result;
  for (let halving = 0; halving < halvings; halving++) result /= 2;
  return result;
}
