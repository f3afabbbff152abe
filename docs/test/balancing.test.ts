/**
 * The guide "Where does the next request go?" says what the simulation says: a small run of each situation comes out the
 * same as when it was written, and what the text claims holds of the tables that it shows.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runProgram } from './run-program.js';

const program = new URL('../../apps/queueing/dist/main.js', import.meta.url);

it('a small run gives the figures that are kept', async () => {
  const only = ['--only', 'equal,unequal,antagonists,black-hole', '--requests', '1000'];
  const { code, output } = await runProgram(program, only);
  expect(code).toBe(0);
  await expect(output).toMatchFileSnapshot('../generated/balancing-small.md');
});

it('the table of hashing is made as it is shown', async () => {
  const { code, output } = await runProgram(program, ['--only', 'hashing']);
  expect(code).toBe(0);
  expect(output).toContain(`\n${shown('hashing')}`);
  for (const [name = '', count, fullest, , , extra] of rows('hashing')) {
    if (!name.startsWith('Maglev')) expect(extra).toBe('0.00');
    else if (name.includes('65,537')) {
      expect(Number(fullest)).toBeLessThanOrEqual(1.01);
      if (Number(count) <= 100) expect(Number(extra)).toBeLessThan(1);
    }
  }
});

it('what the text claims holds of the tables', () => {
  const p99 = (situation: string) => (name: string) =>
    Number(rows(situation).find(([first]) => first === name)?.[3] ?? Number.NaN);
  const equal = p99('equal');
  const order = ['least request', 'power of three choices', 'power of two choices', 'round robin', 'random'];
  const times = order.map(equal);
  expect(times).toEqual([...times].sort((left, right) => left - right));
  expect(equal('ring hash')).toBeGreaterThan(10 * equal('random'));
  const unequal = p99('unequal');
  expect(unequal('smooth weighted round robin')).toBeLessThan(unequal('round robin') / 10);
  expect(unequal('power of two choices')).toBeLessThan(unequal('smooth weighted round robin'));
  const antagonists = p99('antagonists');
  const best = Math.min(...rows('antagonists').map((cells) => Number(cells[3])));
  expect(antagonists('Prequal')).toBe(best);
  expect(antagonists('peak EWMA')).toBeGreaterThan(antagonists('power of two choices'));
  for (const [name = '', , , , , failed] of rows('black-hole')) {
    if (name.includes('not counted')) expect(Number(failed)).toBeGreaterThan(5);
    else if (/choices|least|EWMA|Prequal/.test(name)) expect(Number(failed)).toBeLessThan(0.5);
  }
});

function shown(part: string): string {
  return readFileSync(new URL(`../generated/balancing-${part}.md`, import.meta.url), 'utf8');
}

/** Cells of a table, without its head. */
function rows(part: string): readonly (readonly string[])[] {
  const lines = shown(part)
    .split('\n')
    .filter((line) => line.startsWith('| '));
  return lines.slice(1).map((line) => line.slice(2, -2).split(' | '));
}
