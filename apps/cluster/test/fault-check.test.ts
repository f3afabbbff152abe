// The judge of the fault test, judged: histories with one thing wrong in each.
import { describe, expect, it } from 'vitest';
import { checkCounter, checkHistory } from './fault-check.js';
import { FaultHistory, type ReadRecord, type WriteRecord } from './fault-history.js';

const key = 'unique/c0/0/1';

function write(
  beganMs: number,
  endedMs: number,
  revision: number,
  more: Partial<WriteRecord> = {},
): WriteRecord {
  return { key, value: `value-${revision}`, beganMs, endedMs, outcome: 'acknowledged', revision, ...more };
}

function doubtful(beganMs: number, value: string | undefined): WriteRecord {
  return { key, value, beganMs, endedMs: Number.POSITIVE_INFINITY, outcome: 'unknown' };
}

function read(
  beganMs: number,
  revision: number,
  modRevision: number | undefined,
  more: Partial<ReadRecord> = {},
): ReadRecord {
  const found =
    modRevision === undefined ? undefined : { value: `value-${modRevision}`, modRevision, version: 1 };
  return { key, source: 'n1', linearizable: true, beganMs, endedMs: beganMs + 5, revision, found, ...more };
}

function check(writes: readonly WriteRecord[], reads: readonly ReadRecord[]): readonly string[] {
  return checkHistory(historyOf(writes, reads));
}

function historyOf(writes: readonly WriteRecord[], reads: readonly ReadRecord[]): FaultHistory {
  const history = new FaultHistory();
  for (const each of writes) history.wrote(each);
  for (const each of reads) history.read(each);
  return history;
}

describe('checkHistory', () => {
  it('accepts overlapping operations in any order, and stale reads of any age', () => {
    const writes = [write(0, 30, 2), write(0, 20, 3), write(40, 50, 5, { key: 'other' })];
    const stale = { linearizable: false };
    expect(check(writes, [read(10, 1, undefined), read(25, 3, 3), read(60, 2, 2, stale)])).toEqual([]);
  });

  it('accepts both ends of an unknown outcome', () => {
    const unknown = doubtful(0, 'value-2');
    expect(check([unknown], [read(10, 1, undefined)])).toEqual([]);
    expect(check([unknown], [read(10, 2, 2)])).toEqual([]);
    expect(check([write(0, 5, 2), doubtful(6, undefined)], [read(10, 3, undefined)])).toEqual([]);
  });

  it.each<[string, readonly WriteRecord[], readonly ReadRecord[], RegExp]>([
    ['an acknowledged write that is gone', [write(0, 5, 2)], [read(10, 4, undefined)], /nobody deleted it/],
    [
      'a read of the state before an acknowledged write',
      [write(0, 5, 2)],
      [read(10, 1, undefined)],
      /had ended/,
    ],
    ['a second read that goes back', [write(0, 5, 2)], [read(6, 9, 2), read(20, 8, 2)], /had ended/],
    [
      'a refused write that took effect',
      [write(0, 5, 2, { outcome: 'refused' })],
      [read(10, 2, 2)],
      /refused/,
    ],
    ['a value that nobody wrote', [], [read(10, 2, 2)], /nobody wrote/],
    ['two writes of one revision', [write(0, 5, 2), write(0, 5, 2, { key: 'other' })], [], /both made/],
    ['writes in the wrong order', [write(0, 5, 3), write(10, 15, 2)], [], /had ended/],
    [
      'a write that moved',
      [write(0, 5, 2)],
      [read(10, 3, 3, { found: { value: 'value-2', modRevision: 3, version: 1 } })],
      /same write/,
    ],
    [
      'a write that was carried out twice',
      [write(0, 5, 3)],
      [read(10, 3, 3, { found: { value: 'value-3', modRevision: 3, version: 2 } })],
      /1 writes of it were tried/,
    ],
    [
      'a read that missed an overwrite',
      [write(0, 5, 2), write(0, 5, 3)],
      [read(10, 4, 2)],
      /written at revision 3/,
    ],
    [
      'a read of a deleted key',
      [write(0, 5, 2), write(0, 5, 3, { value: undefined })],
      [read(10, 4, 2)],
      /deleted/,
    ],
    ['a read of the future', [write(0, 20, 7)], [read(10, 6, 7)], /future/],
    [
      'a stale read of a wrong state',
      [write(0, 5, 2)],
      [read(10, 4, undefined, { linearizable: false })],
      /nobody deleted/,
    ],
    [
      'a lost update',
      [
        write(0, 5, 2),
        write(0, 9, 3, { expectedModRevision: 2 }),
        write(0, 9, 4, { expectedModRevision: 2 }),
      ],
      [],
      /between them/,
    ],
    [
      'an unknown write that is seen before it began',
      [doubtful(50, 'value-2')],
      [read(10, 2, 2), read(60, 2, 2)],
      /had ended/,
    ],
  ])('finds %s', (_, writes, reads, complaint) => {
    const violations = check(writes, reads);
    expect(violations.length).toBeGreaterThan(0);
    expect(violations.join('\n')).toMatch(complaint);
  });

  it('passes on what a client saw to be wrong at once', () => {
    const history = new FaultHistory();
    history.violated('the key is gone');
    expect(checkHistory(history)).toEqual(['the key is gone']);
  });
});

describe('checkCounter', () => {
  const counter = 'counter/plain';
  const increments = [1, 2].map((count) => write(0, 5, count + 1, { key: counter, value: `${count} by c0` }));
  const unknown = { ...doubtful(0, '3 by c1'), key: counter };
  const at = (count: number, version = count): ReadRecord =>
    read(10, 9, 9, { key: counter, found: { value: `${count} by c0`, modRevision: 9, version } });

  it('accepts the acknowledged increments, with or without those of unknown outcome', () => {
    expect(checkCounter(historyOf(increments, [at(2)]), counter)).toEqual([]);
    expect(checkCounter(historyOf([...increments, unknown], [at(2)]), counter)).toEqual([]);
    expect(checkCounter(historyOf([...increments, unknown], [at(3)]), counter)).toEqual([]);
  });

  it('finds an increment too few, one too many, one made twice, and a counter that nobody read', () => {
    expect(checkCounter(historyOf(increments, [at(1)]), counter).join()).toMatch(
      /2 increments were acknowledged/,
    );
    expect(checkCounter(historyOf(increments, [at(3)]), counter).join()).toMatch(/is at 3/);
    expect(checkCounter(historyOf(increments, [at(2, 3)]), counter).join()).toMatch(
      /3 changes counted up to 2/,
    );
    expect(checkCounter(historyOf(increments, []), counter).join()).toMatch(/nobody read/);
  });
});
