/** The trade: how often wrong against how slow, one curve for each way to detect failures. */
import type { Curve } from './report.js';

const width = 720;
const height = 380;
const left = 56;
const bottom = 44;
const top = 36;
const right = 230;
const mostSeconds = 12;
/** The least share of mistakes that is shown: none at all stands on this line. */
const leastPerHour = 0.03;
const mostPerHour = 1000;

/** Colours that are told apart with any colour vision (Okabe and Ito, 2002). */
const colours = ['#000000', '#e69f00', '#56b4e9', '#009e73', '#d55e00'];

/**
 * Draws the curves.
 *
 * @param title - Stands above them.
 * @param curves - One for each way.
 * @returns The picture as SVG.
 */
export function drawTrade(title: string, curves: readonly Curve[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${left}" y="20" font-size="14">${title}</text>`,
    ...grid(),
    ...curves.map(curve),
    '</svg>',
    '',
  ].join('\n');
}

function grid(): readonly string[] {
  const lines: string[] = [];
  for (const rate of [leastPerHour, 0.1, 1, 10, 100, 1000]) {
    const y = yOf(rate);
    lines.push(
      `<line x1="${left}" x2="${width - right}" y1="${y}" y2="${y}" stroke="#dddddd"/>`,
      `<text x="${left - 6}" y="${y + 4}" text-anchor="end">${rate === leastPerHour ? 'none' : rate}</text>`,
    );
  }
  for (let second = 0; second <= mostSeconds; second += 2) {
    const x = xOf(second * 1000);
    lines.push(
      `<line x1="${x}" x2="${x}" y1="${top}" y2="${height - bottom}" stroke="#dddddd"/>`,
      `<text x="${x}" y="${height - bottom + 16}" text-anchor="middle">${second}</text>`,
    );
  }
  const middle = (left + width - right) / 2;
  lines.push(
    `<text x="${middle}" y="${height - 8}" text-anchor="middle">seconds to find a crash, mean</text>`,
  );
  lines.push(`<text x="${left}" y="${top - 4}" font-size="11">wrong suspicions an hour</text>`);
  return lines;
}

function curve({ name, points }: Curve, position: number): string {
  const colour = colours[position % colours.length];
  const shown = points.filter(({ accuracy }) => accuracy.detectionMs <= mostSeconds * 1000);
  const places = shown.map(
    ({ accuracy }) => [xOf(accuracy.detectionMs), yOf(accuracy.mistakesPerHour)] as const,
  );
  const legendY = top + 16 + position * 22;
  return [
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${places.map((place) => place.join()).join(' ')}"/>`,
    ...places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`),
    `<line x1="${width - right + 10}" x2="${width - right + 30}" y1="${legendY - 4}" y2="${legendY - 4}" stroke="${colour}" stroke-width="2"/>`,
    `<text x="${width - right + 36}" y="${legendY}">${name}</text>`,
  ].join('\n');
}

function xOf(ms: number): number {
  return tenths(left + (ms / 1000 / mostSeconds) * (width - left - right));
}

function yOf(perHour: number): number {
  const rate = Math.min(mostPerHour, Math.max(leastPerHour, perHour));
  const share = Math.log(rate / leastPerHour) / Math.log(mostPerHour / leastPerHour);
  return tenths(height - bottom - share * (height - bottom - top));
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
