/** How far a batch has come: a bar for a terminal, a line now and then for a log. */

/**
 * Draws the bar, on a terminal only.
 *
 * @param done - How much is done.
 * @param all - How much there is.
 * @param what - Of what.
 */
export function showProgress(done: number, all: number, what: string): void {
  if (!process.stderr.isTTY) return;
  const filled = Math.min(40, Math.floor((40 * done) / all));
  const end = done >= all ? '\n' : '';
  process.stderr.write(
    `\r${'#'.repeat(filled).padEnd(40, '.')} ${Math.floor(done)} of ${Math.floor(all)} ${what}${end}`,
  );
}

let shownParts = 0;

/**
 * Draws the bar on a terminal; writes a line for each hundredth elsewhere, for runs of hours.
 *
 * @param done - How much is done.
 * @param all - How much there is.
 * @param what - Of what.
 */
export function showLine(done: number, all: number, what: string): void {
  if (process.stderr.isTTY) return showProgress(done, all, what);
  const parts = Math.floor((100 * done) / all);
  if (parts === shownParts) return;
  shownParts = parts;
  process.stderr.write(`${Math.floor(done)} of ${all} ${what}\n`);
}
