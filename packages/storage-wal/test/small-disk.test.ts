/** A real file system that is really full: a few MiB of memory, mounted for the test. Where mounting is not allowed, it is skipped. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openWalDirectory } from '../src/index.js';
import { entryOf, indexesOf, storeSnapshot, writeOf } from './node-life.js';

const mebibyte = 1 << 20;
const disk = mountSmallDisk();

function mountSmallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'synod-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Somebody else fills the disk to its last page. */
async function fill(folder: string): Promise<string> {
  const file = join(folder, 'somebody-elses');
  await writeFile(file, new Uint8Array(await freeBytes(folder)));
  expect(await freeBytes(folder)).toBe(0);
  return file;
}

describe.skipIf(disk === undefined)('a disk of 12 MiB', () => {
  const folder = disk ?? '';

  afterAll(() => {
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true });
  });

  it('is filled by somebody else: saves take the reserve, then wait, and go on when the disk is emptied', async () => {
    const directory = await mkdtemp(join(folder, 'node-'));
    const storage = await openWalDirectory(directory);
    await storage.group(0).save(writeOf([entryOf(1)], { hardState: Uint8Array.of(1) }));
    const file = await fill(folder);
    let last = 1;
    let held: Promise<void> | undefined;
    while (held === undefined) {
      const save = storage.group(0).save(writeOf([entryOf(++last, 1, 300_000)]));
      const waited = new Promise<'waits'>((resolve) => setTimeout(resolve, 300, 'waits'));
      if ((await Promise.race([save, waited])) === 'waits') held = save;
    }
    // What was written ahead and the reserve took some of them.
    expect(last).toBeGreaterThan(12);
    expect(storage.room.isFull).toBe(true);
    await rm(file);
    await storage.room.retry();
    await held;
    expect(storage.room.isFull).toBe(false);
    await storage.close();
    const again = await openWalDirectory(directory);
    expect(again.recovery.closedCleanly).toBe(true);
    expect(indexesOf(again.group(0))).toEqual(Array.from({ length: last }, (_, at) => at + 1));
    await again.close();
    await rm(directory, { recursive: true });
  });

  it('is filled by the log itself: a snapshot from the reserve makes it short, and the room is found again', async () => {
    const directory = await mkdtemp(join(folder, 'node-'));
    const storage = await openWalDirectory(directory, { segmentBytesMax: 64 * mebibyte });
    let last = 0;
    while (!storage.room.isFull) await storage.group(0).save(writeOf([entryOf(++last, 1, 100_000)]));
    await storeSnapshot(storage.group(0), last, new Uint8Array(500_000).fill(1));
    await storage.group(0).save(writeOf([], { discardThrough: { index: last, term: 1 } }));
    await storage.room.retry();
    expect(storage.room.isFull).toBe(false);
    expect(storage.stats().logBytes).toBeLessThan(mebibyte);
    await storage.close();
    const again = await openWalDirectory(directory);
    expect(again.group(0).recover()).toMatchObject({ discarded: { index: last }, snapshot: { index: last } });
    await again.close();
    await rm(directory, { recursive: true });
  });

  it('is full when a node that was killed comes back: it opens all the same', async () => {
    const directory = await mkdtemp(join(folder, 'node-'));
    const storage = await openWalDirectory(directory);
    await storage.group(0).save(writeOf([entryOf(1)]));
    await storage.close();
    const file = await fill(folder);
    const again = await openWalDirectory(directory);
    expect(indexesOf(again.group(0))).toEqual([1]);
    await again.group(0).save(writeOf([entryOf(2)], { hardState: Uint8Array.of(7) }));
    await again.close();
    await rm(file);
    const third = await openWalDirectory(directory);
    expect(third.group(0).recover()).toMatchObject({ entries: [entryOf(1), entryOf(2)] });
    await third.close();
    await rm(directory, { recursive: true });
  });
});
