import { describe, expect, it } from 'vitest';
import { compareAndSetRegister, register } from './register.js';

const cas = { type: 'compareAndSet', from: 1, to: 2 } as const;

describe('compareAndSetRegister', () => {
  const model = compareAndSetRegister();

  it('reads null before the first write, or the value that it is told to begin with', () => {
    expect(model.step(model.init(), { type: 'read' }, null)).toEqual({ ok: true, state: null });
    expect(model.step(model.init(), { type: 'read' }, 0)).toEqual({ ok: false });
    expect(register(5).init()).toBe(5);
  });

  it('sets if it finds the value, and answers which', () => {
    expect(model.step(1, cas, true)).toEqual({ ok: true, state: 2 });
    expect(model.step(1, cas, false)).toEqual({ ok: false });
    expect(model.step(3, cas, false)).toEqual({ ok: true, state: 3 });
    expect(model.step(3, cas, true)).toEqual({ ok: false });
  });

  it('does what it can when nobody knows the answer', () => {
    expect(model.step(1, cas, undefined)).toEqual({ ok: true, state: 2 });
    expect(model.step(3, cas, undefined)).toEqual({ ok: true, state: 3 });
    expect(model.step(3, { type: 'read' }, undefined)).toEqual({ ok: true, state: 3 });
  });

  it('tells values of different types apart', () => {
    expect(model.step('1', { type: 'read' }, 1)).toEqual({ ok: false });
    expect(model.step('1', cas, false)).toEqual({ ok: true, state: '1' });
  });

  it('puts operations in words', () => {
    const words = [
      model.describeOperation?.({ type: 'read' }, null),
      model.describeOperation?.({ type: 'read' }, 'a'),
      model.describeOperation?.({ type: 'write', value: 3 }, undefined),
      model.describeOperation?.(cas, true),
      model.describeOperation?.(cas, false),
      model.describeOperation?.(cas, undefined),
    ];
    expect(words).toEqual([
      'read null',
      'read "a"',
      'write 3',
      'cas 1 to 2: done',
      'cas 1 to 2: refused',
      'cas 1 to 2',
    ]);
  });
});
