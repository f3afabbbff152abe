/**
 * The examples of the guide "Testing your state machine", run as they stand there, against the built packages. What
 * they print stands in the guide too; when engine or draws change, it is written anew with `vitest -u`.
 */
import { expect, it } from 'vitest';
import { runProgram } from './run-program.js';

const example = (name: string) => new URL(`../examples/${name}`, import.meta.url);

it('a sound bank keeps every rule through twenty storms', async () => {
  const { code, output } = await runProgram(example('test-bank.js'));
  expect(code).toBe(0);
  expect(output).toContain('20 storms: every rule held');
  await expect(output).toMatchFileSnapshot('../examples/test-bank.txt');
});

it('a bank whose snapshot forgets something is found, shrunk and found again', async () => {
  const { code, output } = await runProgram(example('test-forgetful-bank.js'));
  expect(code).toBe(0);
  expect(output).toMatch(/breaks a rule after [\s\S]*\n {2}(equal states|own answer): /);
  expect(output).toMatch(/\nagain: seed \d+ breaks a rule/);
  await expect(output).toMatchFileSnapshot('../examples/test-forgetful-bank.txt');
});
