/** The guide's table of limits says what the code does. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { defaultTransportLimits } from '../src/index.js';

it('the guide lists every limit with its default', () => {
  const guide = readFileSync(new URL('../../../docs/guide/transport.md', import.meta.url), 'utf8');
  const listed = [...guide.matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map(([, name, value]) => [
    name,
    Number(value),
  ]);
  expect(Object.fromEntries(listed)).toEqual(defaultTransportLimits);
});
