/** The picture of a check: one self-contained HTML page with a timeline that marks where linearization fails. */
import { InvalidArgumentError } from '@synod/core';
import type { CheckResult, PartitionReport } from '../check-result.js';
import type { Model } from '../model.js';
import { type Scene, sceneOf } from './scene.js';
import { type Bar, charactersWithin, layOut, type Stretch, shortened, type Timeline } from './timeline.js';

/**
 * What a picture shows.
 *
 * @typeParam Input - What operations ask.
 * @typeParam Output - What operations answer.
 */
export interface PictureOptions<Input, Output> {
  /**
   * Which partition to draw: one of the result's. Default: the one that fails, else the first that is undecided, else
   * the first.
   */
  readonly partition?: PartitionReport<Input, Output>;
  /** Most operations to draw, about, from 1: those around the failure, or the last. Default 200. */
  readonly operationsMax?: number;
}

const defaultOperationsMax = 200;
const laneHeight = 38;
const barHeight = 22;
const stateTop = 8;
const lanesTop = 44;
const titleCharactersMax = 2000;

/**
 * Draws one partition of a checked history. Each operation is a bar from its call to its answer, a row for each process;
 * the numbers are the longest order of taking effect that was found, with the states it goes through above them. Where
 * linearization fails, the operation whose answer cannot be explained is red, and so is the line at its answer.
 *
 * @typeParam State - State of one partition of the model.
 * @typeParam Input - What operations ask.
 * @typeParam Output - What operations answer.
 * @param model - The model that the history was checked against.
 * @param result - What {@link checkHistory} gave.
 * @param options - What to show.
 * @returns An HTML page that needs nothing else: no script, no font, no network.
 * @throws InvalidArgumentError when `operationsMax` is out of range.
 * @example
 * ```ts
 * const result = checkHistory(model, operations);
 * if (result.verdict === 'not linearizable') await writeFile('failure.html', renderHistory(model, result));
 * ```
 */
export function renderHistory<State, Input, Output>(
  model: Model<State, Input, Output>,
  result: CheckResult<Input, Output>,
  options: PictureOptions<Input, Output> = {},
): string {
  const { operationsMax = defaultOperationsMax } = options;
  if (!(operationsMax >= 1)) {
    throw new InvalidArgumentError(`operationsMax is ${operationsMax}: it must be 1 or more`);
  }
  const partition = options.partition ?? mostTelling(result);
  if (partition === undefined) return page(result.verdict, '<p>The history has no operations.</p>');
  const scene = sceneOf(model, result, partition, operationsMax);
  return page(headline(scene), `${intro(scene)}${figure(layOut(scene))}${legend(scene)}`);
}

function mostTelling<Input, Output>({
  failure,
  partitions,
}: CheckResult<Input, Output>): PartitionReport<Input, Output> | undefined {
  return failure?.partition ?? partitions.find(({ verdict }) => verdict === 'unknown') ?? partitions[0];
}

function headline({ verdict, partition }: Scene): string {
  return partition === undefined ? verdict : `partition ${partition}: ${verdict}`;
}

function intro({ summary, findings, left }: Scene): string {
  const omitted = left === 0 ? '' : ` ${left} more operations of this partition are not drawn.`;
  const items = findings.map((finding) => `<li>${escaped(shortened(finding, titleCharactersMax))}</li>`);
  const list = `<ul>${items.join('')}</ul><p><a href="#failure">Go to the place in the timeline</a></p>`;
  return `<p>${escaped(summary + omitted)}</p>${items.length === 0 ? '' : list}`;
}

function figure(timeline: Timeline): string {
  const height = lanesTop + timeline.lanes.length * laneHeight + 8;
  const names = timeline.lanes.map(
    (name, lane) =>
      `<span style="top:${lanesTop + lane * laneHeight + 4}px">${escaped(shortened(name, 18))}</span>`,
  );
  const parts = [
    ...timeline.lanes.map((_, lane) => laneLine(lane, timeline.width)),
    ...timeline.stretches.map(stretchMarks),
    failureLine(timeline, height),
    ...timeline.bars.map(barMarks),
    orderLine(timeline.bars),
    ...timeline.bars.map(pointMarks),
  ];
  return (
    `<figure><div class="names" style="height:${height}px"><span style="top:${stateTop}px">state</span>${names.join('')}</div>` +
    `<svg width="${timeline.width}" height="${height}" viewBox="0 0 ${timeline.width} ${height}" role="img" ` +
    `aria-label="Timeline of the operations">${parts.join('')}</svg></figure>`
  );
}

function laneLine(lane: number, width: number): string {
  const y = lanesTop + lane * laneHeight + barHeight / 2;
  return `<line class="lane" x1="0" x2="${width}" y1="${y}" y2="${y}"/>`;
}

function stretchMarks({ fromX, toX, state }: Stretch): string {
  const width = toX - fromX;
  const label = shortened(state, charactersWithin(width - 6));
  return (
    `<g class="state"><title>${escaped(shortened(state, titleCharactersMax))}</title>` +
    `<rect x="${fromX}" y="${stateTop}" width="${width}" height="${barHeight}"/>` +
    `<text x="${fromX + 4}" y="${stateTop + 15}">${escaped(label)}</text></g>`
  );
}

function failureLine({ failsAtX, width }: Timeline, height: number): string {
  if (failsAtX === undefined) return '';
  return (
    `<rect class="beyond" x="${failsAtX}" y="0" width="${width - failsAtX}" height="${height}"/>` +
    `<line class="failure" id="failure" x1="${failsAtX}" x2="${failsAtX}" y1="0" y2="${height}"/>`
  );
}

function barMarks({ actor, lane, fromX, toX, label }: Bar): string {
  const y = lanesTop + lane * laneHeight;
  const isOpen = actor.returnedAt === Number.POSITIVE_INFINITY;
  const kind = actor.fails ? 'fails' : actor.place === undefined ? 'left' : 'taken';
  const when = isOpen
    ? `called at ${actor.calledAt}, outcome unknown`
    : `${actor.calledAt} to ${actor.returnedAt}`;
  const effect =
    actor.place === undefined
      ? 'not in the order'
      : `number ${actor.place}, leaves ${actor.stateAfter ?? ''}`;
  const title = `process ${actor.process}: ${actor.label} (${when}; ${effect})`;
  return (
    `<g class="bar ${kind}${isOpen ? ' open' : ''}"><title>${escaped(shortened(title, titleCharactersMax))}</title>` +
    `<rect x="${fromX}" y="${y}" width="${toX - fromX}" height="${barHeight}" rx="4"/>` +
    `<text x="${fromX + 7}" y="${y + 15}">${escaped(label)}</text></g>`
  );
}

function orderLine(bars: readonly Bar[]): string {
  const points = bars.flatMap(({ pointX, lane }) => (pointX === undefined ? [] : [{ x: pointX, lane }]));
  points.sort((one, other) => one.x - other.x);
  const corners = points.map(({ x, lane }) => `${x},${lanesTop + lane * laneHeight + barHeight}`);
  return corners.length < 2 ? '' : `<polyline class="order" points="${corners.join(' ')}"/>`;
}

function pointMarks({ actor, pointX, lane }: Bar): string {
  if (pointX === undefined) return '';
  const y = lanesTop + lane * laneHeight + barHeight;
  return (
    `<circle class="point" cx="${pointX}" cy="${y}" r="3.5"/>` +
    `<text class="number" x="${pointX}" y="${y + 12}">${actor.place ?? ''}</text>`
  );
}

function legend({ verdict }: Scene): string {
  const failing = '<li><b class="fails"></b>the answer that no order explains</li>';
  return (
    '<ul class="legend"><li><b class="taken"></b>in the order, at its number</li>' +
    '<li><b class="left"></b>not in the order</li><li><b class="open"></b>outcome unknown</li>' +
    `${verdict === 'not linearizable' ? failing : ''}</ul>` +
    '<p class="note">Time runs to the right; only its order is kept. Point at a bar or a state for all of it.</p>'
  );
}

function page(title: string, body: string): string {
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">' +
    `<title>${escaped(title)}</title><style>${style}</style></head><body><h1>${escaped(title)}</h1>${body}</body></html>\n`
  );
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const style = `
:root{--ink:#1c2430;--soft:#667085;--paper:#fff;--rule:#e4e7ec;--taken:#dbeafe;--edge:#2563eb;--left:#f2f4f7;
--bad:#dc2626;--badfill:#fee2e2;--beyond:#dc262610;--state:#ecfdf3;--stateedge:#12b76a}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#98a2b3;--paper:#12161d;--rule:#2b3340;--taken:#1e3a6b;
--edge:#7ba7ff;--left:#232a35;--bad:#ff6b6b;--badfill:#57201f;--beyond:#ff6b6b14;--state:#0f3325;--stateedge:#32d583}}
body{margin:24px;background:var(--paper);color:var(--ink);font:14px/1.5 system-ui,sans-serif}
h1{font-size:20px;margin:0 0 4px}p,li{max-width:100ch;overflow-wrap:anywhere}ul{padding-left:20px}
figure{display:flex;margin:16px 0;overflow-x:auto;border:1px solid var(--rule);border-radius:8px}
.names{position:sticky;left:0;flex:none;width:130px;background:var(--paper);border-right:1px solid var(--rule)}
.names span{position:absolute;left:12px;font:12px/18px ui-monospace,monospace;color:var(--soft);white-space:nowrap}
svg{flex:none;font:12px ui-monospace,monospace}svg text{fill:var(--ink)}
.lane{stroke:var(--rule)}.state rect{fill:var(--state);stroke:var(--stateedge)}
.bar rect{stroke-width:1.2}.taken rect,.taken{fill:var(--taken);stroke:var(--edge)}
.left rect{fill:var(--left);stroke:var(--soft)}.fails rect{fill:var(--badfill);stroke:var(--bad);stroke-width:2}
.open rect{stroke-dasharray:5 4}.bar text,.state text{stroke:none}
a{color:var(--edge)}.failure{stroke:var(--bad);stroke-width:2}.beyond{fill:var(--beyond)}
.order{fill:none;stroke:var(--edge);stroke-opacity:.45}.point{fill:var(--edge);stroke:var(--paper)}
svg .number{fill:var(--edge);font-size:9px;text-anchor:middle}
.legend{display:flex;flex-wrap:wrap;gap:4px 24px;list-style:none;padding:0}.legend b{display:inline-block;width:22px;height:12px;
margin-right:8px;border:1.5px solid var(--soft);border-radius:3px;background:var(--left)}
.legend .taken{background:var(--taken);border-color:var(--edge)}.legend .open{border-style:dashed}
.legend .fails{background:var(--badfill);border-color:var(--bad)}.note{color:var(--soft)}
`.replaceAll('\n', '');
