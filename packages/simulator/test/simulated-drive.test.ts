import { Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { SimulatedDrive } from '../src/index.js';

const seeds = Array.from({ length: 200 }, (_, seed) => seed);

async function driveWithLog(seed: number): Promise<SimulatedDrive> {
  const drive = new SimulatedDrive({ random: new Random(seed), blockBytes: 4 });
  const file = await drive.boot().open('log', 'create');
  await file.write([Uint8Array.of(1, 1, 1, 1, 1, 1)], 0);
  await file.dataSync();
  await drive.boot().syncDirectory('.');
  return drive;
}

describe('a simulated drive', () => {
  it('keeps through a crash what was synced, and of what was not anything from nothing to all', async () => {
    const left = new Set<string>();
    for (const seed of seeds) {
      const drive = await driveWithLog(seed);
      const file = await drive.boot().open('log', 'existing');
      await file.write([Uint8Array.of(2, 2), Uint8Array.of(2, 2, 2, 2)], 6);
      drive.crash();
      const bytes = drive.bytesOf('log');
      expect(bytes.subarray(0, 6)).toEqual(Uint8Array.of(1, 1, 1, 1, 1, 1));
      left.add(bytes.subarray(6).join(''));
    }
    expect(left).toContain('');
    expect(left).toContain('222222');
    // The second block came through and the first did not.
    expect(left).toContain('002222');
    expect(left.size).toBeGreaterThan(5);
  });

  it('forgets names that no sync of their folder covered, the newest first', async () => {
    const left = new Set<string>();
    for (const seed of seeds) {
      const drive = await driveWithLog(seed);
      const fileSystem = drive.boot();
      await fileSystem.open('second', 'create');
      await fileSystem.rename('log', 'first');
      drive.crash();
      left.add(drive.files().join(' '));
    }
    expect([...left].sort()).toEqual(['first second', 'log', 'log second']);
  });

  it('a killed program leaves everything readable, but no more durable than it was', async () => {
    const drive = await driveWithLog(1);
    const file = await drive.boot().open('log', 'existing');
    await file.write([Uint8Array.of(2)], 0);
    drive.kill();
    expect(drive.bytesOf('log')[0]).toBe(2);
    const lost = seeds.some((seed) => {
      const copy = drive.copyAsIs();
      copy.crash(new Random(seed));
      return copy.bytesOf('log')[0] === 1;
    });
    expect(lost).toBe(true);
    await expect(file.size()).rejects.toThrow(/ended/);
  });

  it('a failed sync leaves bytes that can be read and that no later sync makes durable', async () => {
    const drive = await driveWithLog(3);
    const file = await drive.boot().open('log', 'existing');
    await file.write([new Uint8Array(64).fill(2)], 6);
    drive.failFrom('dataSync', 1, 'EIO');
    await expect(file.dataSync()).rejects.toMatchObject({ code: 'EIO' });
    drive.mend();
    expect(drive.bytesOf('log')).toHaveLength(70);
    await file.dataSync();
    drive.crash();
    expect(drive.bytesOf('log')).not.toEqual(Uint8Array.from([1, 1, 1, 1, 1, 1, ...new Array(64).fill(2)]));
  });

  it('a full disk takes part of a write', async () => {
    const lengths = new Set<number>();
    for (const seed of seeds) {
      const drive = await driveWithLog(seed);
      const file = await drive.boot().open('log', 'existing');
      drive.failFrom('write', 1, 'ENOSPC');
      await expect(file.write([Uint8Array.of(2, 2, 2)], 6)).rejects.toMatchObject({ code: 'ENOSPC' });
      lengths.add(drive.bytesOf('log').length);
    }
    expect([...lengths].sort()).toEqual([6, 7, 8, 9]);
  });

  it('rot flips one durable bit, and spares what the last of several syncs wrote', async () => {
    for (const seed of seeds) {
      const drive = await driveWithLog(seed);
      const file = await drive.boot().open('log', 'existing');
      await file.write([Uint8Array.of(2, 2, 2)], 6);
      await file.dataSync();
      const before = drive.bytesOf('log');
      const rotten = drive.rot();
      drive.crash();
      const after = drive.bytesOf('log');
      const changed = [...after.keys()].filter((offset) => after[offset] !== before[offset]);
      expect(changed).toEqual([rotten?.offset]);
      expect(changed[0]).toBeLessThan(6);
    }
    expect(new SimulatedDrive().rot()).toBeUndefined();
  });

  it('ends operations when its pace says so, and none of a program that has ended', async () => {
    const waiting: (() => void)[] = [];
    const drive = new SimulatedDrive({ pace: (_operation, done) => waiting.push(done) });
    let opened = false;
    const opening = drive
      .boot()
      .open('log', 'create')
      .then(() => {
        opened = true;
      });
    await Promise.resolve();
    expect(opened).toBe(false);
    drive.crash();
    for (const done of waiting) done();
    await expect(opening).rejects.toThrow(/ended/);
    expect(drive.files()).toEqual([]);
  });

  it('refuses blocks without bytes', () => {
    expect(() => new SimulatedDrive({ blockBytes: 0 })).toThrow(/blockBytes/);
  });
});
