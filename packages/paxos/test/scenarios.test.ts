/**
 * Plays every script in `scenarios/` on the real engine and compares what happens with what is written there; with
 * `UPDATE_SCENARIOS=1` it writes what happens, and the page that lists them.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseScenario, playScenario } from '@synod/scenarios';
import { describe, expect, it } from 'vitest';
import { paxosOnStage } from './paxos-on-stage.js';

const folder = new URL('./scenarios/', import.meta.url);
const page = new URL('../../../docs/guide/paxos-scenarios.md', import.meta.url);
const update = process.env.UPDATE_SCENARIOS === '1';
const names = readdirSync(fileURLToPath(folder))
  .filter((name) => name.endsWith('.txt'))
  .sort();

describe('golden scenarios', () => {
  it.each(names)('%s plays as it is written', (name) => {
    const file = new URL(name, folder);
    const written = readFileSync(file, 'utf8');
    const played = playScenario(written, paxosOnStage);
    if (update) writeFileSync(file, played);
    else expect(played).toBe(written);
  });

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
  return `# Multi-Paxos, situation by situation

Each row is a script in \`packages/paxos/test/scenarios\`: inputs to a small cluster and, after each, the messages, saves
and decisions that came of it. They are written to be read, and every test run plays them on the engine and compares.
The paper is Paxos Made Simple, unless another is named. A ballot is its round times 1024 plus the ordinal of its
proposer: 1025 is round 1 of n1, 2050 round 2 of n2.

Generated from the scripts; \`packages/paxos/test/scenarios/README.md\` says how one is written.

| script | situation | source |
|---|---|---|
${rows.join('\n')}
`;
}
