/**
 * Whether nodes with weights can be parted in two quorums: is there a sum from what phase 1 needs to what leaves enough
 * for phase 2? That two needs add up to no more than the total is not enough for it: weights are whole.
 */

/**
 * Finds two sets of positions without a common one, of which the first weighs what phase 1 needs and the second what
 * phase 2 needs.
 *
 * @returns The two, or `undefined` when any two such sets meet.
 */
export function disjointByWeight(
  weights: readonly number[],
  phase1: number,
  phase2: number,
): readonly [readonly number[], readonly number[]] | undefined {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const most = total - phase2;
  if (phase1 > most) return undefined;
  const lastOf = lastPositions(weights, most);
  for (let sum = phase1; sum <= most; sum++) {
    if (lastOf[sum] === undefined || lastOf[sum] === unreachable) continue;
    const left = positionsWith(sum, weights, lastOf);
    const chosen = new Set(left);
    const right = weights.flatMap((weight, position) =>
      chosen.has(position) || weight === 0 ? [] : [position],
    );
    return [left, right];
  }
  return undefined;
}

const unreachable = -1;

/** By sum: the position with which it was first reached, when positions are added in order. */
function lastPositions(weights: readonly number[], most: number): Int16Array {
  const lastOf = new Int16Array(most + 1).fill(unreachable);
  const nothing = weights.length;
  lastOf[0] = nothing;
  for (const [position, weight] of weights.entries()) {
    if (weight === 0) continue;
    for (let sum = most; sum >= weight; sum--) {
      if (lastOf[sum] === unreachable && lastOf[sum - weight] !== unreachable) lastOf[sum] = position;
    }
  }
  return lastOf;
}

/** A sum was first reached by its last position from a sum that only earlier positions make up. */
function positionsWith(sum: number, weights: readonly number[], lastOf: Int16Array): readonly number[] {
  const positions: number[] = [];
  for (let rest = sum; rest > 0; ) {
    const position = lastOf[rest] ?? 0;
    positions.push(position);
    rest -= weights[position] ?? 0;
  }
  return positions.reverse();
}
