/** The page that stands in the docs: both graphs and the figures beside the paper's. */
import { type Downtime, meanMs, quantileMs } from './downtime.js';
import { nameOf } from './timeout-range.js';

/**
 * Figures of all ranges as a table in Markdown.
 *
 * @param downtimes - One row each.
 * @param giveUpMs - When trials were given up.
 */
export function tableOf(downtimes: readonly Downtime[], giveUpMs: number): string {
  const rows = downtimes.map((downtime) => {
    const figures = [
      quantileMs(downtime, 0.5),
      meanMs(downtime),
      quantileMs(downtime, 0.99),
      quantileMs(downtime, 1),
    ];
    const cells = figures.map((time) => (Number.isFinite(time) ? time.toFixed(0) : `> ${giveUpMs}`));
    return `| ${nameOf(downtime.range)} | ${cells.join(' | ')} | ${downtime.range.inPaper ?? ''} |`;
  });
  return [
    '| timeouts | median ms | mean ms | 99 % ms | longest ms | the paper says |',
    '|---|--:|--:|--:|--:|---|',
    ...rows,
    '',
  ].join('\n');
}
