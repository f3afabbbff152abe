/**
 * The guide "Failure detection": a small run of the command behind its tables says the same, byte for byte, and its example
 * over sockets runs as it stands. Written anew with `vitest -u` when detectors or draws change.
 */
import { expect, it } from 'vitest';
import { runProgram } from './run-program.js';

it('the command says the same again, in small', async () => {
  const command = new URL('../../apps/detection/dist/main.js', import.meta.url);
  const { code, output } = await runProgram(command, ['--small']);
  expect(code).toBe(0);
  await expect(output).toMatchFileSnapshot('../generated/failure-detection-small.md');
});

it('five members over UDP find the one that crashed, and the one that left', async () => {
  const { code, output } = await runProgram(new URL('../examples/udp-members.js', import.meta.url));
  expect(code).toBe(0);
  for (const id of ['n2', 'n3', 'n4', 'n5']) expect(output).toContain(`n1 hears: joined ${id}\n`);
  expect(output).toContain('n1 hears: left n4\n');
  expect(output).toContain('n1 hears: died n5\n');
  expect(output).not.toContain('died n4');
  expect(output).toContain('here in the end: n1 n2 n3\n');
});
