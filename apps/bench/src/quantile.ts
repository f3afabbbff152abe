/**
 * The middle one of some values, the upper of two; 0 for none.
 *
 * @param values - The values, in any order.
 */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * The value below which a share of them lies; 0 for none.
 *
 * @param values - The values, in any order.
 * @param share - The share, from 0 to below 1.
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length * share)] ?? 0;
}
