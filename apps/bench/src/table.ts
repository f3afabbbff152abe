/** Tables for people, as Markdown, so that they can be put into a document as they are. */

/** One row, by column name. */
export type Row = Readonly<Record<string, string | number>>;

/**
 * Lays rows out as a Markdown table.
 *
 * @param rows - The rows; the first names the columns.
 */
export function markdownTable(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = [
    columns,
    columns.map(() => '---'),
    ...rows.map((row) => columns.map((name) => show(row[name]))),
  ];
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => (line[column] ?? '').length)));
  return cells
    .map((line) => `| ${line.map((cell, column) => pad(cell, widths[column] ?? 0)).join(' | ')} |`)
    .join('\n');
}

function pad(cell: string, width: number): string {
  return cell === '---' ? '-'.repeat(width) : cell.padEnd(width);
}

function show(value: string | number | undefined): string {
  if (typeof value !== 'number') return value ?? '';
  if (value >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
