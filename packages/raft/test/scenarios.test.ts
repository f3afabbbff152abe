/**
 * Plays every script in `scenarios/` on the real engine and compares what happens with what is written there; with
 * `UPDATE_SCENARIOS=1` it writes what happens, and the page that lists them.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseScenario, playScenario } from '@synod/scenarios';
import { describe, expect, it } from 'vitest';
import { raftOnStage } from './raft-on-stage.js';
import { type Counterpart, type Suite, suites } from './scenarios-of-others.js';

const folder = new URL('./scenarios/', import.meta.url);
const page = new URL('../../../docs/guide/raft-scenarios.md', import.meta.url);
const packages = new URL('../../', import.meta.url);
const update = process.env.UPDATE_SCENARIOS === '1';
const names = readdirSync(fileURLToPath(folder))
  .filter((name) => name.endsWith('.txt'))
  .sort();

describe('golden scenarios', () => {
  it.each(names)('%s plays as it is written', (name) => {
    const file = new URL(name, folder);
    const written = readFileSync(file, 'utf8');
    const played = playScenario(written, raftOnStage);
    if (update) writeFileSync(file, played);
    else expect(played).toBe(written);
  });

  it.each(suites.flatMap(({ counterparts }) => counterparts))(
    '%s of another library has its counterpart here',
    (...[, ...ours]: Counterpart) => {
      for (const reference of ours) {
        const [file = '', test] = reference.split(': ');
        if (test === undefined) expect(names).toContain(`${file}.txt`);
        else expect(readFileSync(new URL(file, packages), 'utf8')).toContain(test);
      }
    },
  );

  it('the page in the documentation lists them all', () => {
    const listed = pageOfScenarios();
    if (update) writeFileSync(page, listed);
    else expect(readFileSync(page, 'utf8')).toBe(listed);
  });
});

function pageOfScenarios(): string {
  const rows = names.map((name) => {
    const { title, paper } = parseScenario(readFileSync(new URL(name, folder), 'utf8'));
    return `| \`${name}\` | ${title} | ${paper} |`;
  });
  return `# Raft, situation by situation

Each row is a script in \`packages/raft/test/scenarios\`: inputs to a small cluster and, after each, the messages, saves
and decisions that came of it. They are written to be read, and every test run plays them on the engine and compares.
Sections are those of the extended Raft paper, unless the dissertation is named.

Generated from the scripts; \`packages/raft/test/scenarios/README.md\` says how one is written.

| script | situation | source |
|---|---|---|
${rows.join('\n')}

## What other libraries test by name

The situations that others thought worth a name, and where each is told or tested here. Only the names are theirs.
${suites.map(tableOfSuite).join('')}`;
}

function tableOfSuite({ title, counterparts }: Suite): string {
  const rows = counterparts.map(([name, ...ours]) => `| ${name} | ${ours.map(wordsOf).join('; ')} |`);
  return `
### ${title}

| there | here |
|---|---|
${rows.join('\n')}
`;
}

function wordsOf(reference: string): string {
  const [file = '', test] = reference.split(': ');
  return test === undefined ? `\`${file}.txt\`` : `\`${file}\`: ${test}`;
}
