import { InvalidArgumentError } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { checkHistory } from './check-history.js';
import { History } from './history.js';
import { register } from './models/register.js';

const { POSITIVE_INFINITY: never } = Number;

describe('History', () => {
  it('keeps answers, leaves definite failures out, and leaves open what nobody knows', () => {
    const history = new History<string, number>();
    const calls = ['answered', 'failed', 'lost', 'still waiting'].map((input, at) =>
      history.invoke('p', input, at),
    );
    const [answered = -1, failed = -1, lost = -1] = calls;
    history.info(lost);
    history.fail(failed);
    history.ok(answered, 7, 5);
    expect(history.operations()).toEqual([
      { process: 'p', input: 'answered', output: 7, calledAt: 0, returnedAt: 5 },
      { process: 'p', input: 'lost', output: undefined, calledAt: 2, returnedAt: never },
      { process: 'p', input: 'still waiting', output: undefined, calledAt: 3, returnedAt: never },
    ]);
  });

  it('refuses to settle a call twice, or one that was never made', () => {
    const history = new History<string, number>();
    const call = history.invoke(1, 'x', 0);
    history.info(call);
    for (const again of [() => history.ok(call, 1, 1), () => history.fail(call), () => history.info(call)]) {
      expect(again).toThrow(InvalidArgumentError);
    }
    expect(() => history.info(call + 1)).toThrow(InvalidArgumentError);
  });

  it('refuses times that are none, and answers before the call', () => {
    const history = new History<string, number>();
    for (const at of [Number.NaN, never, -never])
      expect(() => history.invoke(1, 'x', at)).toThrow(InvalidArgumentError);
    const call = history.invoke(1, 'x', 10);
    for (const at of [9, Number.NaN, never])
      expect(() => history.ok(call, 1, at)).toThrow(InvalidArgumentError);
    history.ok(call, 1, 10);
    expect(history.operations()).toHaveLength(1);
  });

  it('takes the types of a model, and is checked against it', () => {
    const model = register();
    const history = History.for(model);
    history.ok(history.invoke('a', { type: 'write', value: 1 }, 0), undefined, 10);
    history.ok(history.invoke('b', { type: 'read' }, 20), null, 30);
    expect(checkHistory(model, history.operations()).verdict).toBe('not linearizable');
  });
});
