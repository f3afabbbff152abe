/**
 * What the guide "Checksums" says that each one misses is what the program counts. Written anew with `vitest -u`.
 */
import { expect, it } from 'vitest';
import { runProgram } from './run-program.js';

it('the tables of missed damage are those that the command prints', async () => {
  const program = new URL('../../apps/checksums/dist/main.js', import.meta.url);
  const { code, output } = await runProgram(program, ['--only', 'detection']);
  expect(code).toBe(0);
  await expect(output).toMatchFileSnapshot('../generated/checksum-detection.md');
});
