/** Goodput against loss: points are measured, lines are theory. */
import { type Scheme, schemeNames, schemes, theoreticalGoodput } from './arq-theory.js';
import { delayFrames, type Goodput } from './goodput.js';

const width = 720;
const height = 400;
const left = 56;
const bottom = 44;
const top = 36;
const right = 150;
const lossMax = 0.3;
/** The least goodput that is shown: the axis is logarithmic. */
const goodputMin = 0.002;

/** Colours that are told apart with any colour vision (Okabe and Ito, 2002). */
const colours: Readonly<Record<Scheme, string>> = {
  stopAndWait: '#d55e00',
  goBackN: '#0072b2',
  selectiveRepeat: '#009e73',
};

/** Draws the graph as SVG. */
export function drawGoodput(points: readonly Goodput[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    '<title>Goodput against loss</title>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${left}" y="20" font-size="14">Useful blocks in what the link could carry; lines are theory</text>`,
    ...gridLines(),
    ...schemes.flatMap((scheme, position) => [
      curve(scheme),
      ...points.filter((point) => point.scheme === scheme).map(dot),
      legend(scheme, position),
    ]),
    '</svg>',
    '',
  ].join('\n');
}

function gridLines(): readonly string[] {
  const lines: string[] = [];
  for (const goodput of [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]) {
    const y = yOf(goodput);
    lines.push(
      `<line x1="${left}" x2="${width - right}" y1="${y}" y2="${y}" stroke="#dddddd"/>`,
      `<text x="${left - 6}" y="${y + 4}" text-anchor="end">${Math.round(goodput * 1000) / 10} %</text>`,
    );
  }
  for (const loss of [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]) {
    const x = xOf(loss);
    lines.push(
      `<line x1="${x}" x2="${x}" y1="${top}" y2="${height - bottom}" stroke="#dddddd"/>`,
      `<text x="${x}" y="${height - bottom + 16}" text-anchor="middle">${Math.round(loss * 100)} %</text>`,
    );
  }
  lines.push(
    `<text x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">blocks and acknowledgements lost</text>`,
  );
  return lines;
}

function curve(scheme: Scheme): string {
  const points: string[] = [];
  for (let percent = 0; percent <= lossMax * 100; percent += 0.5) {
    const loss = percent / 100;
    points.push(`${xOf(loss)},${yOf(theoreticalGoodput(scheme, loss, delayFrames))}`);
  }
  return `<polyline fill="none" stroke="${colours[scheme]}" stroke-width="1.5" points="${points.join(' ')}"/>`;
}

function dot({ scheme, loss, measured }: Goodput): string {
  return `<circle cx="${xOf(loss)}" cy="${yOf(measured)}" r="4" fill="${colours[scheme]}"/>`;
}

function legend(scheme: Scheme, position: number): string {
  const y = top + 12 + position * 20;
  const x = width - right + 12;
  return [
    `<line x1="${x}" x2="${x + 24}" y1="${y - 4}" y2="${y - 4}" stroke="${colours[scheme]}" stroke-width="1.5"/>`,
    `<circle cx="${x + 12}" cy="${y - 4}" r="4" fill="${colours[scheme]}"/>`,
    `<text x="${x + 30}" y="${y}">${schemeNames[scheme]}</text>`,
  ].join('\n');
}

function xOf(loss: number): number {
  return round(left + (loss / lossMax) * (width - left - right));
}

function yOf(goodput: number): number {
  const share = Math.log(Math.max(goodput, goodputMin) / goodputMin) / Math.log(1 / goodputMin);
  return round(height - bottom - share * (height - bottom - top));
}

function round(length: number): number {
  return Math.round(length * 10) / 10;
}
