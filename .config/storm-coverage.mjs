// `npm run storm-coverage [-- SEEDS TICKS]`: which branches of the Raft engine storms never reach, and why, as
// docs/guide/simulation-coverage.md. The reasons stand in storm-coverage-reasons.json, known by a part of the line, and
// by the file where it is named; a branch without one is shown as unexplained, and a reason that nothing needs any more is named too.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { pnpm, readJson, root, say, setup } from './pm.mjs';

const [seeds = '100', ticks = '1000'] = process.argv.slice(2);
const page = path.join(root, 'docs/guide/simulation-coverage.md');
const reasons = readJson(path.join(root, '.config/storm-coverage-reasons.json'));

await setup();
const code = await pnpm(['exec', 'vitest', 'run', '--config', '.config/storm-coverage.config.ts'], {
  SYNOD_STORM_SEEDS: seeds,
  SYNOD_STORM_TICKS: ticks,
});
if (code !== 0) process.exit(code);
const files = Object.values(readJson(path.join(root, '.config/.cache/storm-coverage/coverage-final.json')))
  .map(readCoverage)
  .sort((left, right) => (left.file < right.file ? -1 : 1));
const missed = files.flatMap(({ missed }) => missed);
fs.writeFileSync(page, `${pageLines().join('\n')}\n`);
const unexplained = missed.filter(({ reason }) => reason === undefined);
for (const { file, line, text } of unexplained) say(`unexplained: ${file}:${line}: ${text}`);
const needless = reasons.filter((reason) => !missed.some((branch) => branch.reason === reason));
for (const { file, text } of needless) say(`this reason is needed no more: ${file ?? 'any file'}: ${text}`);
say(
  `${missed.length} branches never reached, ${unexplained.length} unexplained: ${path.relative(root, page)}`,
);

function readCoverage({ path: place, branchMap, b, fnMap, f }) {
  const file = path.relative(path.join(root, 'packages/raft/src'), place);
  const lines = fs.readFileSync(place, 'utf8').split('\n');
  const missed = new Map();
  const miss = (what, line) => {
    const text = (lines[line - 1] ?? '').trim();
    const key = `${line} ${text}`;
    const reason = reasons.find((known) => (known.file ?? file) === file && text.includes(known.text));
    const known = missed.get(key);
    if (known === undefined) missed.set(key, { file, line, text, whats: new Set([what]), reason });
    else known.whats.add(what);
  };
  let branches = 0;
  let reached = 0;
  for (const [id, { type, locations, loc }] of Object.entries(branchMap)) {
    for (const [arm, count] of b[id].entries()) {
      branches++;
      if (count > 0) reached++;
      else miss(armName(type, arm), locations[arm]?.start?.line ?? loc.start.line);
    }
  }
  for (const [id, { name, loc }] of Object.entries(fnMap))
    if (f[id] === 0) miss(`\`${name}\` is never called`, loc.start.line);
  return {
    file,
    branches,
    reached,
    missed: [...missed.values()].sort((left, right) => left.line - right.line),
  };
}

function armName(type, arm) {
  if (type === 'if') return arm === 0 ? 'it never holds' : 'it always holds';
  if (type === 'cond-expr')
    return arm === 0 ? 'its first value is never taken' : 'its second value is never taken';
  if (type === 'switch') return 'this case never comes';
  if (type === 'default-arg') return 'the default is never needed';
  return 'this part is never asked';
}

function pageLines() {
  const branches = files.reduce((sum, file) => sum + file.branches, 0);
  const reached = files.reduce((sum, file) => sum + file.reached, 0);
  const percent = (part, whole) => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`);
  return [
    '# What the storms never reach',
    '',
    `Written by \`npm run storm-coverage -- ${seeds} ${ticks}\`: ${seeds} seeds of ${ticks} ticks over all faults, with V8's coverage of`,
    `the Raft engine's source. They take ${reached} of its ${branches} branches (${percent(reached, branches)}). Tests beside the source and the`,
    'scenarios of the engine reach others; this page is about what storms alone do not.',
    '',
    '| file | branches | reached | |',
    '| --- | ---: | ---: | ---: |',
    ...files
      .filter((file) => file.branches > 0)
      .map(
        (file) =>
          `| \`${file.file}\` | ${file.branches} | ${file.reached} | ${percent(file.reached, file.branches)} |`,
      ),
    '',
    `## The ${missed.length} places, and why they remain`,
    '',
    '| where | line | what never happens | why |',
    '| --- | --- | --- | --- |',
    ...missed.map(
      ({ file, line, text, whats, reason }) =>
        `| \`${file}:${line}\` | ${codeSpan(text)} | ${[...whats].join('; ')} | ${reason?.reason ?? '**unexplained**'} |`,
    ),
  ];
}

/** Code in a cell of a table: a bar would end the cell, and two braces mean something to the site. */
function codeSpan(text) {
  const short = text.length > 90 ? `${text.slice(0, 89)}…` : text;
  const safe = short.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('|', '&#124;');
  return `<code v-pre>${safe}</code>`;
}
