/** `docs/guide/raft-features.md` names options, tests and stories: what it names must be there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const page = readFileSync(new URL('../../../docs/guide/raft-features.md', import.meta.url), 'utf8');
const stories = readdirSync(fileURLToPath(new URL('./scenarios/', import.meta.url)));

/** The rows of the table under a heading, each as its cells, without the heads of its columns. */
function tableUnder(heading: string): readonly (readonly string[])[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Names in backquotes. */
function named(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

/** The text of a test file, of this package or another, by the name that the page gives it. */
function testNamed(name: string, packageName = '@synod/raft'): string {
  const folder = `../../${packageName.replace('@synod/', '')}`;
  const places = ['test', 'src'].map(
    (place) => new URL(`${folder}/${place}/${name}.test.ts`, import.meta.url),
  );
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`${packageName} has no test ${name}`);
  return readFileSync(found, 'utf8');
}

interface TestReference {
  readonly packageName: string | undefined;
  readonly name: string;
}

/** Each reference of a cell such as "`a`, `b`; `@synod/kv`: `sessions`". */
function referencesIn(cell: string): readonly TestReference[] {
  return cell.split(';').flatMap((part): TestReference[] => {
    const names = named(part);
    const packageName = names.find((name) => name.startsWith('@'));
    return names.filter((name) => name !== packageName).map((name) => ({ packageName, name }));
  });
}

describe('the page of features', () => {
  const features = tableUnder('Features');

  it('has rows', () => {
    expect(features.length).toBeGreaterThan(30);
  });

  it.each(features)(
    '%s: its tests and stories are there',
    (_feature, _option, _source, tests = '', told = '') => {
      const references = referencesIn(tests);
      expect(references.length, 'a feature without a test').toBeGreaterThan(0);
      for (const { packageName, name } of references) testNamed(name, packageName);
      for (const story of named(told))
        expect(
          stories.some((file) => file.startsWith(story)),
          story,
        ).toBe(true);
    },
  );

  it('leaves no story out', () => {
    const told = features.flatMap(([, , , , cell = '']) => named(cell));
    expect(
      stories.filter((file) => file.endsWith('.txt') && !told.some((story) => file.startsWith(story))),
    ).toEqual([]);
  });
});

describe('the mistakes of others', () => {
  it.each(tableUnder('Mistakes of others'))(
    '%s: the tests that would find it are there',
    (_mistake, _where, tests = '') => {
      let packageName: string | undefined;
      for (const part of tests.split(/; (?=`)/)) {
        const [first = '', second] = named(part);
        if (first.startsWith('@')) packageName = first;
        const name = first.startsWith('@') ? (second ?? '') : first;
        const titles = part.slice(part.lastIndexOf('`') + 1).replace(/^:/, '');
        const text = testNamed(name, first.startsWith('@') ? packageName : undefined);
        for (const title of titles.split('; ')) expect(text).toContain(title.trim());
      }
    },
  );
});
