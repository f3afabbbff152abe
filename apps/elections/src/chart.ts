/** The curves of figure 16: for each time, the share of trials that had a leader by then. */
import type { Downtime } from './downtime.js';
import { nameOf } from './timeout-range.js';

const width = 720;
const height = 360;
const left = 56;
const bottom = 40;
const top = 36;
const right = 150;

/** Colours that are told apart with any colour vision (Okabe and Ito, 2002). */
const colours = ['#000000', '#e69f00', '#56b4e9', '#009e73', '#d55e00', '#cc79a7'];

/** From the left edge to the right one, on a logarithmic axis. */
export interface ChartAxis {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Draws one graph.
 *
 * @param title - Stands above it.
 * @param downtimes - One curve each.
 * @param axis - What part of time it shows.
 * @returns The picture as SVG.
 */
export function drawChart(title: string, downtimes: readonly Downtime[], axis: ChartAxis): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${left}" y="20" font-size="14">${title}</text>`,
    ...gridLines(axis),
    ...downtimes.map((downtime, position) => curve(downtime, position, axis)),
    '</svg>',
    '',
  ].join('\n');
}

function gridLines(axis: ChartAxis): readonly string[] {
  const lines: string[] = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const y = yOf(share);
    lines.push(
      `<line x1="${left}" x2="${width - right}" y1="${y}" y2="${y}" stroke="#dddddd"/>`,
      `<text x="${left - 6}" y="${y + 4}" text-anchor="end">${share * 100} %</text>`,
    );
  }
  for (const time of [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000]) {
    if (time < axis.fromMs || time > axis.toMs) continue;
    const x = xOf(time, axis);
    lines.push(
      `<line x1="${x}" x2="${x}" y1="${top}" y2="${height - bottom}" stroke="#dddddd"/>`,
      `<text x="${x}" y="${height - bottom + 16}" text-anchor="middle">${time}</text>`,
    );
  }
  lines.push(
    `<text x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">ms without a leader</text>`,
  );
  return lines;
}

function curve({ range, timesMs }: Downtime, position: number, axis: ChartAxis): string {
  const colour = colours[position % colours.length];
  const points = [`${left},${yOf(0)}`];
  let share = 0;
  for (const [rank, time] of timesMs.entries()) {
    if (time > axis.toMs) break;
    const x = xOf(Math.max(time, axis.fromMs), axis);
    points.push(`${x},${yOf(share)}`);
    share = (rank + 1) / timesMs.length;
    points.push(`${x},${yOf(share)}`);
  }
  points.push(`${width - right},${yOf(share)}`);
  const legendY = top + 12 + position * 20;
  return [
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.join(' ')}"/>`,
    `<line x1="${width - right + 12}" x2="${width - right + 36}" y1="${legendY - 4}" y2="${legendY - 4}" stroke="${colour}" stroke-width="2"/>`,
    `<text x="${width - right + 42}" y="${legendY}">${nameOf(range)}</text>`,
  ].join('\n');
}

function xOf(time: number, { fromMs, toMs }: ChartAxis): number {
  const share = Math.log(time / fromMs) / Math.log(toMs / fromMs);
  return Math.round((left + share * (width - left - right)) * 10) / 10;
}

function yOf(share: number): number {
  return Math.round((height - bottom - share * (height - bottom - top)) * 10) / 10;
}
