import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('a small part of every attack is survived, and refused where it should be', async () => {
  const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const child = spawn(process.execPath, [program, '--scale', '0.01', '--brief']);
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code, printed).toBe(0);
  expect(printed.match(/\| yes \|/g)).toHaveLength(2 * 9);
});
