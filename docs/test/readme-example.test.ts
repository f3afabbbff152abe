/** The example at the front door, run as it stands against the built packages. */
import { spawn } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('the example in the README runs, and all three nodes read what the leader answered', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const example = /```js\n([\s\S]*?)```/.exec(readme)?.[1];
  expect(example).toBeDefined();
  // Beside this file, so that the packages are found as a user's project finds them.
  const file = new URL(`./readme-example-${process.pid}.mjs`, import.meta.url);
  await writeFile(file, example ?? '');
  try {
    expect(await run(fileURLToPath(file))).toEqual({
      code: 0,
      lines: ['the leader answers 5', 'n1 reads 5', 'n2 reads 5', 'n3 reads 5'],
    });
  } finally {
    await rm(file);
  }
});

function run(file: string): Promise<{ code: number | null; lines: readonly string[] }> {
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, lines: output.trim().split('\n') }));
  });
}
