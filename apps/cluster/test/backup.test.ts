/** Backup, restore and the tools for logs, on real processes and disks. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ClusterProcess,
  type Ended,
  Program,
  readJson,
  runSynod,
  temporaryDirectory,
  waitFor,
} from './cluster-process.js';

let folder: string;
let cluster: ClusterProcess | undefined;
const programs: Program[] = [];

beforeEach(async () => {
  folder = await temporaryDirectory('backup');
});

afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
  for (const program of programs.splice(0)) {
    program.child.kill('SIGKILL');
    await program.ended;
  }
  await fs.rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

const inFolder = (name: string) => path.join(folder, name);

async function start(name: string, ...args: readonly string[]): Promise<ClusterProcess> {
  cluster = await ClusterProcess.start({ data: inFolder(name), args });
  return cluster;
}

/** Ends the cluster as a power failure would: every node at once, with nothing closed. */
async function destroy(running: ClusterProcess): Promise<void> {
  for (const pid of await running.pids()) process.kill(pid, 'SIGKILL');
  await running.stop();
  cluster = undefined;
}

async function succeed(...args: readonly string[]): Promise<Ended> {
  const ended = await runSynod(args);
  expect(ended.stderr).toBe('');
  expect(ended.code).toBe(0);
  return ended;
}

interface Found {
  readonly value: string;
  readonly modRevision: number;
  readonly revision: number;
}

async function read(running: ClusterProcess, key: string): Promise<Found> {
  return await readJson<Found>(await fetch(`${running.gatewayUrl}/v1/kv/${key}`));
}

/** Writes keys one after the other until it is told to stop, and remembers what was acknowledged. */
class Writer {
  readonly acknowledged = new Map<string, number>();
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(running: ClusterProcess) {
    this.#done = this.#write(running);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #write(running: ClusterProcess): Promise<void> {
    for (let number = 0; !this.#stopped; number++) {
      const key = `key-${number}`;
      const revision = await running.put(key, `value of ${key}`).catch(() => undefined);
      if (revision !== undefined) this.acknowledged.set(key, revision);
    }
  }
}

describe.each(['raft', 'paxos'])('a cluster on %s', (engine) => {
  it('is restored from a backup that was taken under writes, after all its nodes are destroyed', async () => {
    const before = await start(
      'old',
      '--engine',
      engine,
      '--snapshot-entries',
      '20',
      '--retained-entries',
      '5',
    );
    const writer = new Writer(before);
    await waitFor('some writes', () => (writer.acknowledged.size >= 50 ? true : undefined));
    const promised = new Map(writer.acknowledged);
    const live = inFolder('live.backup');
    await succeed('backup', live, '--endpoint', before.gatewayUrl);
    await writer.stop();
    await destroy(before);

    const files = await contentsOf(inFolder('old'));
    const disks = inFolder('disks.backup');
    const made = await succeed('backup', disks, '--data', inFolder('old'));
    expect(made.stdout).toContain('every write that was ever acknowledged is in it');
    expect(revisionIn(made)).toBeGreaterThanOrEqual(Math.max(...writer.acknowledged.values()));
    expect(await contentsOf(inFolder('old'))).toEqual(files);
    await fs.rename(inFolder('old'), inFolder('gone'));

    await succeed('restore', live, '--data', inFolder('new'), '--nodes', '3');
    const after = await start('new', '--engine', engine);
    expect(promised.size).toBeGreaterThanOrEqual(50);
    for (const [key, revision] of promised)
      expect(await read(after, key)).toMatchObject({ value: `value of ${key}`, modRevision: revision });
    expect(await after.put('after', 'yes')).toBeGreaterThan(Math.max(...promised.values()));
    expect((await read(after, 'after')).value).toBe('yes');
  });
});

function revisionIn({ stdout }: Ended): number {
  return Number(/revision (\d+)/.exec(stdout)?.[1]);
}

describe('a restored cluster', () => {
  it('goes on without its third node, and does not let one of another cluster in under that name', async () => {
    const golden = await fs.readFile(new URL('./golden/backup-v1.hex', import.meta.url), 'utf8');
    const file = inFolder('a.backup');
    await fs.writeFile(file, Buffer.from(golden.replaceAll('\n', ''), 'hex'));
    for (const name of ['old', 'new'])
      await succeed('restore', file, '--data', inFolder(name), '--cluster', 'same');
    const bytes = await fs.readFile(file);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await fs.writeFile(inFolder('damaged.backup'), bytes);
    const refused = await runSynod(['restore', inFolder('damaged.backup'), '--data', inFolder('third')]);
    expect(refused.code).toBe(18);
    expect(refused.stderr).toMatch(/BACKUP_DAMAGED: the backup is damaged at offset 79: a frame/);
    expect((await fs.readdir(folder)).sort()).toEqual(['a.backup', 'damaged.backup', 'new', 'old']);

    const ports = [21_851, 21_852, 21_853].map((port) => port + (process.pid % 2_000));
    const peers = ports.map((port, at) => `n${at + 1}=ws://127.0.0.1:${port}`).join(',');
    const startNode = (id: string, data: string): Program => {
      const args = ['node', '--id', id, '--cluster', 'same', '--peers', peers, '--data', data];
      const program = new Program([...args, '--client-listen', '127.0.0.1:0', '--verbose']);
      programs.push(program);
      return program;
    };
    const clientsAt = /clients at (http:\/\/\S+),/;
    const stranger = startNode('n3', inFolder('old/n3'));
    const [, strangerUrl = ''] = await stranger.printed(clientsAt);
    const nodes = [startNode('n1', inFolder('new/n1')), startNode('n2', inFolder('new/n2'))];
    const urls: string[] = [];
    for (const node of nodes) urls.push((await node.printed(clientsAt))[1] ?? '');
    // Two of three know each other from the restore, and need not wait for the third.
    await waitFor('a write to succeed', async () => {
      for (const url of urls) {
        const answer = await fetch(`${url}/v1/kv/color`, { method: 'PUT', body: 'red' }).catch(
          () => undefined,
        );
        if (answer?.ok === true) return true;
      }
      return undefined;
    });
    await waitFor('the stranger to be refused', () =>
      /INCARNATION_LOST/.test(stranger.stdout + nodes.map(({ stdout }) => stdout).join(''))
        ? true
        : undefined,
    );
    const status = await readJson<{
      readonly engine?: { readonly leader?: string; readonly lastIndex: number };
    }>(await fetch(`${strangerUrl}/v1/status`));
    expect(status.engine?.leader).toBeUndefined();
    expect(status.engine?.lastIndex).toBe(5);
  });
});

describe('synod wal', () => {
  it('refuses a directory that a node runs on, and tells and repairs whole, torn and corrupt ones', async () => {
    const before = await start('old');
    for (let number = 0; number < 10; number++) await before.put(`key-${number}`, `value-${number}`);
    const node = inFolder('old/n1');
    const locked = await runSynod(['wal', 'verify', node]);
    expect(locked.code).toBe(13);
    expect(locked.stderr).toContain('stop it first');
    await before.stop();
    cluster = undefined;
    const lines = (await succeed('wal', 'dump', node, '--json', '--from', '9')).stdout.trim().split('\n');
    const indexes = lines.flatMap((line) =>
      (JSON.parse(line) as { entries: { index: number }[] }).entries.map(({ index }) => index),
    );
    expect(Math.min(...indexes)).toBe(9);

    const log = path.join(node, 'wal/00000001.log');
    const whole = await fs.readFile(log);
    await fs.rm(path.join(node, 'wal/closed'));
    await fs.writeFile(log, whole.subarray(0, -3));
    const torn = await runSynod(['wal', 'verify', node]);
    expect(torn.code).toBe(19);
    expect(torn.stdout).toContain('no batch is acknowledged before it is whole on disk');
    const repaired = await succeed('wal', 'repair', node, '--yes');
    expect(repaired.stdout).toMatch(
      /kept: set-aside\/wal-00000001\.log\.from-\d+\nDone: the storage is whole/,
    );

    const damaged = Buffer.from(whole);
    const middle = Math.floor(whole.length * 0.7);
    damaged[middle] = (damaged[middle] ?? 0) ^ 4;
    await fs.writeFile(log, damaged);
    const corrupt = await runSynod(['wal', 'verify', node]);
    expect(corrupt.code).toBe(10);
    expect(corrupt.stdout).toMatch(/corruption: wal\/00000001\.log at offset \d+: expected batch \d+/);
    const refused = await runSynod(['wal', 'repair', node, '--yes']);
    expect(refused.code).toBe(10);
    expect(refused.stderr).toContain('--discard-acknowledged says what giving it up would cost');
    expect(await fs.readFile(log)).toEqual(damaged);

    // Given up: no node starts on it, and the others go on.
    const done = await succeed('wal', 'repair', node, '--discard-acknowledged', '--yes');
    expect(done.stdout).toMatch(
      /step: retire the directory[\s\S]*lost of group 0, as far as it can be read: \d+ entries[\s\S]*what is left can be read/,
    );
    const started = await runSynod([
      ...['node', '--id', 'n1', '--cluster', 'x', '--peers', 'n1=ws://127.0.0.1:0', '--data', node],
      ...['--client-listen', '127.0.0.1:0', '--listen', '127.0.0.1:0'],
    ]);
    expect(started.code).toBe(17);
    expect(started.stderr).toContain('Add a new member under a new id with an empty directory');
    // The retired disk proves nothing; the other two are a majority, and have everything.
    const all = await succeed('backup', inFolder('all.backup'), '--data', inFolder('old'));
    expect(all.stdout).toMatch(
      /state +revision 11, 10 keys[\s\S]*left out n1[\s\S]*every write that was ever/,
    );
    const again = await start('old');
    expect((await read(again, 'key-9')).value).toBe('value-9');
    expect(await again.put('more', 'x')).toBe(12);
  });
});

/** Every file of a directory but locks, with its bytes. */
async function contentsOf(directory: string): Promise<ReadonlyMap<string, string>> {
  const names = await fs.readdir(directory, { recursive: true, withFileTypes: true });
  const files = names.filter((name) => name.isFile() && name.name !== 'lock');
  const contents = new Map<string, string>();
  for (const { parentPath, name } of files) {
    const file = path.join(parentPath, name);
    contents.set(path.relative(directory, file), (await fs.readFile(file)).toString('base64'));
  }
  return contents;
}
