// Real clusters on a network of namespaces, or of proxies where the machine allows no namespaces. The rest of the
// situations stand behind `npm run networks`.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const execute = promisify(execFile);
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

async function run(...args: readonly string[]): Promise<string> {
  const { stdout } = await execute(process.execPath, [program, ...args]);
  return stdout;
}

// A second try: it holds times of real processes against predicted ones, and the machine does other things too.
it.each([
  ['raft', 'minority with the leader'],
  ['paxos', 'constrained election'],
])('a cluster of %s does as predicted: %s', { retry: 1 }, async (engine, situation) => {
  const told = await run('--engine', engine, '--only', situation, '--no-latency');
  expect(told).toContain('All as predicted, and no acknowledged write lost.');
});

it('a cluster whose network is slow does as predicted', { retry: 1 }, async () => {
  const told = await run('--engine', 'raft', '--network', 'proxies', '--only', 'one link');
  expect(told).toContain('messages take 40 ms');
  expect(told).toContain('All as predicted, and no acknowledged write lost.');
});

it('a network that is not known is refused with those that are', async () => {
  await expect(run('--only', 'no such')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"leader isolated"'),
  });
});
