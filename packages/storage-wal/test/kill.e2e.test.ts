/**
 * A process that is killed while it writes, again and again, over one folder. `SYNOD_WAL_KILLS` says how often:
 * `SYNOD_WAL_KILLS=1000 npx pnpm@10.34.9 exec vitest run --config .config/vitest.config.ts packages/storage-wal/test/kill`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '@synod/core';
import { afterEach, beforeEach, expect, it } from 'vitest';

const program = fileURLToPath(new URL('./killed-writer.mjs', import.meta.url));
const kills = Number(process.env.SYNOD_WAL_KILLS ?? 20);
const seed = Number(process.env.SYNOD_WAL_SEED ?? 1);

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'synod-killed-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Lets the writer run for a while after it has found what was there, kills it, and gives the lines it printed. */
async function lifeOf(forMs: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  let plansToKill = true;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    if (!plansToKill || !printed.includes('ready\n')) return;
    plansToKill = false;
    setTimeout(() => child.kill('SIGKILL'), forMs);
  });
  const [, signal] = await once(child, 'close');
  expect(signal, `it ended by itself: ${complaint}`).toBe('SIGKILL');
  return printed.slice(0, printed.lastIndexOf('\n')).split('\n');
}

it(`${kills} kills lose no acknowledged write and bring none to light that was not made`, async () => {
  const random = new Random(seed);
  const acknowledged = [0, 0, 0];
  let writes = 0;
  for (let life = 1; life <= kills; life++) {
    const forMs = random.integer(0, 60);
    for (const line of await lifeOf(forMs)) {
      const [word = '', ...numbers] = line.split(' ');
      if (word === 'found') {
        const [group = 0, discarded = 0, last = 0] = numbers.map(Number);
        const least = acknowledged[group] ?? 0;
        expect(line, `life ${life}`).toContain('right');
        expect(discarded).toBeLessThanOrEqual(last);
        // One write of a group is under way at a time.
        expect(last, `life ${life}: ${line}`).toBeGreaterThanOrEqual(least);
        expect(last, `life ${life}: ${line}`).toBeLessThanOrEqual(least + 1);
        acknowledged[group] = last;
      } else if (word !== 'ready') {
        acknowledged[Number(word)] = Number(numbers[0]);
        writes++;
      }
    }
  }
  expect(writes).toBeGreaterThan(kills);
  console.log(
    `${kills} kills, ${writes} acknowledged writes, ${(await readdir(join(directory, 'wal'))).length} files in the log`,
  );
}, 1_800_000);
