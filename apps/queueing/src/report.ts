/** What a scenario came to, as a table and as a chart. */
import type { Figures } from './figures.js';
import type { Scenario } from './scenarios.js';
import { digits, markdown } from './table.js';

/**
 * The table of a scenario.
 *
 * @param scenario - Which.
 * @param all - Its rows.
 */
export function tableOf(scenario: Scenario, all: readonly Figures[]): string {
  const hasFailures = scenario.blackHole === true;
  const head = ['strategy', 'mean ms', 'p50 ms', 'p99 ms', 'p99.9 ms', ...(hasFailures ? ['failed %'] : [])];
  const rows = all.map(({ name, meanMs, p50Ms, p99Ms, p999Ms, failed }) => [
    name,
    ...[meanMs, p50Ms, p99Ms, p999Ms].map(digits),
    ...(hasFailures ? [(100 * failed).toFixed(1)] : []),
  ]);
  return markdown(head, rows);
}

const width = 760;
const left = 230;
const right = 30;
const top = 56;
const rowHeight = 20;

/** Colours that are told apart with any colour vision (Okabe and Ito, 2002). */
const marks = [
  { name: 'p50', colour: '#009e73', of: ({ p50Ms }: Figures) => p50Ms },
  { name: 'p99', colour: '#e69f00', of: ({ p99Ms }: Figures) => p99Ms },
  { name: 'p99.9', colour: '#d55e00', of: ({ p999Ms }: Figures) => p999Ms },
];

/**
 * The chart of a scenario: one row a strategy, with its quantiles on a logarithmic axis.
 *
 * @param scenario - Which.
 * @param all - Its rows.
 * @returns The picture as SVG.
 */
export function chartOf({ title }: Scenario, all: readonly Figures[]): string {
  const bottom = top + all.length * rowHeight;
  const most = Math.max(...all.map(({ p999Ms }) => p999Ms));
  const axis = { from: 2, to: 10 ** Math.ceil(Math.log10(most)) };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 44}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${bottom + 44}" fill="#ffffff"/>`,
    `<text x="12" y="22" font-size="14">${title}</text>`,
    ...marks.map(({ name, colour }, place) => {
      const x = left + place * 70;
      return `<circle cx="${x}" cy="38" r="5" fill="${colour}"/><text x="${x + 10}" y="42">${name}</text>`;
    }),
    ...gridLines(axis, bottom),
    ...all.map((figures, row) => rowOf(figures, top + row * rowHeight + rowHeight / 2, axis)),
    `<text x="${(left + width - right) / 2}" y="${bottom + 36}" text-anchor="middle">ms</text>`,
    '</svg>',
    '',
  ].join('\n');
}

interface Axis {
  readonly from: number;
  readonly to: number;
}

function gridLines(axis: Axis, bottom: number): readonly string[] {
  const lines: string[] = [];
  for (let decade = 1; decade <= axis.to; decade *= 10) {
    for (const value of [decade, 2 * decade, 5 * decade]) {
      if (value < axis.from || value > axis.to) continue;
      const x = xOf(value, axis);
      lines.push(
        `<line x1="${x}" x2="${x}" y1="${top}" y2="${bottom}" stroke="#dddddd"/>`,
        `<text x="${x}" y="${bottom + 16}" text-anchor="middle">${value}</text>`,
      );
    }
  }
  return lines;
}

function rowOf(figures: Figures, y: number, axis: Axis): string {
  const ends = [xOf(figures.p50Ms, axis), xOf(figures.p999Ms, axis)];
  return [
    `<text x="${left - 8}" y="${y + 4}" text-anchor="end">${figures.name}</text>`,
    `<line x1="${ends[0]}" x2="${ends[1]}" y1="${y}" y2="${y}" stroke="#999999"/>`,
    ...marks.map(
      ({ colour, of }) => `<circle cx="${xOf(of(figures), axis)}" cy="${y}" r="5" fill="${colour}"/>`,
    ),
  ].join('\n');
}

function xOf(value: number, { from, to }: Axis): number {
  const share = Math.log(Math.max(value, from) / from) / Math.log(to / from);
  return Math.round((left + share * (width - left - right)) * 10) / 10;
}
