import { decodeUtf8 } from '@synod/core';
import { describe, expect, it } from 'vitest';
import {
  type Change,
  type Compare,
  encodeCompareAndSet,
  encodeDeleteRange,
  encodePut,
  encodeTransaction,
  type KeyValue,
  type Operation,
  prefixRangeEnd,
  type RangeRequest,
  readCompareAndSet,
  readDeleteRange,
  readPut,
} from '../src/index.js';
import { keysOf } from './support/entries.js';
import { TestStore } from './support/machine.js';

const fromKey = Uint8Array.of(0);

function filled(...keys: string[]): TestStore {
  const store = new TestStore();
  for (const key of keys) store.put(key, `value of ${key}`);
  return store;
}

function isRefused(store: TestStore, operations: readonly Operation[]): string | undefined {
  const result = store.apply(encodeTransaction({ success: operations }));
  return result.type === 'refused' ? result.code : undefined;
}

describe('revisions', () => {
  it('an untouched store is at revision 1 and the first write makes 2', () => {
    const store = new TestStore();
    expect(store.machine.revision).toBe(1);
    expect(store.put('a', '1').revision).toBe(2);
  });

  it('a new key has version 1; each put adds one; deletion starts over', () => {
    const store = new TestStore();
    store.put('a', '1');
    store.put('a', '2');
    expect(store.show('a')).toEqual(['2', 2, 3, 2]);
    store.delete({ key: 'a' });
    expect(store.show('a')).toBeUndefined();
    store.put('a', '3');
    expect(store.show('a')).toEqual(['3', 5, 5, 1]);
  });

  it('one write request makes one revision, which all its keys share', () => {
    const store = filled('old');
    const result = store.transact({
      success: [
        { type: 'put', key: 'a', value: '1' },
        { type: 'put', key: 'b', value: '2' },
        { type: 'deleteRange', key: 'old' },
      ],
    });
    expect(result.revision).toBe(3);
    expect(store.show('a')).toEqual(['1', 3, 3, 1]);
    expect(store.show('b')).toEqual(['2', 3, 3, 1]);
  });

  it('deleting nothing, reading, and an empty transaction make no revision', () => {
    const store = filled('a');
    expect(store.delete({ key: 'b' }).revision).toBe(2);
    expect(store.transact({ success: [{ type: 'range', key: 'a' }] }).revision).toBe(2);
    expect(store.transact({}).revision).toBe(2);
    expect(store.machine.revision).toBe(2);
  });

  it('a put of the same value is a write like any other', () => {
    const store = filled('a');
    store.put('a', 'value of a');
    expect(store.show('a')).toEqual(['value of a', 2, 3, 2]);
  });
});

describe('ranges', () => {
  const store = filled('a', 'b', 'ba', 'bb', 'c', 'd');
  const keys = (request: RangeRequest) => keysOf(store.machine.range(request).kvs);

  it('an empty end means the one key', () => {
    expect(keys({ key: 'b' })).toEqual(['b']);
    expect(keys({ key: 'b', rangeEnd: '' })).toEqual(['b']);
    expect(keys({ key: 'nothing' })).toEqual([]);
  });

  it('the end is exclusive and the order byte-wise', () => {
    expect(keys({ key: 'b', rangeEnd: 'c' })).toEqual(['b', 'ba', 'bb']);
    expect(keys({ key: 'ba', rangeEnd: 'bb' })).toEqual(['ba']);
  });

  it('an end of the byte 0 means from the key on; with a key of 0 it means everything', () => {
    expect(keys({ key: 'bb', rangeEnd: fromKey })).toEqual(['bb', 'c', 'd']);
    expect(keys({ key: fromKey, rangeEnd: fromKey })).toEqual(['a', 'b', 'ba', 'bb', 'c', 'd']);
  });

  it('an end at or below the key means nothing', () => {
    expect(keys({ key: 'c', rangeEnd: 'c' })).toEqual([]);
    expect(keys({ key: 'c', rangeEnd: 'a' })).toEqual([]);
    expect(store.machine.range({ key: 'c', rangeEnd: 'a' }).count).toBe(0);
  });

  it('a prefix end names all keys with the prefix', () => {
    expect(keys({ key: 'b', rangeEnd: prefixRangeEnd('b') })).toEqual(['b', 'ba', 'bb']);
  });

  it('the limit cuts and says so; the count is that of the whole interval', () => {
    const cut = store.machine.range({ key: 'b', rangeEnd: 'd', limit: 2 });
    expect([keysOf(cut.kvs), cut.more, cut.count]).toEqual([['b', 'ba'], true, 4]);
    const whole = store.machine.range({ key: 'b', rangeEnd: 'd', limit: 4 });
    expect([keysOf(whole.kvs), whole.more, whole.count]).toEqual([['b', 'ba', 'bb', 'c'], false, 4]);
  });

  it('countOnly gives the count and no keys; keysOnly leaves values empty and the store as it is', () => {
    const counted = store.machine.range({ key: 'b', rangeEnd: 'd', countOnly: true });
    expect([counted.kvs, counted.more, counted.count]).toEqual([[], false, 4]);
    const [only] = store.machine.range({ key: 'b', keysOnly: true }).kvs;
    expect([only?.value.length, only?.modRevision]).toEqual([0, 3]);
    expect(store.show('b')).toEqual(['value of b', 3, 3, 1]);
  });

  it('filters and sort come before the limit, and the count stays that of the interval', () => {
    const touched = filled('a', 'b', 'c', 'd');
    touched.put('b', 'zz');
    touched.put('a', 'yy');
    const all = { key: fromKey, rangeEnd: fromKey };
    const newest = touched.machine.range({
      ...all,
      sort: { target: 'modRevision', order: 'descending' },
      limit: 2,
    });
    expect([keysOf(newest.kvs), newest.more, newest.count]).toEqual([['a', 'b'], true, 4]);
    const late = touched.machine.range({ ...all, minModRevision: 5 });
    expect([keysOf(late.kvs), late.more, late.count]).toEqual([['a', 'b', 'd'], false, 4]);
    const early = touched.machine.range({ ...all, maxCreateRevision: 3, minCreateRevision: 3 });
    expect(keysOf(early.kvs)).toEqual(['b']);
    const quiet = touched.machine.range({ ...all, maxModRevision: 5, limit: 1 });
    expect([keysOf(quiet.kvs), quiet.more]).toEqual([['c'], true]);
    const byValue = touched.machine.range({ ...all, sort: { target: 'value', order: 'ascending' } });
    expect(keysOf(byValue.kvs)).toEqual(['c', 'd', 'a', 'b']);
    const byVersion = touched.machine.range({ ...all, sort: { target: 'version', order: 'descending' } });
    expect(keysOf(byVersion.kvs)).toEqual(['a', 'b', 'c', 'd']);
    const oldest = touched.machine.range({ ...all, sort: { target: 'createRevision' }, limit: 1 });
    expect(keysOf(oldest.kvs)).toEqual(['a']);
    const last = touched.machine.range({ ...all, sort: { order: 'descending' }, limit: 1 });
    expect([keysOf(last.kvs), last.more]).toEqual([['d'], true]);
    const lastLate = touched.machine.range({ ...all, minCreateRevision: 5, limit: 1 });
    expect([keysOf(lastLate.kvs), lastLate.more]).toEqual([['d'], false]);
    const backwards = touched.machine.range({ ...all, sort: { order: 'descending' } });
    expect(keysOf(backwards.kvs)).toEqual(['d', 'c', 'b', 'a']);
    expect(touched.machine.range({ key: 'a', minModRevision: 100 })).toMatchObject({ kvs: [], count: 1 });
  });
});

describe('puts and deletions', () => {
  it('an empty value is legal and is not an absent key', () => {
    const store = new TestStore();
    store.put('a', '');
    expect(store.show('a')).toEqual(['', 2, 2, 1]);
  });

  it('prevKv comes only when asked for, and not for a key that was created', () => {
    const store = new TestStore();
    expect(readPut(store.apply(encodePut({ key: 'a', value: '1', prevKv: true }))).prevKv).toBeUndefined();
    expect(readPut(store.apply(encodePut({ key: 'a', value: '2' }))).prevKv).toBeUndefined();
    const { prevKv } = readPut(store.apply(encodePut({ key: 'a', value: '3', prevKv: true })));
    expect(prevKv).toMatchObject({ createRevision: 2, modRevision: 3, version: 2 });
    expect(decodeUtf8(prevKv?.value ?? new Uint8Array(0))).toBe('2');
  });

  it('ignoreValue keeps the value, counts as a put, and needs the key', () => {
    const store = filled('a');
    const result = store.apply(encodePut({ key: 'a', ignoreValue: true }));
    expect(readPut(result).revision).toBe(3);
    expect(store.show('a')).toEqual(['value of a', 2, 3, 2]);
    expect(isRefused(store, [{ type: 'put', key: 'b', ignoreValue: true }])).toBe('KEY_NOT_FOUND');
    expect(isRefused(store, [{ type: 'put', key: 'b', value: '', ignoreLease: true }])).toBe('KEY_NOT_FOUND');
  });

  it('a put under a lease that does not exist is refused and changes nothing', () => {
    const store = new TestStore();
    expect(isRefused(store, [{ type: 'put', key: 'a', value: '1', lease: 7 }])).toBe('LEASE_NOT_FOUND');
    expect([store.machine.revision, store.show('a')]).toEqual([1, undefined]);
  });

  it('a deletion gives the number of keys, and the keys when asked', () => {
    const store = filled('a', 'b', 'c');
    const asked = readDeleteRange(store.apply(encodeDeleteRange({ key: 'a', rangeEnd: 'c', prevKv: true })));
    expect([asked.deleted, keysOf(asked.prevKvs), asked.revision]).toEqual([2, ['a', 'b'], 5]);
    const unasked = readDeleteRange(store.apply(encodeDeleteRange({ key: fromKey, rangeEnd: fromKey })));
    expect([unasked.deleted, unasked.prevKvs]).toEqual([1, []]);
    expect(store.machine.stats()).toMatchObject({ keys: 0, bytes: 0, revision: 6 });
  });
});

describe('compares', () => {
  const store = filled('a', 'b');
  store.put('b', 'again');
  const holds = (...compares: Compare[]) => store.transact({ compares }).succeeded;

  it.each([
    ['version', 2],
    ['createRevision', 3],
    ['modRevision', 4],
    ['lease', 0],
  ] as const)('%s is compared as a number in all four ways', (target, value) => {
    const results = ['equal', 'greater', 'less', 'not-equal'] as const;
    const holding = (than: number) =>
      results.filter((result) => holds({ key: 'b', target, result, value: than }));
    expect(holding(value)).toEqual(['equal']);
    expect(holding(value - 1)).toEqual(['greater', 'not-equal']);
    expect(holding(value + 1)).toEqual(['less', 'not-equal']);
    expect(holding(-Number.MAX_SAFE_INTEGER)).toEqual(['greater', 'not-equal']);
  });

  it('value is compared byte-wise', () => {
    expect(holds({ key: 'b', target: 'value', result: 'equal', value: 'again' })).toBe(true);
    expect(holds({ key: 'b', target: 'value', result: 'greater', value: 'agaim' })).toBe(true);
    expect(holds({ key: 'b', target: 'value', result: 'less', value: 'againn' })).toBe(true);
    expect(holds({ key: 'b', target: 'value', result: 'not-equal', value: 'again' })).toBe(false);
  });

  it('an absent key counts as zeros, and never satisfies a compare of values', () => {
    for (const target of ['version', 'createRevision', 'modRevision', 'lease'] as const) {
      expect(holds({ key: 'x', target, result: 'equal', value: 0 })).toBe(true);
    }
    for (const result of ['equal', 'greater', 'less', 'not-equal'] as const) {
      expect(holds({ key: 'x', target: 'value', result, value: '' })).toBe(false);
    }
  });

  it('all compares must hold, and none at all hold', () => {
    const yes: Compare = { key: 'a', target: 'version', result: 'equal', value: 1 };
    const no: Compare = { key: 'a', target: 'version', result: 'equal', value: 2 };
    expect([holds(), holds(yes), holds(yes, yes), holds(yes, no), holds(no, yes)]).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('with a range end every key of the interval must satisfy; an empty interval counts as one absent key', () => {
    const range = { key: 'a', rangeEnd: 'c' };
    expect(holds({ ...range, target: 'createRevision', result: 'greater', value: 1 })).toBe(true);
    expect(holds({ ...range, target: 'version', result: 'equal', value: 1 })).toBe(false);
    const nothing = { key: 'x', rangeEnd: 'z' };
    expect(holds({ ...nothing, target: 'version', result: 'equal', value: 0 })).toBe(true);
    expect(holds({ ...nothing, target: 'version', result: 'greater', value: 0 })).toBe(false);
    expect(holds({ ...nothing, target: 'value', result: 'equal', value: '' })).toBe(false);
  });
});

describe('transactions', () => {
  it('operations see what earlier operations of the same transaction wrote', () => {
    const store = filled('a', 'b');
    const result = store.transact({
      success: [
        { type: 'range', key: 'a' },
        { type: 'put', key: 'a', value: 'new' },
        { type: 'range', key: 'a' },
        { type: 'deleteRange', key: 'b' },
        { type: 'range', key: 'b' },
      ],
    });
    const seen = result.responses.map((response) => {
      if (response.type !== 'range') return [response.type, response.revision];
      return [response.revision, ...response.kvs.map((kv: KeyValue) => decodeUtf8(kv.value))];
    });
    expect(seen).toEqual([[3, 'value of a'], ['put', 4], [4, 'new'], ['deleteRange', 4], [4]]);
  });

  it('a refused operation refuses the whole transaction: nothing is applied', () => {
    const store = filled('a');
    const operations: Operation[] = [
      { type: 'put', key: 'a', value: 'changed' },
      { type: 'put', key: 'absent', ignoreValue: true },
    ];
    expect(isRefused(store, operations)).toBe('KEY_NOT_FOUND');
    expect(store.show('a')).toEqual(['value of a', 2, 2, 1]);
    expect(store.machine.revision).toBe(2);
  });

  it('what the list that is not done would be refused for does not matter', () => {
    const store = new TestStore();
    const result = store.transact({ failure: [{ type: 'put', key: 'absent', ignoreValue: true }] });
    expect(result.succeeded).toBe(true);
  });

  it('nested transactions answer in place, share the revision, and compare with the state before everything', () => {
    const store = filled('a');
    const result = store.transact({
      success: [
        { type: 'put', key: 'b', value: '1' },
        {
          type: 'transaction',
          compares: [{ key: 'b', target: 'version', result: 'equal', value: 0 }],
          success: [
            { type: 'put', key: 'c', value: '2' },
            { type: 'range', key: 'b' },
          ],
          failure: [{ type: 'put', key: 'd', value: '3' }],
        },
      ],
    });
    expect(result.revision).toBe(3);
    expect(result.responses[1]).toMatchObject({
      type: 'transaction',
      succeeded: true,
      revision: 3,
      responses: [{ type: 'put' }, { type: 'range', count: 1 }],
    });
    expect([store.show('c'), store.show('d')]).toEqual([['2', 3, 3, 1], undefined]);
  });

  it('a key may be changed once: twice put, or put and deleted, is refused, whatever the order or depth', () => {
    const store = new TestStore();
    const put = (key: string): Operation => ({ type: 'put', key, value: '' });
    const remove = (key: string, rangeEnd: string | Uint8Array = ''): Operation => ({
      type: 'deleteRange',
      key,
      rangeEnd,
    });
    const nest = (success: Operation[], failure: Operation[] = []): Operation => ({
      type: 'transaction',
      success,
      failure,
    });
    const duplicates: Operation[][] = [
      [put('a'), put('a')],
      [put('a'), remove('a')],
      [remove('a'), put('a')],
      [remove('a', 'c'), put('b')],
      [put('z'), remove('a', fromKey)],
      [put('a'), nest([put('a')])],
      [nest([], [put('a')]), put('a')],
      [nest([put('a')]), nest([remove('a')])],
      [nest([nest([put('a')])]), remove('a')],
      [nest([put('a'), put('a')])],
    ];
    for (const operations of duplicates) expect(isRefused(store, operations)).toBe('DUPLICATE_KEY');
    const legal: Operation[][] = [
      [put('a'), put('b')],
      [remove('a', 'c'), put('c')],
      [remove('a', 'c'), remove('b', 'd'), remove('b')],
      [nest([put('a')], [put('a')])],
      [nest([put('a')], [remove('a')])],
      [remove('c', 'a'), put('b')],
    ];
    for (const operations of legal) expect(isRefused(store, operations)).toBeUndefined();
    const either = store.transact({ success: [put('a')], failure: [put('a')] });
    expect(either.succeeded).toBe(true);
  });

  it('each list may have 128 items, and a nested transaction what the longest list left over', () => {
    const store = new TestStore();
    const reads = (count: number): Operation[] =>
      new Array<Operation>(count).fill({ type: 'range', key: 'a' });
    expect(isRefused(store, reads(128))).toBeUndefined();
    expect(isRefused(store, reads(129))).toBe('TOO_MANY_OPERATIONS');
    const nested = (outer: number, inner: number): Operation[] => [
      ...reads(outer - 1),
      { type: 'transaction', success: reads(inner) },
    ];
    expect(isRefused(store, nested(100, 28))).toBeUndefined();
    expect(isRefused(store, nested(100, 29))).toBe('TOO_MANY_OPERATIONS');
  });

  it('the intervals of a transaction may hold only so many keys, counted by what must be looked at', () => {
    const store = new TestStore({ scannedKeysMax: 10 });
    for (let number = 0; number < 6; number++) store.put(`k${number}`, '');
    const all = { key: 'k', rangeEnd: 'l' };
    const read: Operation = { type: 'range', ...all };
    expect(isRefused(store, [read])).toBeUndefined();
    expect(isRefused(store, [read, read])).toBe('TOO_MANY_KEYS');
    expect(isRefused(store, [read, { ...read, limit: 4 }])).toBeUndefined();
    expect(isRefused(store, [read, { ...read, limit: 4, sort: { target: 'value' } }])).toBe('TOO_MANY_KEYS');
    expect(isRefused(store, [read, { ...read, limit: 4, minModRevision: 1 }])).toBe('TOO_MANY_KEYS');
    expect(isRefused(store, [read, { ...read, countOnly: true }])).toBeUndefined();
    expect(isRefused(store, [read, { type: 'range', key: 'k1' }])).toBeUndefined();
    expect(isRefused(store, [{ type: 'transaction', success: [read] }, read])).toBe('TOO_MANY_KEYS');
    const compare: Compare = { ...all, target: 'version', result: 'equal', value: 1 };
    const compares = encodeTransaction({ compares: [compare, compare] });
    expect(store.apply(compares)).toMatchObject({ type: 'refused', code: 'TOO_MANY_KEYS' });
    expect(isRefused(store, [read, { type: 'deleteRange', ...all, prevKv: true }])).toBe('TOO_MANY_KEYS');
    expect(store.machine.stats().keys).toBe(6);
    expect(isRefused(store, [read, { type: 'deleteRange', ...all }])).toBeUndefined();
    expect(store.machine.range(all).count).toBe(0);
  });

  it('compare-and-set sets what is as expected and shows what is not', () => {
    const store = new TestStore();
    const set = (request: Parameters<typeof encodeCompareAndSet>[0]) =>
      readCompareAndSet(store.apply(encodeCompareAndSet(request)));
    expect(set({ key: 'a', value: '1', expectedModRevision: 0 })).toEqual({
      succeeded: true,
      revision: 2,
      current: undefined,
    });
    const late = set({ key: 'a', value: '2', expectedModRevision: 0 });
    expect([late.succeeded, late.revision, late.current?.modRevision]).toEqual([false, 2, 2]);
    expect(set({ key: 'a', value: '2', expectedValue: '1' }).succeeded).toBe(true);
    expect(set({ key: 'b', value: '2', expectedValue: '' })).toMatchObject({
      succeeded: false,
      current: undefined,
    });
    expect(store.show('a')).toEqual(['2', 2, 3, 2]);
  });
});

describe('changes', () => {
  it('a listener hears each revision once, with every key that changed and how it was', () => {
    const heard: [number, readonly Change[]][] = [];
    const store = new TestStore({ onChange: (revision, changes) => heard.push([revision, changes]) });
    store.put('a', '1');
    store.delete({ key: 'nothing' });
    store.transact({ success: [{ type: 'range', key: 'a' }] });
    isRefused(store, [
      { type: 'put', key: 'c', value: '' },
      { type: 'put', key: 'absent', ignoreValue: true },
    ]);
    store.transact({
      success: [
        { type: 'put', key: 'b', value: '2' },
        { type: 'deleteRange', key: 'a' },
      ],
    });
    const told = heard.map(([revision, changes]) => [
      revision,
      changes.map((change) =>
        change.type === 'put'
          ? ['put', decodeUtf8(change.kv.key), change.kv.modRevision, change.prevKv?.modRevision]
          : ['delete', decodeUtf8(change.key), change.prevKv.modRevision],
      ),
    ]);
    expect(told).toEqual([
      [2, [['put', 'a', 2, undefined]]],
      [
        3,
        [
          ['put', 'b', 3, undefined],
          ['delete', 'a', 2],
        ],
      ],
    ]);
  });

  it('the state does not depend on whether anyone listens', () => {
    const heard: number[] = [];
    const listening = new TestStore({ onChange: (revision) => heard.push(revision) });
    const silent = new TestStore();
    for (const store of [listening, silent]) {
      store.put('a', '1');
      store.delete({ key: 'a' });
      store.put('b', '2');
    }
    expect(heard).toEqual([2, 3, 4]);
    expect(listening.machine.hash()).toBe(silent.machine.hash());
  });
});
