import { Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { openWal } from '../src/index.js';
import { incarnation, newDrive, openOn, rejectionOf } from './node-life.js';

const other = 'ab'.repeat(16);

describe('the register of incarnations', () => {
  it('keeps the name the storage was born with, whatever is passed later', async () => {
    const disk = newDrive();
    const storage = await openOn(disk);
    expect(storage.incarnations.own).toBe(incarnation);
    await storage.close();
    const again = await openWal({ fileSystem: disk.boot(), incarnation: other });
    expect(again.incarnations.own).toBe(incarnation);
    await again.close();
  });

  it('remembers peers and the admission when the promise settles, through a crash', async () => {
    const disk = newDrive();
    const storage = await openOn(disk);
    expect(storage.incarnations.admitted).toBe(false);
    await Promise.all([
      storage.incarnations.record('n3', other),
      storage.incarnations.record('n2', incarnation),
      storage.incarnations.admit(),
    ]);
    disk.crash(new Random(1));
    const { incarnations } = await openOn(disk);
    expect(incarnations.known('n2')).toBe(incarnation);
    expect(incarnations.known('n3')).toBe(other);
    expect(incarnations.known('n4')).toBeUndefined();
    expect(incarnations.admitted).toBe(true);
  });

  it('never lets a peer take another name', async () => {
    const storage = await openOn(newDrive());
    await storage.incarnations.record('n2', other);
    await storage.incarnations.record('n2', other);
    expect(await rejectionOf(storage.incarnations.record('n2', incarnation))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(await rejectionOf(storage.incarnations.record('a b', other))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(await rejectionOf(storage.incarnations.record('n3', 'XY'))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(storage.incarnations.known('n2')).toBe(other);
    await storage.close();
  });

  it('is born once, however often a crash interrupts the birth', async () => {
    for (let operations = 0; operations < 40; operations++) {
      const disk = newDrive();
      disk.crashAfter(operations);
      await rejectionOf(openOn(disk));
      disk.crash(new Random(operations));
      const storage = await openWal({ fileSystem: disk.boot(), incarnation: other });
      expect([incarnation, other]).toContain(storage.incarnations.own);
      await storage.close();
      expect((await openOn(disk)).incarnations.own).toBe(storage.incarnations.own);
    }
  });

  it('wants a well-formed name', async () => {
    const disk = newDrive();
    expect(await rejectionOf(openWal({ fileSystem: disk.boot(), incarnation: 'short' }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(await rejectionOf(openOn(disk, { segmentBytesMax: 10 }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(disk.files()).toEqual([]);
  });
});
