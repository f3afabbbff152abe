import { Random } from '@synod/core';
import type { SimulatedDrive } from '@synod/simulator';
import { describe, expect, it } from 'vitest';
import {
  type InspectedStretch,
  inspectWal,
  openWal,
  planWalRepair,
  readWal,
  repairWal,
  StorageRetiredError,
  type WalInspection,
} from '../src/index.js';
import { segmentHeaderBytes } from '../src/segment.js';
import { entryOf, incarnation, newDrive, openOn, rejectionOf, storeSnapshot, writeOf } from './node-life.js';

const segment = 'wal/00000001.log';
const hardState = Uint8Array.of(7, 7);

/** A drive with five entries, a snapshot, a hard state and a known peer; closed or crashed. */
async function filledDrive(close: boolean): Promise<SimulatedDrive> {
  const drive = newDrive();
  const storage = await openOn(drive);
  await storage.incarnations.record('n2', 'cd'.repeat(16));
  for (let index = 1; index <= 5; index++)
    await storage.group(0).save(writeOf([entryOf(index)], index === 2 ? { hardState } : {}));
  await storeSnapshot(storage.group(0), 3, Uint8Array.of(1, 2, 3));
  if (close) await storage.close();
  else drive.crash(new Random(1));
  return drive;
}

function flipped(bytes: Uint8Array, position: number, mask = 0x01): Uint8Array {
  const copy = bytes.slice();
  copy[position] = (copy[position] ?? 0) ^ mask;
  return copy;
}

function contentsOf(drive: SimulatedDrive): readonly (readonly [string, string])[] {
  return drive.files().map((file) => [file, Buffer.from(drive.bytesOf(file)).toString('hex')]);
}

async function inspectOn(drive: SimulatedDrive): Promise<WalInspection> {
  return await inspectWal(drive.boot());
}

/** Where each batch of the first segment begins, and where the last one ends. */
async function batchOffsets(drive: SimulatedDrive): Promise<readonly number[]> {
  const stretches: InspectedStretch[] = [];
  await inspectWal(drive.boot(), (stretch) => stretches.push(stretch));
  return [...stretches.map(({ offset }) => offset), drive.bytesOf(segment).length];
}

/** Opens the storage as a node would, and reads every byte of its snapshot. */
async function openAndReadAll(drive: SimulatedDrive): Promise<void> {
  const storage = await openWal({ fileSystem: drive.boot(), incarnation });
  const reader = await storage.group(0).openSnapshot();
  await reader?.read(0, reader.bytesTotal);
  await storage.close();
}

describe('inspectWal', () => {
  it('shows each batch with its records, and the groups, snapshots and identity, of a storage that is whole', async () => {
    const drive = await filledDrive(true);
    const stretches: InspectedStretch[] = [];
    const inspection = await inspectWal(drive.boot(), (stretch) => stretches.push(stretch));
    expect(inspection).toMatchObject({ verdict: 'whole', findings: [], closedMark: true });
    expect(inspection.identity).toMatchObject({ own: incarnation, admitted: false });
    expect(inspection.identity?.peers.get('n2')).toBe('cd'.repeat(16));
    expect(inspection.groups).toEqual([
      {
        group: 0,
        discarded: { index: 0, term: 0 },
        entries: { first: { index: 1, term: 1 }, last: { index: 5, term: 1 }, count: 5 },
        hardState,
      },
    ]);
    expect(inspection.snapshots).toMatchObject([
      {
        file: 'snapshots/0/3-1.snap',
        group: 0,
        position: { index: 3, term: 1 },
        checksumGood: true,
        newest: true,
      },
    ]);
    expect(inspection.segments).toMatchObject([
      {
        file: segment,
        headerGood: true,
        batches: 5,
        batchNumbers: { first: 1, last: 5 },
        entries: 5,
        brokenBytes: 0,
      },
    ]);
    // The batches and the header fill the file to its last byte.
    let end = segmentHeaderBytes;
    for (const stretch of stretches) {
      expect(stretch).toMatchObject({ type: 'batch', offset: end });
      end += stretch.bytes;
      if (stretch.type !== 'batch') continue;
      for (const { offset, bytes, record } of stretch.records) {
        expect(offset + bytes).toBe(end);
        expect(record).toMatchObject({ type: 'write', group: 0 });
      }
    }
    expect(end).toBe(drive.bytesOf(segment).length);
  });

  it('takes zeros that were put ahead for no damage', async () => {
    const drive = newDrive();
    const storage = await openOn(drive, { preallocateBytes: 4_096 });
    await storage.group(0).save(writeOf([entryOf(1)]));
    drive.crash(new Random(1));
    expect(drive.bytesOf(segment).length).toBeGreaterThan(4_096);
    const stretches: string[] = [];
    const { verdict, findings, segments } = await inspectWal(drive.boot(), ({ type }) =>
      stretches.push(type),
    );
    expect([verdict, findings, stretches]).toEqual(['whole', [], ['batch']]);
    expect(segments).toMatchObject([{ batches: 1, brokenBytes: 0 }]);
  });

  it('changes nothing, whatever it finds', async () => {
    for (const close of [true, false]) {
      const drive = await filledDrive(close);
      drive.damage(segment, drive.bytesOf(segment).subarray(0, -3));
      const before = contentsOf(drive);
      await inspectOn(drive);
      await planWalRepair(drive.boot());
      await planWalRepair(drive.boot(), { discardAcknowledged: true });
      expect(contentsOf(drive)).toEqual(before);
    }
  });

  it.each([true, false])(
    'says corrupt for exactly those flipped bits that an open and a whole read refuse (closed: %s)',
    async (close) => {
      const drive = await filledDrive(close);
      const verdicts = new Map<string, number>();
      for (const file of drive.files()) {
        const whole = drive.bytesOf(file);
        for (let position = 0; position < whole.length; position++) {
          const damaged = drive.copy();
          damaged.damage(file, flipped(whole, position, 1 << (position % 8)));
          const { verdict, findings } = await inspectOn(damaged.copy());
          const refusal = await rejectionOf(openAndReadAll(damaged));
          expect(verdict === 'corrupt', `${file} at ${position}: ${verdict}, ${refusal}`).toBe(
            refusal !== undefined,
          );
          if (refusal !== undefined)
            expect(findings.some((finding) => finding.file === file && finding.kind === 'corruption')).toBe(
              true,
            );
          verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
        }
      }
      expect([...verdicts.keys()]).toEqual(['corrupt']);
    },
  );

  it('says what an open says of every length of every file', async () => {
    for (const close of [true, false]) {
      const drive = await filledDrive(close);
      for (const file of drive.files()) {
        const whole = drive.bytesOf(file);
        for (let length = 0; length < whole.length; length++) {
          const damaged = drive.copy();
          damaged.damage(file, whole.subarray(0, length));
          const { verdict } = await inspectOn(damaged.copy());
          const refusal = await rejectionOf(openAndReadAll(damaged));
          expect(verdict === 'corrupt', `${file} of ${length} bytes`).toBe(refusal !== undefined);
        }
      }
    }
  });

  it('sees behind damage: two broken batches are two findings, and what is whole between them is shown', async () => {
    const drive = await filledDrive(true);
    const [, second = 0, , fourth = 0] = await batchOffsets(drive);
    drive.damage(segment, flipped(flipped(drive.bytesOf(segment), second + 20), fourth + 20));
    const numbers: number[] = [];
    const { findings, groups } = await inspectWal(drive.boot(), (stretch) => {
      if (stretch.type === 'batch') numbers.push(stretch.number);
    });
    expect(numbers).toEqual([1, 3, 5]);
    expect(findings.map(({ kind, file, offset }) => ({ kind, file, offset }))).toEqual([
      { kind: 'corruption', file: segment, offset: second },
      { kind: 'corruption', file: segment, offset: fourth },
    ]);
    expect(findings[0]?.advice).toContain('add a new one under a new id with an empty directory');
    // The group is told as it was before the damage.
    expect(groups[0]?.entries?.last.index).toBe(1);
  });

  it('refuses a folder that is none of a storage, and does not make one of it', async () => {
    const drive = newDrive();
    expect(await rejectionOf(inspectOn(drive))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(drive.files()).toEqual([]);
  });

  it('finds nothing wrong with what any crash leaves', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const drive = newDrive();
      const storage = await openOn(drive);
      for (let index = 1; index <= 3; index++) await storage.group(0).save(writeOf([entryOf(index)]));
      void storage
        .group(0)
        .save(writeOf([entryOf(4, 1, 100)]))
        .catch(() => undefined);
      await Promise.resolve();
      drive.crash(new Random(seed));
      const { verdict, groups } = await inspectOn(drive);
      expect(['whole', 'torn']).toContain(verdict);
      expect(groups[0]?.entries?.last.index).toBeGreaterThanOrEqual(3);
    }
  });
});

describe('readWal', () => {
  it('gives what an open gives, and leaves a torn tail where it is', async () => {
    const drive = await filledDrive(false);
    drive.damage(segment, drive.bytesOf(segment).subarray(0, -3));
    const before = contentsOf(drive);
    const { groups, identity, openSnapshot } = await readWal(drive.boot());
    const reader = await openSnapshot(0);
    expect(await reader?.read(0, 10)).toEqual(Uint8Array.of(1, 2, 3));
    await reader?.close();
    expect(contentsOf(drive)).toEqual(before);
    expect(identity.own).toBe(incarnation);
    expect(groups.get(0)).toEqual((await openOn(drive)).group(0).recover());
  });
});

describe('repairWal', () => {
  it('cuts a torn tail, keeps its bytes, and then the storage opens as it would have opened before', async () => {
    const drive = await filledDrive(false);
    const whole = drive.bytesOf(segment);
    drive.damage(segment, whole.subarray(0, -3));
    const expected = (await openOn(drive.copy())).group(0).recover();
    const start = (await inspectOn(drive)).findings[0]?.offset ?? 0;
    const { plan, kept, after } = await repairWal(drive.boot());
    expect(plan).toMatchObject({ discardsAcknowledged: false, lost: [], unrepaired: [] });
    expect(plan.steps).toMatchObject([{ type: 'cut', file: segment, offset: start }]);
    expect(after.verdict).toBe('whole');
    expect(kept).toEqual([`set-aside/wal-00000001.log.from-${start}`]);
    expect(drive.bytesOf(kept[0] ?? '')).toEqual(whole.slice(start, -3));
    expect((await openOn(drive)).group(0).recover()).toEqual(expected);
  });

  it('sets a damaged mark of a clean close aside when the log is whole, and nothing is lost', async () => {
    const drive = await filledDrive(true);
    drive.damage('wal/closed', flipped(drive.bytesOf('wal/closed'), 20));
    const { plan, after } = await repairWal(drive.boot());
    expect(plan.steps).toMatchObject([{ type: 'setAside', file: 'wal/closed' }]);
    expect(after.verdict).toBe('whole');
    expect((await openOn(drive)).group(0).recover().entries).toHaveLength(5);
  });

  it('sets a damaged snapshot aside when the log still holds everything, and not when it was discarded', async () => {
    const drive = await filledDrive(true);
    const file = 'snapshots/0/3-1.snap';
    const damaged = drive.copy();
    damaged.damage(file, flipped(drive.bytesOf(file), 60));
    const { plan, after } = await repairWal(damaged.boot());
    expect(plan).toMatchObject({ steps: [{ type: 'setAside', file }], discardsAcknowledged: false });
    expect(after.verdict).toBe('whole');
    expect((await openOn(damaged)).group(0).recover().entries).toHaveLength(5);

    const storage = await openOn(drive);
    await storage.group(0).save(writeOf([], { discardThrough: { index: 2, term: 1 } }));
    await storage.close();
    drive.damage(file, flipped(drive.bytesOf(file), 60));
    const before = contentsOf(drive);
    for (const discardAcknowledged of [false, true]) {
      const refusal = await rejectionOf(repairWal(drive.boot(), { discardAcknowledged }));
      expect(refusal).toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(String(refusal)).toContain(file);
    }
    expect(contentsOf(drive)).toEqual(before);
  });

  it('gives up no acknowledged data unless told to, says what it would cost, and retires the storage then', async () => {
    const drive = await filledDrive(true);
    const [, , third = 0, fourth = 0] = await batchOffsets(drive);
    const whole = drive.bytesOf(segment);
    drive.damage(segment, flipped(whole, third + 20));
    const before = contentsOf(drive);
    expect(await rejectionOf(repairWal(drive.boot()))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(contentsOf(drive)).toEqual(before);

    const plan = await planWalRepair(drive.boot(), { discardAcknowledged: true });
    // Entry 3 itself cannot be read any more: what can is told.
    expect(plan.lost).toEqual([{ group: 0, entries: 2, firstIndex: 4, lastIndex: 5, hardStates: 0 }]);
    expect(plan.lostBytesUnreadable).toBe(fourth - third);
    const { kept } = await repairWal(drive.boot(), { discardAcknowledged: true });
    expect(kept).toContain(`set-aside/wal-00000001.log.from-${third}`);
    expect(drive.bytesOf(`set-aside/wal-00000001.log.from-${third}`)).toEqual(
      flipped(whole, third + 20).slice(third),
    );
    const refusal = await rejectionOf(openOn(drive));
    expect(refusal).toBeInstanceOf(StorageRetiredError);
    expect(String(refusal)).toContain(`${segment} at offset ${third}`);
    // What is left can be read, for a backup.
    const { groups } = await readWal(drive.boot());
    expect(groups.get(0)?.entries.map(({ index }) => index)).toEqual([1, 2]);
    expect(await inspectOn(drive)).toMatchObject({ verdict: 'corrupt', findings: [{ kind: 'retired' }] });
    expect((await planWalRepair(drive.boot(), { discardAcknowledged: true })).steps).toEqual([]);
  });

  it('with that option makes whatever a flipped bit in the log or the identity left readable again', async () => {
    const drive = await filledDrive(true);
    for (const file of ['identity', segment, 'wal/closed']) {
      const whole = drive.bytesOf(file);
      for (let position = 0; position < whole.length; position += 3) {
        const damaged = drive.copy();
        damaged.damage(file, flipped(whole, position));
        const repaired = await repairWal(damaged.boot(), { discardAcknowledged: true }).catch(
          () => undefined,
        );
        // Nothing can be kept of a log whose first header is gone.
        expect(repaired === undefined, `${file} at ${position}`).toBe(
          file === segment && position < segmentHeaderBytes,
        );
        if (repaired === undefined) continue;
        const { groups } = await readWal(damaged.boot());
        expect(groups.get(0)?.snapshot?.index).toBe(3);
        const refusal = await rejectionOf(openOn(damaged));
        if (file === 'wal/closed') expect(refusal).toBeUndefined();
        else expect(refusal).toBeInstanceOf(StorageRetiredError);
      }
    }
  });

  it('cuts a log whose later segment is lost before the record that leads to it', async () => {
    const drive = newDrive();
    const storage = await openOn(drive, { segmentBytesMax: 4096 });
    for (let index = 1; index <= 40; index++) await storage.group(0).save(writeOf([entryOf(index, 1, 500)]));
    await storage.close();
    const files = drive.files().filter((file) => file.endsWith('.log'));
    expect(files.length).toBeGreaterThan(3);
    for (const lost of files.slice(1)) {
      const damaged = drive.copy();
      damaged.lose(lost);
      const { verdict, findings } = await inspectOn(damaged);
      expect(verdict).toBe('corrupt');
      expect(findings.some(({ file }) => file === lost || lost === files.at(-1))).toBe(true);
      const report = await repairWal(damaged.boot(), { discardAcknowledged: true });
      expect(report.plan.lost[0]?.lastIndex ?? 40).toBe(40);
      const indexes = (await readWal(damaged.boot())).groups.get(0)?.entries.map(({ index }) => index) ?? [];
      expect(indexes).toEqual(indexes.map((_, position) => position + 1));
      expect(indexes.length).toBeGreaterThan(0);
      expect(indexes.length).toBeLessThan(40);
    }
  });

  it('may be interrupted anywhere and run again', async () => {
    let finished = false;
    for (let crashAt = 1; !finished; crashAt++) {
      const drive = await filledDrive(true);
      const [, , third = 0] = await batchOffsets(drive);
      drive.damage(segment, flipped(drive.bytesOf(segment), third + 20));
      drive.crashAfter(crashAt);
      const first = await rejectionOf(repairWal(drive.boot(), { discardAcknowledged: true }));
      finished = first === undefined;
      drive.crash(new Random(crashAt));
      // Half a repair must not be something that a node starts on.
      expect(await rejectionOf(openOn(drive.copy())), `crash at ${crashAt}`).toBeDefined();
      if (first !== undefined) {
        const again = await rejectionOf(repairWal(drive.boot(), { discardAcknowledged: true }));
        expect(again).toBeUndefined();
      }
      expect(await rejectionOf(openOn(drive))).toBeInstanceOf(StorageRetiredError);
      const { groups } = await readWal(drive.boot());
      expect(groups.get(0)?.entries.map(({ index }) => index)).toEqual([1, 2]);
    }
  });
});
