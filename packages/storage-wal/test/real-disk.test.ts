import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeFileSystem, openWalDirectory, StorageLockedError } from '../src/index.js';
import { entryOf, indexesOf, rejectionOf, storeSnapshot, writeOf } from './node-life.js';

let directory = '';
const segment = () => join(directory, 'wal', '00000001.log');

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'synod-wal-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('a storage on the real disk', () => {
  it('finds everything again after a restart', async () => {
    const storage = await openWalDirectory(directory);
    await storage.group(0).save(writeOf([entryOf(1), entryOf(2)], { hardState: Uint8Array.of(9) }));
    await storeSnapshot(storage.group(0), 1, Uint8Array.of(1, 2, 3));
    await storeSnapshot(storage.group(0), 2, Uint8Array.of(4, 5));
    await storage.incarnations.record('n2', 'ab'.repeat(16));
    await storage.close();
    expect(await readdir(join(directory, 'snapshots', '0'))).toEqual(['2-1.snap']);
    const again = await openWalDirectory(directory);
    expect(again.recovery.closedCleanly).toBe(true);
    expect(again.incarnations.own).toBe(storage.incarnations.own);
    expect(again.incarnations.known('n2')).toBe('ab'.repeat(16));
    expect(again.group(0).recover()).toMatchObject({
      entries: [entryOf(1), entryOf(2)],
      hardState: Uint8Array.of(9),
      snapshot: { index: 2 },
    });
    const reader = await again.group(0).openSnapshot();
    expect(await reader?.read(0, 10)).toEqual(Uint8Array.of(4, 5));
    await reader?.close();
    await again.close();
  });

  it('syncs once for a hundred saves that come together, and seldom for those that come while it syncs', async () => {
    const storage = await openWalDirectory(directory);
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => storage.group(0).save(writeOf([entryOf(index + 1)]))),
    );
    expect(storage.stats().syncs).toBe(1);
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        for (let turn = index % 3; turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
        await storage.group(1).save(writeOf([entryOf(index + 1)]));
      }),
    );
    expect(storage.stats().syncs).toBeLessThanOrEqual(4);
    await storage.close();
  });

  it('cuts a torn tail and goes on', async () => {
    const storage = await openWalDirectory(directory, { preallocateBytes: 0 });
    await storage.group(0).save(writeOf([entryOf(1)]));
    const before = (await readFile(segment())).length;
    await storage.group(0).save(writeOf([entryOf(2)]));
    await storage.close();
    await rm(join(directory, 'wal', 'closed'));
    await truncate(segment(), before + 11);
    const again = await openWalDirectory(directory);
    expect(again.recovery.tornTail).toEqual({ file: 'wal/00000001.log', offset: before, bytes: 11 });
    expect(indexesOf(again.group(0))).toEqual([1]);
    await again.group(0).save(writeOf([entryOf(2, 5)]));
    await again.close();
    const third = await openWalDirectory(directory);
    expect(
      third
        .group(0)
        .recover()
        .entries.map((entry) => entry.term),
    ).toEqual([1, 5]);
    await third.close();
  });

  it('writes zeros ahead, takes them for no tail after a crash, and cuts them off at a clean close', async () => {
    const storage = await openWalDirectory(directory);
    for (let index = 1; index <= 3; index++) await storage.group(0).save(writeOf([entryOf(index)]));
    const crashed = await mkdtemp(join(tmpdir(), 'synod-wal-crashed-'));
    await cp(directory, crashed, { recursive: true });
    await rm(join(crashed, 'lock'));
    await storage.close();
    expect((await stat(segment())).size).toBeLessThan(1000);
    expect((await stat(join(crashed, 'wal', '00000001.log'))).size).toBeGreaterThan(1 << 20);
    expect((await stat(join(crashed, 'reserve'))).size).toBe(4 << 20);
    const again = await openWalDirectory(crashed);
    expect(again.recovery).toMatchObject({ closedCleanly: false, tornTail: undefined, batches: 3 });
    expect(indexesOf(again.group(0))).toEqual([1, 2, 3]);
    await again.close();
    await rm(crashed, { recursive: true });
  });

  it('refuses a flipped byte in the middle, with file and offset, and lets go of the folder', async () => {
    const storage = await openWalDirectory(directory, { preallocateBytes: 0 });
    const offset = (await readFile(segment())).length;
    for (let index = 1; index <= 3; index++) await storage.group(0).save(writeOf([entryOf(index)]));
    await storage.close();
    await rm(join(directory, 'wal', 'closed'));
    const bytes = await readFile(segment());
    bytes[offset + 25] = (bytes[offset + 25] ?? 0) ^ 0x10;
    await writeFile(segment(), bytes);
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await rejectionOf(openWalDirectory(directory))).toMatchObject({
        code: 'STORAGE_CORRUPT',
        file: 'wal/00000001.log',
        offset,
      });
    }
  });

  it('keeps paths within its folder', async () => {
    const fileSystem = nodeFileSystem(directory);
    for (const path of ['../outside', '/etc/passwd', 'wal/../../x']) {
      expect(await rejectionOf(fileSystem.open(path, 'create'))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    expect(() => nodeFileSystem('')).toThrow('root is empty');
  });
});

describe('the lock of a folder', () => {
  it('keeps a second storage of this process out until the first is closed', async () => {
    const storage = await openWalDirectory(directory);
    expect(await rejectionOf(openWalDirectory(directory))).toBeInstanceOf(StorageLockedError);
    await storage.close();
    await storage.close();
    await (await openWalDirectory(directory)).close();
    expect(await readdir(directory)).not.toContain('lock');
  });

  it('keeps other processes out as long as the holder lives, and is taken over when it was killed', async () => {
    const holder = spawn(
      process.execPath,
      ['-e', 'process.stdout.write("ready"); setInterval(() => undefined, 1000)'],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    await once(holder.stdout, 'data');
    await writeFile(
      join(directory, 'lock'),
      JSON.stringify({ pid: holder.pid, host: hostname(), started: '' }),
    );
    const error = await rejectionOf(openWalDirectory(directory));
    expect(error).toMatchObject({ code: 'STORAGE_LOCKED', retryable: true });
    expect(String(error)).toContain(`process ${holder.pid}`);
    const exited = once(holder, 'exit');
    holder.kill('SIGKILL');
    await exited;
    await (await openWalDirectory(directory)).close();
  });

  it('is taken over when the number of the holder belongs to a later process', async () => {
    await writeFile(
      join(directory, 'lock'),
      JSON.stringify({ pid: process.pid, host: hostname(), started: '1' }),
    );
    await (await openWalDirectory(directory)).close();
    if (process.platform !== 'linux') return;
    await writeFile(
      join(directory, 'lock'),
      JSON.stringify({ pid: process.ppid, host: hostname(), started: '1' }),
    );
    await (await openWalDirectory(directory)).close();
  });

  it('is not taken from another host, nor when it does not say who holds it', async () => {
    await writeFile(join(directory, 'lock'), JSON.stringify({ pid: 1, host: 'elsewhere', started: '' }));
    expect(String(await rejectionOf(openWalDirectory(directory)))).toContain('on host elsewhere');
    await writeFile(join(directory, 'lock'), 'what?');
    expect(String(await rejectionOf(openWalDirectory(directory)))).toContain('does not say by whom');
  });

  it('of a dead holder goes to one process even when another is taking it over', async () => {
    const dead = JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), started: '' });
    await writeFile(join(directory, 'lock'), dead);
    await writeFile(join(directory, 'lock.takeover'), dead);
    expect(String(await rejectionOf(openWalDirectory(directory)))).toContain(
      'another process is taking over',
    );
    await rm(join(directory, 'lock.takeover'));
    await (await openWalDirectory(directory)).close();
    expect((await readdir(directory)).filter((name) => name.startsWith('lock'))).toEqual([]);
  });
});
