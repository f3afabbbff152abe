import { expect, it } from 'vitest';
import { traceHashes } from './trace-hashes.js';

/**
 * Every machine and every version of Node that runs the tests compares with the same file. It changes when the engine
 * or the draws change: look at why, then write it anew with `vitest -u`.
 */
it('a seed is the same run on every machine', async () => {
  const lines = [...traceHashes(1, 4, { ticks: 150 })];
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../trace-hashes.txt');
}, 60_000);
