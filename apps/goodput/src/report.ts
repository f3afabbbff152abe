/** Tables in Markdown. */
import { type Scheme, schemeNames, schemes } from './arq-theory.js';
import type { Goodput } from './goodput.js';
import type { ProofRun } from './proof.js';
import type { StormSum } from './storms.js';

/** Goodput of all schemes beside theory, one row for each rate of loss. */
export function goodputTable(points: readonly Goodput[]): string {
  const losses = [...new Set(points.map(({ loss }) => loss))];
  const cell = (loss: number, scheme: Scheme) => {
    const point = points.find((each) => each.loss === loss && each.scheme === scheme);
    if (point === undefined) return '';
    return `${percent(point.measured, 2)} | ${percent(point.theoretical, 2)} | ${(point.measured / point.theoretical).toFixed(2)}`;
  };
  return table(
    ['loss', ...schemes.flatMap((scheme) => [schemeNames[scheme], 'theory', 'ratio'])],
    losses.map((loss) => [percent(loss, 0), ...schemes.map((scheme) => cell(loss, scheme))].join(' | ')),
  );
}

/** The long runs. */
export function proofTable(runs: readonly ProofRun[]): string {
  const rows = runs.map(({ loss, outcome, goodput, ofBound, amplification }) =>
    [
      percent(loss, 0),
      outcome.delivered.toLocaleString('en'),
      outcome.wrong,
      outcome.restarts,
      percent(goodput, 2),
      `${ofBound.toFixed(3)}x`,
      `${amplification.toFixed(3)}x`,
      outcome.corrupt.toLocaleString('en'),
      outcome.duplicates.toLocaleString('en'),
      outcome.heldBlocksMax,
    ].join(' | '),
  );
  return table(
    [
      'loss',
      'blocks delivered',
      'lost, doubled or out of order',
      'restarts',
      'goodput',
      'of 1 - p',
      'sent, of 1 / (1 - p)',
      'damaged and dropped',
      'copies dropped',
      'most blocks held at the receiver',
    ],
    rows,
  );
}

/** What a batch of storms came to. */
export function stormLine(sum: StormSum): string {
  const count = (number: number) => number.toLocaleString('en');
  return (
    `${count(sum.storms)} storms: ${count(sum.blocks)} blocks in ${count(sum.sent)} transmissions, ${count(sum.corrupt)} damaged ` +
    `and ${count(sum.duplicates)} copies dropped, ${count(sum.reconnects)} broken links, ${count(sum.senderRestarts)} crashes of ` +
    `senders and ${count(sum.receiverRestarts)} of receivers; ${sum.broken.length === 0 ? 'every rule held' : `${sum.broken.length} broken`}\n`
  );
}

function table(head: readonly string[], rows: readonly string[]): string {
  const lines = rows.map((row) => `| ${row} |`);
  return [`| ${head.join(' | ')} |`, `|${' --: |'.repeat(head.length)}`, ...lines, ''].join('\n');
}

function percent(share: number, digits: number): string {
  return `${(share * 100).toFixed(digits)} %`;
}
