import { InvalidArgumentError } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { checkHistory } from './check-history.js';
import type { Model } from './model.js';
import { keyValue } from './models/key-value.js';
import { compareAndSetRegister, register } from './models/register.js';
import type { Operation } from './operation.js';

const { POSITIVE_INFINITY: never } = Number;

function op<Input, Output>(
  input: Input,
  output: Output | undefined,
  calledAt: number,
  returnedAt: number,
): Operation<Input, Output> {
  return { process: 'p', input, output, calledAt, returnedAt };
}

const read = { type: 'read' } as const;
const write = (value: number) => ({ type: 'write', value }) as const;
const cas = (from: number, to: number) => ({ type: 'compareAndSet', from, to }) as const;

type RollInput =
  | { readonly hall: string; readonly enter: string }
  | { readonly hall: string; readonly call: true };

/** Who enters a hall is heard of only by the roll call. Without a hint, every order of entering must be tried. */
const roll: Model<string, RollInput, string> = {
  init: () => '',
  step: (state, input, output) => {
    if ('enter' in input) return { ok: true, state: `${state}${input.enter} ` };
    return output === undefined || output === state ? { ok: true, state } : { ok: false };
  },
  partitionKey: ({ hall }) => hall,
};

/** Some enter a hall at the same time, and then the roll call is answered wrongly. */
function wrongRoll(hall: string, people: number): Operation<RollInput, string>[] {
  const entering = Array.from({ length: people }, (_, number) => {
    return op<RollInput, string>({ hall, enter: `${number}` }, undefined, 0, 10);
  });
  return [...entering, op<RollInput, string>({ hall, call: true }, 'nobody', 20, 30)];
}

describe('the verdict', () => {
  const model = compareAndSetRegister();

  it('of an empty history is linearizable', () => {
    expect(checkHistory(model, [])).toEqual({ verdict: 'linearizable', stepsTaken: 0, partitions: [] });
  });

  it('lets an operation take effect anywhere between its call and its answer', () => {
    const overlapping = [op(write(1), undefined, 0, 10), op(read, null, 5, 6), op(read, 1, 7, 8)];
    expect(checkHistory(model, overlapping).verdict).toBe('linearizable');
    const reversed = [op(write(1), undefined, 0, 10), op(read, 1, 5, 6), op(read, null, 7, 8)];
    expect(checkHistory(model, reversed).verdict).toBe('not linearizable');
  });

  it('takes an answer and a call at the very same time for overlapping', () => {
    expect(checkHistory(model, [op(write(1), undefined, 0, 5), op(read, null, 5, 9)]).verdict).toBe(
      'linearizable',
    );
    expect(checkHistory(model, [op(write(1), undefined, 0, 5), op(read, null, 6, 9)]).verdict).toBe(
      'not linearizable',
    );
  });

  it('lets an operation of unknown outcome take effect late, or never, but not before its call', () => {
    const lost = op(write(1), undefined, 10, never);
    expect(checkHistory(model, [lost, op(read, null, 20, 21), op(read, 1, 30, 31)]).verdict).toBe(
      'linearizable',
    );
    expect(checkHistory(model, [lost, op(read, null, 20, 21)]).verdict).toBe('linearizable');
    expect(checkHistory(model, [lost, op(read, 1, 5, 6)]).verdict).toBe('not linearizable');
    const twice = [lost, op(read, 1, 20, 21), op(write(2), undefined, 22, 23), op(read, 1, 24, 25)];
    expect(checkHistory(model, twice).verdict).toBe('not linearizable');
  });

  it('takes a read that nobody answered for nothing', () => {
    expect(checkHistory(model, [op(read, undefined, 0, never), op(read, undefined, 0, 1)]).verdict).toBe(
      'linearizable',
    );
  });

  it('wants a refused compare-and-set to have seen another value, and a done one to have seen its own', () => {
    const three = op(write(3), undefined, 0, 1);
    expect(checkHistory(model, [three, op(cas(3, 4), false, 2, 3)]).verdict).toBe('not linearizable');
    expect(checkHistory(model, [three, op(cas(2, 4), false, 2, 3), op(read, 3, 4, 5)]).verdict).toBe(
      'linearizable',
    );
    expect(checkHistory(model, [three, op(cas(2, 4), true, 2, 3)]).verdict).toBe('not linearizable');
    expect(checkHistory(model, [three, op(cas(3, 4), true, 2, 3), op(read, 4, 4, 5)]).verdict).toBe(
      'linearizable',
    );
    const unknown = op(cas(3, 4), undefined, 2, never);
    expect(checkHistory(model, [three, unknown, op(read, 3, 4, 5), op(read, 4, 6, 7)]).verdict).toBe(
      'linearizable',
    );
  });

  it('does not depend on the order in which the history is given', () => {
    const history = [op(read, 2, 4, 5), op(write(2), undefined, 2, 3), op(write(1), undefined, 0, 1)];
    expect(checkHistory(register(), history).verdict).toBe('linearizable');
    expect(checkHistory(register(), [...history].reverse()).verdict).toBe('linearizable');
  });
});

describe('two equal operations', () => {
  const key = 'k';
  const append = { type: 'append', key, value: 'x' } as const;

  it('are told apart when one of them was overwritten and the other was seen', () => {
    const history = [
      op(append, undefined, 0, 50),
      op({ type: 'put', key, value: 'p' } as const, undefined, 10, 20),
      op(append, undefined, 30, 60),
      op({ type: 'get', key } as const, 'px', 35, 45),
      op({ type: 'get', key } as const, 'px', 70, 80),
    ];
    expect(checkHistory(keyValue(), history).verdict).toBe('linearizable');
    const twice = [...history.slice(0, 4), op({ type: 'get', key } as const, 'pxx', 70, 80)];
    expect(checkHistory(keyValue(), twice).verdict).toBe('linearizable');
    const backAgain = [...twice, op({ type: 'get', key } as const, 'px', 90, 99)];
    expect(checkHistory(keyValue(), backAgain).verdict).toBe('not linearizable');
  });
});

describe('the proof', () => {
  it('is, for a linearizable history, an order that explains every answer', () => {
    const history = [
      op(write(1), undefined, 0, 10),
      op(write(2), undefined, 0, 10),
      op(read, 1, 11, 12),
      op(write(3), undefined, 5, never),
    ];
    const { partitions } = checkHistory(register(), history);
    const [one, two, third] = history;
    expect(partitions).toHaveLength(1);
    expect(partitions[0]?.linearization).toEqual([two, one, third]);
  });

  it('is, for one that is not, the first answer that cannot be explained', () => {
    const stale = op(read, 0, 4, 5);
    const history = [op(write(1), undefined, 0, 1), op(read, 1, 2, 3), stale, op(read, 7, 6, 7)];
    const { failure, verdict } = checkHistory(register(0), history);
    expect(verdict).toBe('not linearizable');
    expect(failure?.operation).toBe(stale);
    expect(failure?.isFirst).toBe(true);
    expect(failure?.partition.linearization).toEqual(history.slice(0, 2));
  });

  it('names the partition that fails', () => {
    const history = ['a', 'b', 'c'].flatMap((key, number) => [
      op({ type: 'put', key, value: 'x' } as const, undefined, 0, 1),
      op({ type: 'get', key } as const, number === 1 ? 'y' : 'x', 2, 3),
    ]);
    const result = checkHistory(keyValue(), history);
    expect(result.failure?.partition.key).toBe('b');
    expect(result.partitions.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
  });
});

describe('a limit', () => {
  it('of steps ends the check with unknown, never with a pass', () => {
    const result = checkHistory(roll, wrongRoll('hall', 9), { stepsMax: 5000 });
    expect(result).toMatchObject({ verdict: 'unknown', limit: 'steps' });
    expect(result.failure).toBeUndefined();
    expect(result.partitions[0]?.verdict).toBe('unknown');
    expect(result.stepsTaken).toBeGreaterThanOrEqual(5000);
    expect(result.stepsTaken).toBeLessThan(6000);
    expect(checkHistory(roll, wrongRoll('hall', 5), { stepsMax: 5000 }).verdict).toBe('not linearizable');
  });

  it('of time is kept by the clock that the caller gives', () => {
    let time = 0;
    const timeLimit = { now: () => time++, endsAt: 3 };
    expect(checkHistory(roll, wrongRoll('hall', 9), { timeLimit })).toMatchObject({
      verdict: 'unknown',
      limit: 'time',
    });
    expect(time).toBe(4);
  });

  it('of memory gives up the largest search, and lets the others find what is wrong', () => {
    const options = { memoryBytesMax: 400_000 };
    expect(checkHistory(roll, wrongRoll('large', 9), options)).toMatchObject({
      verdict: 'unknown',
      limit: 'memory',
    });
    const result = checkHistory(roll, [...wrongRoll('large', 9), ...wrongRoll('small', 6)], options);
    expect(result.failure?.partition.key).toBe('small');
    expect(result.partitions.map(({ verdict }) => verdict)).toEqual(['unknown', 'not linearizable']);
  });

  it('does not hide an easy counterexample behind a hard partition, nor a second hard one', () => {
    const history = [...wrongRoll('large', 12), ...wrongRoll('also large', 12), ...wrongRoll('small', 3)];
    const result = checkHistory(roll, history, { stepsMax: 10_000 });
    expect(result.failure?.partition.key).toBe('small');
  });

  it('out of its range is refused, as are operations whose times are no interval', () => {
    for (const options of [{ stepsMax: 0 }, { memoryBytesMax: -1 }, { stepsMax: Number.NaN }]) {
      expect(() => checkHistory(register(), [], options)).toThrow(InvalidArgumentError);
    }
    const timeLimit = { now: () => 0, endsAt: Number.NaN };
    expect(() => checkHistory(register(), [], { timeLimit })).toThrow(InvalidArgumentError);
    for (const [calledAt, returnedAt] of [
      [2, 1],
      [Number.NaN, 1],
      [0, Number.NaN],
      [-never, 0],
    ] as const) {
      expect(() => checkHistory(register(), [op(read, null, calledAt, returnedAt)])).toThrow(
        InvalidArgumentError,
      );
    }
  });
});
