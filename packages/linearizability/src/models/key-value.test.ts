import { describe, expect, it } from 'vitest';
import { keyValue } from './key-value.js';

const key = 'k';

describe('keyValue', () => {
  const model = keyValue();

  it('reads null for a key that is not there, or what the store says', () => {
    expect(model.step(model.init(), { type: 'get', key }, null)).toEqual({ ok: true, state: null });
    expect(model.step(model.init(), { type: 'get', key }, '')).toEqual({ ok: false });
    const empty = keyValue({ absent: '' });
    expect(empty.step(empty.init(), { type: 'get', key }, '')).toEqual({ ok: true, state: '' });
    expect(empty.step('a', { type: 'delete', key }, true)).toEqual({ ok: true, state: '' });
  });

  it('appends to what is there, or sets it', () => {
    expect(model.step(null, { type: 'append', key, value: 'a' }, undefined)).toEqual({
      ok: true,
      state: 'a',
    });
    expect(model.step('a', { type: 'append', key, value: 'b' }, undefined)).toEqual({
      ok: true,
      state: 'ab',
    });
  });

  it('deletes, and may say whether there was anything', () => {
    for (const output of [true, undefined]) {
      expect(model.step('a', { type: 'delete', key }, output)).toEqual({ ok: true, state: null });
    }
    expect(model.step('a', { type: 'delete', key }, false)).toEqual({ ok: false });
    expect(model.step(null, { type: 'delete', key }, false)).toEqual({ ok: true, state: null });
    expect(model.step(null, { type: 'delete', key }, true)).toEqual({ ok: false });
  });

  it('compares and sets; null stands for a key that is not there', () => {
    const create = { type: 'compareAndSet', key, from: null, to: 'a' } as const;
    expect(model.step(null, create, true)).toEqual({ ok: true, state: 'a' });
    expect(model.step('b', create, false)).toEqual({ ok: true, state: 'b' });
    expect(model.step('b', create, true)).toEqual({ ok: false });
    expect(model.step('b', create, undefined)).toEqual({ ok: true, state: 'b' });
  });

  it('sees ahead which texts a value can still become', () => {
    const get = { type: 'get', key } as const;
    const append = (value: string) => ({ type: 'append', key, value }) as const;
    const put = (value: string) => ({ type: 'put', key, value }) as const;
    const may = (
      value: string | null,
      wanted: string | null,
      ...before: Parameters<typeof model.step>[1][]
    ) => model.mayFitLater?.(value, get, wanted, before);
    expect(may('a', 'abc', append('b'), append('c'))).toBe(true);
    expect(may('a', 'abc', append('b'))).toBe(false);
    expect(may('a', 'abc', append('c'))).toBe(false);
    expect(may('x', 'abc', append('b'), append('c'))).toBe(false);
    expect(may('x', 'abc', append('b'), append('c'), put('a'))).toBe(true);
    expect(may('x', 'abc', append('c'), put('a'))).toBe(false);
    expect(may('x', 'ab', { type: 'delete', key }, append('ab'))).toBe(true);
    expect(may('x', null, append('a'))).toBe(false);
    expect(may('x', null, { type: 'delete', key })).toBe(true);
    expect(may('x', 'ab', { type: 'compareAndSet', key, from: 'y', to: 'a' }, append('b'))).toBe(true);
    expect(may('', 'aab', append('a'), append('aa'))).toBe(true);
  });

  it('puts operations and states in words', () => {
    const words = [
      model.describeOperation?.({ type: 'get', key }, null),
      model.describeOperation?.({ type: 'put', key, value: 'a' }, undefined),
      model.describeOperation?.({ type: 'append', key, value: 'b' }, undefined),
      model.describeOperation?.({ type: 'delete', key }, false),
      model.describeOperation?.({ type: 'compareAndSet', key, from: null, to: 'a' }, true),
      model.describeState?.('ab'),
    ];
    expect(words).toEqual([
      'get nothing',
      'put "a"',
      'append "b"',
      'delete: nothing there',
      'cas nothing to "a": done',
      '"ab"',
    ]);
  });
});
