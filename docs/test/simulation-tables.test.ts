/**
 * The tables of the guide "The simulator" say what the source says: each fault and each rule with its own comment.
 * Written anew with `vitest -u` when the source has moved on.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expectedSituations, faultKinds } from '@synod/simulator';
import { expect, it } from 'vitest';

const folder = new URL('../../packages/simulator/src/', import.meta.url);
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .sort()
  .map((name) => readFileSync(new URL(name, folder), 'utf8'));

/** A member of a union type, with the comment above it. */
const faultMember = /\/\*\*((?:(?!\*\/)[\s\S])+)\*\/\s*\|\s*\{\s*readonly type: '(\w+)';?([^{}]*)\}/g;
/** The same where a member is an interface of its own. */
const faultInterface =
  /\/\*\*((?:(?!\*\/)[\s\S])+)\*\/\s*export interface \w+ \{\s*(?:\/\*\*[^*]*\*\/\s*)?readonly type: '(\w+)';([^{}]*)\}/g;
const nameMember = /\/\*\*((?:(?!\*\/)[\s\S])+)\*\/\s*\|\s*'([^']+)'/g;

it('the table of faults has every kind that storms draw, in the words of the source', async () => {
  const members = new Map<string, readonly [string, string]>();
  for (const source of sources) {
    for (const [, comment = '', kind = '', fields = ''] of [
      ...source.matchAll(faultMember),
      ...source.matchAll(faultInterface),
    ]) {
      if (faultKinds.some((known) => known === kind) && !members.has(kind))
        members.set(kind, [sentence(comment), fieldsOf(fields)]);
    }
  }
  expect([...members.keys()].sort()).toEqual([...faultKinds].sort());
  const rows = faultKinds.map((kind) => {
    const [comment, fields] = members.get(kind) ?? ['', ''];
    return `| \`${kind}\` | ${comment} | ${fields} |`;
  });
  await expect(table(['fault', 'what happens', 'how much is drawn'], rows)).toMatchFileSnapshot(
    '../generated/faults.md',
  );
});

it('the table of rules has every rule that a finding can name', async () => {
  const source = sources.find((text) => text.includes('export type InvariantName =')) ?? '';
  const union = /export type InvariantName =([\s\S]*?);/.exec(source)?.[1] ?? '';
  const rules = [...union.matchAll(nameMember)];
  expect(rules.length).toBeGreaterThan(10);
  expect(rules.length).toBe([...union.matchAll(/\|\s*'/g)].length);
  const rows = rules.map(([, comment = '', name = '']) => `| ${name} | ${sentence(comment)} |`);
  await expect(table(['rule', 'what it says'], rows)).toMatchFileSnapshot('../generated/rules.md');
});

it('the list of situations has every one that a large batch must reach', async () => {
  expect(new Set(expectedSituations).size).toBe(expectedSituations.length);
  await expect(`${expectedSituations.join(' · ')}\n`).toMatchFileSnapshot('../generated/situations.md');
});

function sentence(comment: string): string {
  return comment
    .replaceAll(/\s*\n\s*\*?\s*/g, ' ')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .trim()
    .replaceAll('|', '\\|');
}

function fieldsOf(fields: string): string {
  const names = [...fields.matchAll(/readonly (\w+)\??:/g)].map(([, name = '']) => `\`${name}\``);
  return names.join(', ');
}

function table(head: readonly string[], rows: readonly string[]): string {
  return [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...rows, ''].join('\n');
}
