/**
 * The guide "Delivery over a lossy link": its table and graph are what `npm run goodput` gives, its long runs are held by
 * short ones, and its examples run as they stand. Written anew with `vitest -u`.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runProgram } from './run-program.js';

const example = (name: string) => new URL(`../examples/${name}`, import.meta.url);

it('the table and the graph are what the command gives', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'synod-goodput-'));
  try {
    await expect(await goodput('--out', folder)).toMatchFileSnapshot('../generated/goodput.md');
    const graph = await readFile(path.join(folder, 'goodput.svg'), 'utf8');
    await expect(graph).toMatchFileSnapshot('../public/goodput.svg');
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('the tables of the long runs have the columns of the command, nothing wrong in them, and short runs agree', async () => {
  for (const [flag, file] of [
    ['--proof', 'delivery-proof.md'],
    ['--restarts', 'delivery-restarts.md'],
  ] as const) {
    const [kept, short] = [
      rowsOf(await readFile(new URL(`../generated/${file}`, import.meta.url), 'utf8')),
      rowsOf(await goodput(flag, '20000')),
    ];
    expect(short[0]).toEqual(kept[0]);
    expect(short.length).toBe(kept.length);
    for (const rows of [kept, short]) {
      for (const [, , wrong, , , ofBound, sent] of rows.slice(1)) {
        expect(wrong).toBe('0');
        expect(Number.parseFloat(sent ?? '')).toBeLessThan(1.1);
        // The time that a restart takes weighs on a short run.
        expect(Number.parseFloat(ofBound ?? '')).toBeGreaterThan(
          rows === kept || flag === '--proof' ? 0.9 : 0.5,
        );
      }
    }
  }
});

it('the example over UDP delivers everything, though a fifth is thrown away', async () => {
  const { code, output } = await runProgram(example('delivery-udp.js'));
  expect(code).toBe(0);
  expect(output).toBe('500 blocks, each once and in order: true\nsome were sent again: true\n');
});

it('the example over WebSocket outlives three broken connections', async () => {
  const { code, output } = await runProgram(example('delivery-websocket.js'));
  expect(code).toBe(0);
  expect(output).toMatch(/^300 messages over [4-9] connections, each once and in order: true\n$/);
});

function rowsOf(table: string): readonly (readonly string[])[] {
  const rows = table.split('\n').filter((line) => line.startsWith('|') && !line.startsWith('| --'));
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function goodput(...flags: readonly string[]): Promise<string> {
  const program = fileURLToPath(new URL('../../apps/goodput/dist/main.js', import.meta.url));
  const child = spawn(process.execPath, [program, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`exit code ${code}`))));
  });
}
