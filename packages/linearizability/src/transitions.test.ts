import { InvalidArgumentError } from '@synod/core';
import { describe, expect, it } from 'vitest';
import type { Behaviour, Model } from './model.js';
import type { Operation } from './operation.js';
import { initialState, refused, Transitions } from './transitions.js';

function asked<Input, Output>(input: Input, output?: Output): Operation<Input, Output> {
  return { process: 1, input, output, calledAt: 0, returnedAt: 1 };
}

describe('Transitions', () => {
  it('asks the model once for each state and kind, and remembers every answer', () => {
    let questions = 0;
    const model: Model<number, number, number> = {
      init: () => 0,
      step: (state, input) => {
        questions += 1;
        return input % 7 === 3 ? { ok: false } : { ok: true, state: (state * 31 + input) % 500 };
      },
    };
    const transitions = new Transitions(model);
    const kinds = Array.from({ length: 20 }, (_, input) => transitions.kindOf(asked(input)));
    const states = new Set([initialState]);
    for (let round = 0; round < 2; round++) {
      for (const state of states) {
        for (const kind of kinds) {
          const next = transitions.next(state, kind);
          if (next !== refused) states.add(next);
        }
      }
    }
    expect(states.size).toBeGreaterThan(100);
    expect(questions).toBe(states.size * kinds.length);
    expect(transitions.next(initialState, kinds[3] ?? 0)).toBe(refused);
  });

  it('gives equal questions with equal answers one kind, and others kinds of their own', () => {
    const transitions = new Transitions<number, unknown, unknown>({
      init: () => 0,
      step: (state) => ({ ok: true, state }),
    });
    expect(transitions.kindOf(asked({ read: 'x' }, 1))).toBe(transitions.kindOf(asked({ read: 'x' }, 1)));
    expect(transitions.kindOf(asked({ read: 'x' }, 1))).not.toBe(
      transitions.kindOf(asked({ read: 'x' }, '1')),
    );
    expect(transitions.kindOf(asked({ read: 'x' }))).not.toBe(transitions.kindOf(asked({ read: 'x' }, null)));
    const opaque = asked(new Map());
    expect(transitions.kindOf(opaque)).not.toBe(transitions.kindOf(opaque));
  });

  it('tells states of different types apart', () => {
    const states: (string | number | boolean | null | undefined | bigint)[] = [
      1,
      '1',
      true,
      'true',
      null,
      undefined,
      1n,
    ];
    const model: Model<(typeof states)[number], number, never> = {
      init: () => 0,
      step: (_, input) => ({ ok: true, state: states[input] }),
    };
    const transitions = new Transitions(model);
    const numbers = states.map((_, input) =>
      transitions.next(initialState, transitions.kindOf(asked(input))),
    );
    expect(new Set(numbers).size).toBe(states.length);
  });

  it('refuses states that are objects without a key', () => {
    const model: Model<{ count: number }, string, never> = {
      init: () => ({ count: 0 }),
      step: (state) => ({ ok: true, state }),
    };
    expect(() => new Transitions(model)).toThrow(InvalidArgumentError);
    expect(() => new Transitions({ ...model, stateKey: ({ count }) => count })).not.toThrow();
  });

  it('finds out a model whose step does not behave as it says', () => {
    const claims: readonly (readonly [Behaviour, string])[] = [
      ['reads', 'leaves another state'],
      ['overwrites', 'leaves another state'],
      ['overwrites', 'does not fit every state'],
      ['changes', 'does not fit every state'],
    ];
    for (const [behaviour, fault] of claims) {
      const fits = fault === 'leaves another state';
      const transitions = new Transitions<number, string, never>({
        init: () => 0,
        step: (state) => (fits || state === 0 ? { ok: true, state: state + 1 } : { ok: false }),
        behaviour: () => behaviour,
      });
      const kind = transitions.kindOf(asked('count'));
      expect(() => transitions.next(transitions.next(initialState, kind), kind)).toThrow(
        InvalidArgumentError,
      );
    }
  });
});
