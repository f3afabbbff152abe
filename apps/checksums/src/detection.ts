/** Counts what each checksum misses: all light errors of a short block, and drawn damage of many longer ones. */
import { Random } from '@synod/core';
import { damages, drawBlock, flip, randomBytes } from './damage.js';
import { type WatchedChecksum, watchedChecksums } from './watched-checksums.js';

/** How much of one kind of damage happened, and how much of it each checksum missed, in the order of the list. */
export interface Misses {
  /** The kind of damage. */
  readonly damage: string;
  /** How often it happened. */
  readonly happened: number;
  /** How often each checksum was the same nevertheless. */
  readonly missed: readonly number[];
}

/**
 * Every flip of one, two and three bits of one block.
 *
 * @param blockBytes - Length of the block.
 * @param seed - Where its bytes come from.
 */
export function missesOfEveryLightError(blockBytes: number, seed: number): Misses[] {
  const block = randomBytes(blockBytes, new Random(seed));
  const counts = [1, 2, 3].map((bits) => ({ bits, happened: 0, missed: watchedChecksums.map(() => 0) }));
  const whole = watchedChecksums.map(({ checkOf }) => checkOf(block));
  const damaged = block.slice();
  const visit = (from: number, depth: number) => {
    const count = counts[depth];
    if (count === undefined) return;
    for (let bit = from; bit < blockBytes * 8; bit++) {
      flip(damaged, bit);
      count.happened += 1;
      tally(count.missed, watchedChecksums, whole, damaged);
      visit(bit + 1, depth + 1);
      flip(damaged, bit);
    }
  };
  visit(0, 0);
  return counts.map(({ bits, happened, missed }) => ({
    damage: bits === 1 ? 'every flip of 1 bit' : `every flip of ${bits} bits`,
    happened,
    missed,
  }));
}

/**
 * Damage drawn at random, each trial on a block of its own.
 *
 * @param blockBytes - Length of the blocks.
 * @param trials - Blocks for each kind.
 * @param seed - Where blocks and damage come from.
 */
export function missesOfDrawnDamage(blockBytes: number, trials: number, seed: number): Misses[] {
  const random = new Random(seed);
  const counts = damages.map(() => ({ happened: 0, missed: watchedChecksums.map(() => 0) }));
  for (let trial = 0; trial < trials; trial++) {
    const block = drawBlock(blockBytes, random);
    const whole = watchedChecksums.map(({ checkOf }) => checkOf(block));
    for (const [place, { apply }] of damages.entries()) {
      const count = counts[place];
      const damaged = apply(block, random);
      if (count === undefined || damaged === undefined) continue;
      count.happened += 1;
      tally(count.missed, watchedChecksums, whole, damaged);
    }
  }
  return counts.map((count, place) => ({ damage: damages[place]?.name ?? '', ...count }));
}

function tally(
  missed: number[],
  checksums: readonly WatchedChecksum[],
  whole: readonly (number | bigint)[],
  damaged: Uint8Array,
): void {
  for (const [place, { checkOf }] of checksums.entries()) {
    if (checkOf(damaged) === whole[place]) missed[place] = (missed[place] ?? 0) + 1;
  }
}
