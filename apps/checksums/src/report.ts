/** The tables, as Markdown. */
import type { Misses } from './detection.js';
import type { SpeedRow } from './speed.js';
import { watchedChecksums } from './watched-checksums.js';

/**
 * What each checksum missed.
 *
 * @param rows - A row for each kind of damage.
 */
export function missesTable(rows: readonly Misses[]): string {
  const cells = rows.map(({ damage, happened, missed }) => [
    damage,
    happened.toLocaleString('en-US'),
    ...missed.map((count) => shareOf(count, happened)),
  ]);
  return table(['damage', 'times', ...watchedChecksums.map(({ name }) => name)], cells, 1);
}

/**
 * How fast each function was.
 *
 * @param sizes - Lengths of the inputs, in words.
 * @param rows - A row for each function.
 */
export function speedTable(sizes: readonly string[], rows: readonly SpeedRow[]): string {
  const cells = rows.map(({ name, bySize }) => [
    name,
    ...bySize.map(({ gigabytesPerSecond, ofOurs }) =>
      ofOurs === undefined ? rate(gigabytesPerSecond) : `${rate(gigabytesPerSecond)} (${ofOurs.toFixed(2)}x)`,
    ),
  ]);
  return table(['function', ...sizes], cells, 1);
}

/** Nothing missed is left blank, so that what was stands out. */
function shareOf(count: number, happened: number): string {
  if (count === 0) return '';
  if (count === happened) return '**all**';
  const percent = (100 * count) / happened;
  return `${percent >= 10 ? percent.toFixed(0) : percent.toPrecision(2)} %`;
}

function rate(gigabytesPerSecond: number): string {
  return gigabytesPerSecond >= 10 ? gigabytesPerSecond.toFixed(1) : gigabytesPerSecond.toPrecision(2);
}

function table(head: readonly string[], rows: readonly (readonly string[])[], wordColumns: number): string {
  const rule = head.map((_, column) => (column < wordColumns ? '---' : '--:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}
