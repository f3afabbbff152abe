/** The ranges of election timeouts that the Raft paper tried (§9.3, figure 16), and what it says of each. */

/** Timeouts from `leastMs` to `mostMs`. */
export interface TimeoutRange {
  readonly leastMs: number;
  readonly mostMs: number;
  /** What the paper's text says of it; absent where it gives only a curve. */
  readonly inPaper?: string;
}

/** Upper graph: how much randomness it takes. */
export const rangesOfSpread: readonly TimeoutRange[] = [
  { leastMs: 150, mostMs: 150, inPaper: 'consistently more than 10 s' },
  { leastMs: 150, mostMs: 151 },
  { leastMs: 150, mostMs: 155, inPaper: 'median 287 ms' },
  { leastMs: 150, mostMs: 175 },
  { leastMs: 150, mostMs: 200, inPaper: 'longest 513 ms' },
  { leastMs: 150, mostMs: 300 },
];

/** Lower graph: how short timeouts may be. */
export const rangesOfLength: readonly TimeoutRange[] = [
  { leastMs: 12, mostMs: 24, inPaper: 'mean 35 ms, longest 152 ms' },
  { leastMs: 25, mostMs: 50 },
  { leastMs: 50, mostMs: 100 },
  { leastMs: 100, mostMs: 200 },
  { leastMs: 150, mostMs: 300 },
];

/**
 * The range as people write it.
 *
 * @param range - Which.
 */
export function nameOf({ leastMs, mostMs }: TimeoutRange): string {
  return `${leastMs}–${mostMs} ms`;
}
