/**
 * The middle one of some values, the upper of two; 0 for none.
 *
 * @param values - The values, in any order.
 */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
