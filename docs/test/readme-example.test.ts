/** The example at the front door, run as it stands against the built packages. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { runProgram } from './run-program.js';

it('the example in the README runs, and all three nodes read what the leader answered', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const example = /```js\n([\s\S]*?)```/.exec(readme)?.[1];
  expect(example).toBeDefined();
  // Beside this file, so that the packages are found as a user's project finds them.
  const file = new URL(`./readme-example-${process.pid}.mjs`, import.meta.url);
  await writeFile(file, example ?? '');
  try {
    expect(await runProgram(file)).toEqual({
      code: 0,
      output: 'the leader answers 5\nn1 reads 5\nn2 reads 5\nn3 reads 5\n',
    });
  } finally {
    await rm(file);
  }
});
