/**
 * Every way to shorten a small log and to flip a bit in it, after a crash and after a clean close. What is found must be
 * exactly a beginning of what was written that holds everything acknowledged, or a refusal. `SYNOD_WAL_ENTRIES` makes the
 * log longer.
 */
import { compareBytes, isSynodError } from '@synod/core';
import type { SimulatedDrive } from '@synod/simulator';
import { describe, expect, it } from 'vitest';
import type { WalSettings } from '../src/index.js';
import { entryOf, newDrive, openOn, writeOf } from './node-life.js';

const entries = Number(process.env.SYNOD_WAL_ENTRIES ?? 3);
const segment = 'wal/00000001.log';

interface WrittenLog {
  readonly disk: SimulatedDrive;
  /** Where each batch ends, from the header on. */
  readonly ends: readonly number[];
}

/** A log of one batch an entry, none of whose bytes of data is zero, as a kill leaves it. */
async function writtenLog(settings: WalSettings): Promise<WrittenLog> {
  const disk = newDrive();
  const measured = newDrive();
  const storage = await openOn(disk, settings);
  const plain = await openOn(measured);
  const ends = [measured.bytesOf(segment).length];
  for (let index = 1; index <= entries; index++) {
    const write = writeOf([entryOf(index, 1, 600)], { hardState: Uint8Array.of(index) });
    await storage.group(0).save(write);
    await plain.group(0).save(write);
    ends.push(measured.bytesOf(segment).length);
  }
  disk.kill();
  return { disk: disk.copy(), ends };
}

/** How many of the entries, from the first on, a storage finds, and nothing else; `refused` when it refuses to open. */
async function found(
  disk: SimulatedDrive,
  bytes: Uint8Array,
  settings: WalSettings,
): Promise<number | 'refused' | 'wrong'> {
  const damaged = disk.copy();
  damaged.damage(segment, bytes);
  try {
    const state = (await openOn(damaged, settings)).group(0).recover();
    const isRight = state.entries.every(({ index, term, data }, at) => {
      const written = entryOf(at + 1, 1, 600);
      return index === written.index && term === written.term && compareBytes(data, written.data) === 0;
    });
    return isRight && (state.hardState?.[0] ?? 0) === state.entries.length ? state.entries.length : 'wrong';
  } catch (error) {
    if (!isSynodError(error) || error.code !== 'STORAGE_CORRUPT') throw error;
    return 'refused';
  }
}

function flipped(bytes: Uint8Array, position: number): Uint8Array {
  const copy = bytes.slice();
  copy[position] = (copy[position] ?? 0) ^ (1 << ((position * 5) % 8));
  return copy;
}

describe.each([
  ['without zeros ahead', { preallocateBytes: 0, sectorBytes: 512 }],
  ['with zeros ahead', { preallocateBytes: 6000, sectorBytes: 512 }],
] as const)('after a crash, %s', (_, settings) => {
  it('a flipped bit anywhere is refused, the last batch included, and nothing wrong is ever found', async () => {
    const { disk, ends } = await writtenLog(settings);
    const whole = disk.bytesOf(segment);
    const end = ends.at(-1) ?? 0;
    for (let position = 0; position < end; position++)
      expect(await found(disk, flipped(whole, position), settings), `byte ${position}`).toBe('refused');
    expect(await found(disk, whole, settings)).toBe(entries);
    // Zeros for batches to come hold nothing, so a flipped bit there is cut.
    if (whole.length > end) expect(await found(disk, flipped(whole, end + 700), settings)).toBe(entries);
  }, 600_000);

  it('a log that ends early, at any byte, is one that a crash could have left: its whole batches are found', async () => {
    const { disk, ends } = await writtenLog(settings);
    const whole = disk.bytesOf(segment);
    for (let length = ends[0] ?? 0; length <= (ends.at(-1) ?? 0); length++) {
      const batches = ends.filter((end) => end <= length).length - 1;
      expect(await found(disk, whole.subarray(0, length), settings), `${length} bytes`).toBe(batches);
    }
    for (let length = 0; length < (ends[0] ?? 0); length++)
      expect(await found(disk, whole.subarray(0, length), settings), `${length} bytes`).toBe('refused');
  }, 600_000);

  it('a last batch of which any sectors are missing is cut, and one of which none is missing is not', async () => {
    const { disk, ends } = await writtenLog(settings);
    const whole = disk.bytesOf(segment);
    const [start = 0, end = 0] = ends.slice(-2);
    const sectors: [number, number][] = [];
    for (let from = start; from < end; from = (Math.floor(from / 512) + 1) * 512)
      sectors.push([from, Math.min(end, (Math.floor(from / 512) + 1) * 512)]);
    for (let kept = 0; kept < 2 ** sectors.length - 1; kept++) {
      const torn = whole.slice();
      for (const [at, [from, to]] of sectors.entries()) if (!(kept & (1 << at))) torn.fill(0, from, to);
      expect(await found(disk, torn, settings), `sectors ${kept.toString(2)}`).toBe(entries - 1);
    }
  });
});

describe('a batch behind a damaged one', () => {
  it('proves by any of its bytes that the damaged one was durable', async () => {
    const settings = { preallocateBytes: 6000, sectorBytes: 512 };
    const { disk, ends } = await writtenLog(settings);
    const [start = 0, end = 0] = ends.slice(-2);
    const bytes = disk.bytesOf(segment).slice();
    // The last batch has lost all but a few bytes, and the one before it a sector.
    bytes.fill(0, start, end - 9);
    const from = Math.ceil(((ends.at(-3) ?? 0) + 16) / 512) * 512;
    bytes.fill(0, from, Math.min(from + 512, start));
    expect(await found(disk, bytes, settings)).toBe('refused');
  });
});
