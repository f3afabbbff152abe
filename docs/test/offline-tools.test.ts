/**
 * What the tools for logs and backups print, in the guides "Backup and restore" and "The log of a node, offline": the
 * built command line, run on directories that are the same every time. Written anew with `vitest -u`.
 */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DurableWrite, Entry } from '@synod/core';
import { encodePut } from '@synod/kv';
import { encodeHardState } from '@synod/raft';
import { nodeFileSystem, openWal } from '@synod/storage-wal';
import { afterEach, beforeEach, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../apps/cluster/dist/main.js', import.meta.url));
const keptBackup = new URL('../../apps/cluster/test/golden/backup-v1.hex', import.meta.url);
const log = 'n1/wal/00000001.log';

let folder: string;

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'synod-docs-'));
});

afterEach(async () => {
  await fs.rm(folder, { recursive: true, force: true });
});

/** The directory of a node that took part in four writes and was closed. */
async function makeNode(): Promise<void> {
  const root = path.join(folder, 'n1');
  await fs.mkdir(root);
  const incarnation = '00112233445566778899aabbccddeeff';
  const storage = await openWal({ fileSystem: nodeFileSystem(root), incarnation });
  await storage.incarnations.record('n2', '11'.repeat(16));
  await storage.incarnations.record('n3', '22'.repeat(16));
  await storage.incarnations.admit();
  const group = storage.group(0);
  const noop: Entry = { index: 1, term: 1, kind: 'noop', data: new Uint8Array(0) };
  await group.save(writeOf(noop, encodeHardState({ term: 1, votedFor: 'n1', commitIndex: 0, life: 1 })));
  for (const [at, color] of ['red', 'green', 'blue'].entries()) {
    const data = encodePut({ key: 'color', value: color });
    const hardState = encodeHardState({ term: 1, votedFor: 'n1', commitIndex: at + 1, life: 1 });
    await group.save(writeOf({ index: at + 2, term: 1, kind: 'command', data }, hardState));
  }
  await storage.close();
}

function writeOf(entry: Entry, hardState: Uint8Array): DurableWrite {
  return { receipt: { sequence: 1, last: undefined }, entries: [entry], hardState };
}

/** Runs a command line of the guide and gives what a terminal would show of it. */
async function shown(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return `$ synod ${args.join(' ')}\n${output}${code === 0 ? '' : `(exit code ${code})\n`}`;
}

async function damage(change: (bytes: Buffer) => Buffer): Promise<void> {
  const file = path.join(folder, log);
  await fs.writeFile(file, change(await fs.readFile(file)));
}

it('a whole log is verified and printed', async () => {
  await makeNode();
  const output = [await shown('wal', 'verify', 'n1'), await shown('wal', 'dump', 'n1', '--from', '3')];
  await expect(output.join('\n')).toMatchFileSnapshot('../generated/wal-whole.txt');
});

it('a torn tail is told and cut', async () => {
  await makeNode();
  await fs.rm(path.join(folder, 'n1/wal/closed'));
  await damage((bytes) => bytes.subarray(0, -5));
  const output = [await shown('wal', 'verify', 'n1'), await shown('wal', 'repair', 'n1', '--yes')];
  await expect(output.join('\n')).toMatchFileSnapshot('../generated/wal-torn.txt');
});

it('damage to acknowledged data is told, and given up only when told to', async () => {
  await makeNode();
  await damage((bytes) => {
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    return bytes;
  });
  const output = [
    await shown('wal', 'verify', 'n1'),
    await shown('wal', 'repair', 'n1'),
    await shown('wal', 'repair', 'n1', '--discard-acknowledged'),
  ];
  await expect(output.join('\n')).toMatchFileSnapshot('../generated/wal-corrupt.txt');
});

it('a backup is verified, and a cluster restored from it', async () => {
  const bytes = Buffer.from((await fs.readFile(keptBackup, 'utf8')).replaceAll('\n', ''), 'hex');
  await fs.writeFile(path.join(folder, 'monday.backup'), bytes);
  const output = [
    await shown('backup', 'verify', 'monday.backup'),
    await shown('restore', 'monday.backup', '--data', 'restored', '--nodes', '3', '--cluster', 'shop'),
  ];
  await expect(output.join('\n')).toMatchFileSnapshot('../generated/backup-restored.txt');
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await fs.writeFile(path.join(folder, 'tuesday.backup'), bytes);
  const refused = await shown('restore', 'tuesday.backup', '--data', 'never');
  await expect(refused).toMatchFileSnapshot('../generated/backup-damaged.txt');
});
