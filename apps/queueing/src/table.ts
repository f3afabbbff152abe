/** Tables in Markdown. */

/**
 * A table.
 *
 * @param head - Names of the columns; all but the first hold numbers.
 * @param rows - The cells.
 */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|---|${'--:|'.repeat(head.length - 1)}`, ...rows.map(line), ''].join('\n');
}

/**
 * The same few digits on every machine.
 *
 * @param value - A number above 0.
 */
export function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
