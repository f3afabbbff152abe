import { describe, expect, it } from 'vitest';
import {
  DecodeError,
  InvalidArgumentError,
  InvariantViolation,
  invariant,
  isSynodError,
  SynodError,
  unreachable,
} from './errors.js';

describe('SynodError', () => {
  it('carries code, effect, retryable and cause, and is definite and final unless it says otherwise', () => {
    const cause = new Error('disk');
    const error = new SynodError({ code: 'X', message: 'x', effect: 'unknown', retryable: true, cause });
    expect(error).toMatchObject({ code: 'X', effect: 'unknown', retryable: true, cause, name: 'SynodError' });
    expect(new SynodError({ code: 'X', message: 'x' })).toMatchObject({ effect: 'none', retryable: false });
    expect('cause' in new SynodError({ code: 'X', message: 'x' })).toBe(false);
  });

  it('names its subclass', () => {
    expect(new DecodeError('x').name).toBe('DecodeError');
    expect(String(new InvalidArgumentError('group is -1'))).toBe('InvalidArgumentError: group is -1');
  });

  it('is recognised by brand, also when another copy of the package made it', () => {
    const foreign = Object.assign(new Error('x'), { [Symbol.for('synod.error')]: true, code: 'X' });
    expect(isSynodError(foreign)).toBe(true);
    expect(isSynodError(new DecodeError('x'))).toBe(true);
    for (const other of [new Error('x'), null, undefined, 'x', 1, {}])
      expect(isSynodError(other)).toBe(false);
  });

  it('does not show its brand when it is printed or copied', () => {
    expect(Object.keys(new SynodError({ code: 'X', message: 'x' }))).not.toContain('brand');
    expect(Object.getOwnPropertyNames({ ...new DecodeError('x') })).not.toContain('synod.error');
    expect(Object.getOwnPropertySymbols({ ...new DecodeError('x') })).toEqual([]);
  });
});

describe('invariant', () => {
  it('lets a true rule pass and stops at a false one, naming the rule', () => {
    invariant(true, 'one is one');
    expect(() => invariant(false, 'terms only grow')).toThrow(InvariantViolation);
    expect(() => invariant(false, 'terms only grow')).toThrow('invariant broken: terms only grow');
  });
});

describe('unreachable', () => {
  it('names the value that no case was written for', () => {
    // @ts-expect-error a value of no type that was left over
    expect(() => unreachable({ type: 'novel' })).toThrow('{"type":"novel"}');
  });
});
