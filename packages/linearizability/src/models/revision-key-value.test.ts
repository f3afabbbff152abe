import { describe, expect, it } from 'vitest';
import { checkHistory } from '../check-history.js';
import {
  type RevisionKeyValueInput,
  type RevisionKeyValueOutput,
  type RevisionKeyValueState,
  revisionKeyValue,
} from './revision-key-value.js';

const key = 'k';
const model = revisionKeyValue();

function after(...inputs: RevisionKeyValueInput[]): RevisionKeyValueState {
  return inputs.reduce((state, input) => {
    const step = model.step(state, input, undefined);
    return step.ok ? step.state : state;
  }, model.init());
}

function fits(
  state: RevisionKeyValueState,
  input: RevisionKeyValueInput,
  output: RevisionKeyValueOutput,
): boolean {
  return model.step(state, input, output).ok;
}

describe('revisionKeyValue', () => {
  const put = { type: 'put', key, value: 'a' } as const;

  it('counts changes from revision 1, and remembers which changed a key last', () => {
    const state = after(put, { ...put, key: 'l' });
    expect(state.revision).toBe(3);
    expect(fits(state, { type: 'get', key }, { revision: 3, value: 'a', modRevision: 2 })).toBe(true);
    expect(fits(state, { type: 'get', key }, { revision: 2, value: 'a' })).toBe(false);
    expect(fits(state, { type: 'get', key }, { value: 'a', modRevision: 3 })).toBe(false);
    expect(fits(state, { type: 'get', key: 'm' }, { value: null, modRevision: 0 })).toBe(true);
    expect(fits(state, put, { revision: 4 })).toBe(true);
    expect(fits(state, put, { revision: 3 })).toBe(false);
  });

  it('makes no revision when nothing changes', () => {
    const state = after(put);
    expect(fits(state, { type: 'delete', key: 'l' }, { revision: 2, done: false })).toBe(true);
    expect(fits(state, { type: 'delete', key: 'l' }, { revision: 3 })).toBe(false);
    expect(fits(state, { type: 'delete', key }, { revision: 3, done: true })).toBe(true);
    const cas = { type: 'compareAndSet', key, expectedModRevision: 2, value: 'b' } as const;
    expect(fits(state, cas, { revision: 3, done: true })).toBe(true);
    expect(fits(state, { ...cas, expectedModRevision: 0 }, { revision: 2, done: false })).toBe(true);
    expect(fits(state, { ...cas, key: 'l', expectedModRevision: 0 }, { revision: 3, done: true })).toBe(true);
  });

  it('has one state key for one state, however it was reached', () => {
    const there = after({ type: 'put', key: 'x', value: '1' }, put, { type: 'delete', key: 'x' });
    const again = after(put, { type: 'put', key: 'x', value: '1' }, { type: 'delete', key: 'x' });
    expect(model.stateKey?.(there)).not.toBe(model.stateKey?.(again));
    const other = after(put, put, { type: 'delete', key: 'none' });
    expect(model.stateKey?.(after(put, put))).toBe(model.stateKey?.(other));
  });

  it('finds a get that answers from the past, by its revision alone', () => {
    const operation = (input: RevisionKeyValueInput, output: RevisionKeyValueOutput, calledAt: number) => {
      return { process: 1, input, output, calledAt, returnedAt: calledAt + 1 };
    };
    const history = [
      operation(put, { revision: 2 }, 0),
      operation({ ...put, key: 'l' }, { revision: 3 }, 2),
      operation({ type: 'get', key }, { revision: 2, value: 'a' }, 4),
    ];
    expect(checkHistory(model, history).failure?.operation).toBe(history[2]);
    expect(checkHistory(model, history.slice(0, 2)).verdict).toBe('linearizable');
  });
});
