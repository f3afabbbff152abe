import { ByteWriter, isSynodError, Random } from '@synod/core';
import type { SimulatedDrive } from '@synod/simulator';
import { describe, expect, it } from 'vitest';
import { beginBatch, sealBatch } from '../src/batch.js';
import { openWal, StorageCorruptError, type WalEvent } from '../src/index.js';
import { encodeSegmentHeader, segmentHeaderBytes, segmentSalt } from '../src/segment.js';
import {
  entryOf,
  incarnation,
  indexesOf,
  newDrive,
  openOn,
  rejectionOf,
  storeSnapshot,
  writeOf,
} from './node-life.js';

const segment = 'wal/00000001.log';

/** A disk with batches 1 to `batches` of one entry each, and where each of them ends in the segment. */
async function diskWithBatches(
  batches: number,
  close = false,
): Promise<{ disk: SimulatedDrive; ends: number[] }> {
  const disk = newDrive();
  const storage = await openOn(disk);
  const ends: number[] = [disk.bytesOf(segment).length];
  for (let index = 1; index <= batches; index++) {
    await storage.group(0).save(writeOf([entryOf(index)]));
    ends.push(disk.bytesOf(segment).length);
  }
  if (close) await storage.close();
  else disk.crash(new Random(1));
  return { disk, ends };
}

function flipped(bytes: Uint8Array, position: number, mask = 0x01): Uint8Array {
  const copy = bytes.slice();
  copy[position] = (copy[position] ?? 0) ^ mask;
  return copy;
}

describe('a torn tail', () => {
  it('is cut at restart at any length, and the batches before it stay', async () => {
    const { disk, ends } = await diskWithBatches(3);
    const whole = disk.bytesOf(segment).slice();
    const last = ends[2] ?? 0;
    for (let length = last; length < whole.length; length++) {
      disk.damage(segment, whole.subarray(0, length));
      const events: WalEvent[] = [];
      const storage = await openOn(disk, { onEvent: (event) => events.push(event) });
      const torn = { file: segment, offset: last, bytes: length - last };
      expect(events).toEqual(length === last ? [] : [{ type: 'tornTailCut', ...torn }]);
      expect(storage.recovery.tornTail).toEqual(length === last ? undefined : torn);
      expect(indexesOf(storage.group(0))).toEqual([1, 2]);
      expect(disk.bytesOf(segment).length).toBe(last);
      disk.crash(new Random(1));
    }
  });

  it('is cut when its pages came to the disk out of order', async () => {
    const { disk, ends } = await diskWithBatches(2);
    const torn = disk.bytesOf(segment).slice();
    torn.fill(0, ends[1], (ends[1] ?? 0) + 20);
    disk.damage(segment, torn);
    const storage = await openOn(disk);
    expect(indexesOf(storage.group(0))).toEqual([1]);
    await storage.group(0).save(writeOf([entryOf(2, 9)]));
    await storage.close();
    expect(
      (await openOn(disk))
        .group(0)
        .recover()
        .entries.map((entry) => entry.term),
    ).toEqual([1, 9]);
  });

  it('is cut even when the value it was storing holds whole frames, of other logs or made by one who knows the salt', async () => {
    const foreign = newDrive();
    const otherStorage = await openWal({ fileSystem: foreign.boot(), incarnation: 'ee'.repeat(16) });
    for (let index = 1; index <= 3; index++) await otherStorage.group(0).save(writeOf([entryOf(index)]));
    const ofOthers = foreign.bytesOf(segment).slice();
    const batch = new ByteWriter();
    beginBatch(batch);
    sealBatch(batch, 3, segmentSalt(incarnation, 1));
    const forged = batch.copy();

    for (const [value, tear] of [
      [ofOthers, 'header'],
      [ofOthers, 'payload'],
      [ofOthers, 'length'],
      [forged, 'payload'],
      [forged, 'length'],
    ] as const) {
      const disk = newDrive();
      const storage = await openOn(disk);
      await storage.group(0).save(writeOf([entryOf(1)]));
      const end = disk.bytesOf(segment).length;
      await storage.group(0).save(writeOf([{ index: 2, term: 1, kind: 'command', data: value }, entryOf(3)]));
      const bytes = disk.bytesOf(segment).slice();
      if (tear === 'header') bytes.fill(0, end, end + 16);
      if (tear === 'payload') bytes.fill(0, bytes.length - 5);
      disk.damage(segment, tear === 'length' ? bytes.subarray(0, -5) : bytes);
      const again = await openOn(disk);
      expect(again.recovery.tornTail?.offset, tear).toBe(end);
      expect(indexesOf(again.group(0))).toEqual([1]);
    }
  });
});

describe('damage to acknowledged data', () => {
  it('is refused wherever a bit flips before the last batch, with file and offset of the batch', async () => {
    const { disk, ends } = await diskWithBatches(3);
    const whole = disk.bytesOf(segment).slice();
    for (let position = 0; position < (ends[2] ?? 0); position++) {
      disk.damage(segment, flipped(whole, position, 1 << (position % 8)));
      const error = await rejectionOf(openOn(disk));
      expect(error).toBeInstanceOf(StorageCorruptError);
      const start = ends.findLast((end) => end <= position) ?? 0;
      expect(error).toMatchObject({ code: 'STORAGE_CORRUPT', file: segment, offset: start });
    }
    disk.damage(segment, whole);
    expect(indexesOf((await openOn(disk)).group(0))).toEqual([1, 2, 3]);
  });

  it('is told in words: what was expected and found, and what to do', async () => {
    const { disk, ends } = await diskWithBatches(3);
    disk.damage(segment, flipped(disk.bytesOf(segment), (ends[1] ?? 0) + 20));
    const error = await rejectionOf(openOn(disk));
    expect(String(error)).toMatch(
      /wal\/00000001\.log is damaged at offset \d+: expected batch 2, which was acknowledged, found a frame with a wrong payload, with a whole frame after it at \d+\. This node may have lost votes/,
    );
    expect(String(error)).toContain('add it again under a new id');
  });

  it('is refused when a length field makes a frame reach past the end of the file', async () => {
    const { disk, ends } = await diskWithBatches(3);
    const bytes = disk.bytesOf(segment).slice();
    bytes[(ends[0] ?? 0) + 6] = 0xff;
    disk.damage(segment, bytes);
    expect(await rejectionOf(openOn(disk))).toMatchObject({ code: 'STORAGE_CORRUPT', offset: ends[0] });
  });

  it('changes nothing on disk while it is refused', async () => {
    const { disk, ends } = await diskWithBatches(3);
    disk.damage(segment, flipped(disk.bytesOf(segment), (ends[0] ?? 0) + 30));
    const before = disk.files().map((file) => [file, Buffer.from(disk.bytesOf(file)).toString('hex')]);
    await rejectionOf(openOn(disk));
    await rejectionOf(openOn(disk));
    expect(disk.files().map((file) => [file, Buffer.from(disk.bytesOf(file)).toString('hex')])).toEqual(
      before,
    );
  });

  it('is refused when a batch was taken out whole, or put in twice', async () => {
    const { disk, ends } = await diskWithBatches(3);
    const whole = disk.bytesOf(segment).slice();
    const [start = 0, first = 0, second = 0] = ends;
    disk.damage(segment, Buffer.concat([whole.subarray(0, first), whole.subarray(second)]));
    expect(await rejectionOf(openOn(disk))).toMatchObject({
      offset: first,
      expected: 'batch 2',
      found: 'batch 3',
    });
    disk.damage(segment, Buffer.concat([whole.subarray(0, first), whole.subarray(start)]));
    expect(await rejectionOf(openOn(disk))).toMatchObject({
      offset: first,
      expected: 'batch 2',
      found: 'batch 1',
    });
  });
});

describe('after a clean close', () => {
  it('any flipped bit in any file is refused, the last batch included', async () => {
    const disk = newDrive();
    const storage = await openOn(disk);
    await storage.incarnations.record('n2', 'cd'.repeat(16));
    for (let index = 1; index <= 3; index++) await storage.group(0).save(writeOf([entryOf(index)]));
    await storeSnapshot(storage.group(0), 2, Uint8Array.of(1, 2, 3));
    await storage.close();
    expect(disk.files()).toEqual(['identity', 'snapshots/0/2-1.snap', segment, 'wal/closed']);
    for (const file of disk.files()) {
      const whole = disk.bytesOf(file);
      for (let position = 0; position < whole.length; position++) {
        const damaged = disk.copy();
        damaged.damage(file, flipped(whole, position, 1 << (position % 8)));
        const error = await rejectionOf(openAndReadAll(damaged));
        expect(error, `${file} at ${position}`).toMatchObject({ code: 'STORAGE_CORRUPT', file });
      }
    }
    await openAndReadAll(disk);
  });

  it('a shortened or lengthened file is refused', async () => {
    const { disk } = await diskWithBatches(3, true);
    for (const file of disk.files()) {
      const whole = disk.bytesOf(file).slice();
      for (let length = 0; length < whole.length; length++) {
        disk.damage(file, whole.subarray(0, length));
        expect(await rejectionOf(openOn(disk)), `${file} of ${length} bytes`).toMatchObject({
          code: 'STORAGE_CORRUPT',
        });
      }
      disk.damage(file, Buffer.concat([whole, Buffer.alloc(5)]));
      expect(await rejectionOf(openOn(disk)), `${file} and 5 bytes`).toMatchObject({
        code: 'STORAGE_CORRUPT',
      });
      disk.damage(file, whole);
    }
  });

  it('a lost file is refused, except the mark itself', async () => {
    for (const lost of ['identity', segment, 'wal/closed']) {
      const { disk } = await diskWithBatches(3, true);
      disk.lose(lost);
      const error = await rejectionOf(openOn(disk));
      if (lost === 'wal/closed') expect(error).toBeUndefined();
      else expect(error).toMatchObject({ code: 'STORAGE_CORRUPT' });
    }
  });

  it('the mark is gone before anything is appended', async () => {
    const { disk } = await diskWithBatches(1, true);
    const storage = await openOn(disk);
    disk.crash(new Random(3));
    expect(disk.files()).not.toContain('wal/closed');
    expect(storage.recovery.closedCleanly).toBe(true);
    expect((await openOn(disk)).recovery.closedCleanly).toBe(false);
  });
});

describe('files of elsewhere', () => {
  it('a segment of another storage is refused', async () => {
    const { disk } = await diskWithBatches(1);
    const bytes = disk.bytesOf(segment).slice();
    bytes.set(encodeSegmentHeader({ incarnation: 'ee'.repeat(16), sequence: 1, firstBatch: 1 }));
    disk.damage(segment, bytes);
    expect(await rejectionOf(openOn(disk))).toMatchObject({
      file: segment,
      expected: `segment 1 of storage ${incarnation} from batch 1`,
      found: `segment 1 of storage ${'ee'.repeat(16)} from batch 1`,
    });
  });

  it('a format of a later release is refused as such', async () => {
    const { sealFrame } = await import('@synod/integrity');
    for (const [file, kind] of [
      [segment, 'synod-wal'],
      ['identity', 'synod-identity'],
      ['wal/closed', 'synod-closed'],
    ] as const) {
      const { disk } = await diskWithBatches(1, true);
      const later = sealFrame(Buffer.concat([Buffer.from(kind), Buffer.of(2), Buffer.alloc(28)]));
      disk.damage(file, Buffer.concat([later, disk.bytesOf(file).subarray(segmentHeaderBytes)]));
      const error = await rejectionOf(openOn(disk));
      expect(error).toMatchObject({ code: 'STORAGE_VERSION', file, version: 2 });
      expect(isSynodError(error) && error.message).toContain('version 2, but this release knows 1');
    }
  });
});

async function openAndReadAll(disk: SimulatedDrive): Promise<void> {
  const storage = await openOn(disk);
  const reader = await storage.group(0).openSnapshot();
  await reader?.read(0, reader.bytesTotal);
  await storage.close();
}
