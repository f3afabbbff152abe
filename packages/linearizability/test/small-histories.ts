// Arbitrary small histories of every model, dense enough that about half of them are linearizable.
import fc from 'fast-check';
import type { Model } from '../src/model.js';
import { type KeyValueInput, type KeyValueOutput, keyValue } from '../src/models/key-value.js';
import {
  type CompareAndSetRegisterInput,
  compareAndSetRegister,
  type RegisterValue,
} from '../src/models/register.js';
import {
  type RevisionKeyValueInput,
  type RevisionKeyValueOutput,
  revisionKeyValue,
} from '../src/models/revision-key-value.js';
import type { Operation } from '../src/operation.js';

interface Exchange<Input, Output> {
  readonly input: Input;
  readonly output: Output | undefined;
}

/** Operations that ask and answer as given, at times that often coincide; some are never answered. */
export function histories<Input, Output>(
  exchanges: fc.Arbitrary<Exchange<Input, Output>>,
  operationsMax: number,
): fc.Arbitrary<Operation<Input, Output>[]> {
  const operation = fc
    .record({
      exchange: exchanges,
      process: fc.nat(3),
      calledAt: fc.nat(10),
      duration: fc.nat(5),
      isOpen: fc.integer({ min: 0, max: 9 }).map((draw) => draw < 3),
    })
    .map(({ exchange, process, calledAt, duration, isOpen }) => ({
      process,
      input: exchange.input,
      output: isOpen ? undefined : exchange.output,
      calledAt,
      returnedAt: isOpen ? Number.POSITIVE_INFINITY : calledAt + duration,
    }));
  return fc.array(operation, { minLength: 1, maxLength: operationsMax });
}

const registerValue = fc.constantFrom<RegisterValue>(1, 2, 3);
const anyValue = fc.constantFrom<RegisterValue>(null, 1, 2, 3);

/** Exchanges with a register. */
export const registerExchanges: fc.Arbitrary<Exchange<CompareAndSetRegisterInput, RegisterValue>> = fc.oneof(
  fc.record({
    input: fc.constant({ type: 'read' as const }),
    output: fc.option(anyValue, { nil: undefined, freq: 9 }),
  }),
  fc.record({
    input: registerValue.map((value) => ({ type: 'write' as const, value })),
    output: fc.constant(undefined),
  }),
  fc.record({
    input: fc.record({ type: fc.constant('compareAndSet' as const), from: anyValue, to: registerValue }),
    output: fc.constantFrom(true, false, undefined),
  }),
);

const key = 'k';
const part = fc.constantFrom('a', 'b', 'ab');

/** Exchanges with one key of a store. */
export const keyValueExchanges: fc.Arbitrary<Exchange<KeyValueInput, KeyValueOutput>> = fc.oneof(
  fc.record({
    input: fc.constant({ type: 'get' as const, key }),
    output: fc.constantFrom<KeyValueOutput | undefined>(null, 'a', 'b', 'ab', 'aa', 'aab', undefined),
  }),
  fc.record({
    input: part.map((value) => ({ type: 'put' as const, key, value })),
    output: fc.constant(undefined),
  }),
  fc.record({
    input: part.map((value) => ({ type: 'append' as const, key, value })),
    output: fc.constant(undefined),
  }),
  fc.record({
    input: fc.constant({ type: 'delete' as const, key }),
    output: fc.constantFrom(true, false, undefined),
  }),
  fc.record({
    input: fc.record({
      type: fc.constant('compareAndSet' as const),
      key: fc.constant(key),
      from: fc.constantFrom(null, 'a', 'ab'),
      to: part,
    }),
    output: fc.constantFrom(true, false, undefined),
  }),
);

const revision = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined });
const someKey = fc.constantFrom('k', 'l');

/** Exchanges with two keys of a store with revisions. */
export const revisionExchanges: fc.Arbitrary<Exchange<RevisionKeyValueInput, RevisionKeyValueOutput>> =
  fc.oneof(
    fc.record({
      input: someKey.map((own) => ({ type: 'get' as const, key: own })),
      output: fc.tuple(revision, fc.constantFrom(null, 'a', 'b')).map(([at, value]) => told(at, { value })),
    }),
    fc.record({
      input: fc.record({ type: fc.constant('put' as const), key: someKey, value: fc.constantFrom('a', 'b') }),
      output: revision.map((at) => told(at, {})),
    }),
    fc.record({
      input: someKey.map((own) => ({ type: 'delete' as const, key: own })),
      output: fc.tuple(revision, fc.boolean()).map(([at, done]) => told(at, { done })),
    }),
    fc.record({
      input: fc.record({
        type: fc.constant('compareAndSet' as const),
        key: someKey,
        expectedModRevision: fc.constantFrom(0, 2, 3),
        value: fc.constantFrom('a', 'b'),
      }),
      output: fc.tuple(revision, fc.boolean()).map(([at, done]) => told(at, { done })),
    }),
  );

function told(at: number | undefined, rest: RevisionKeyValueOutput): RevisionKeyValueOutput {
  return at === undefined ? rest : { ...rest, revision: at };
}

/** A queue that says nothing of itself but what it must: states that are no primitives, and no hints. */
export const plainQueue: Model<readonly number[], { readonly put: number } | 'take', number | 'empty'> = {
  init: () => [],
  stateKey: (state) => state.join(),
  step: (state, input, output) => {
    if (input !== 'take') return { ok: true, state: [...state, input.put] };
    const [first = 'empty', ...rest] = state;
    return output === undefined || output === first ? { ok: true, state: rest } : { ok: false };
  },
};

/** Exchanges with a queue. */
export const queueExchanges: fc.Arbitrary<Exchange<{ readonly put: number } | 'take', number | 'empty'>> =
  fc.oneof(
    fc.record({
      input: fc.integer({ min: 1, max: 2 }).map((put) => ({ put })),
      output: fc.constant(undefined),
    }),
    fc.record({
      input: fc.constant('take' as const),
      output: fc.constantFrom<number | 'empty' | undefined>('empty', 1, 2, undefined),
    }),
  );

/** The same model without any hint to the search. */
export function withoutHints<State, Input, Output>({
  init,
  step,
  stateKey,
}: Model<State, Input, Output>): Model<State, Input, Output> {
  return stateKey === undefined ? { init, step } : { init, step, stateKey };
}

export const models = {
  register: compareAndSetRegister(),
  keyValue: keyValue(),
  revisions: revisionKeyValue(),
};
