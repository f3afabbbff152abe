import { Random } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkHistory } from '../src/check-history.js';
import type { Model } from '../src/model.js';
import type { CompareAndSetRegisterInput } from '../src/models/register.js';
import type { Operation } from '../src/operation.js';
import { PartitionSearch } from '../src/partition-search.js';
import { Transitions } from '../src/transitions.js';
import { bruteForce, faultOf } from './brute-force.js';
import { simulate, simulatedRegister } from './simulated-object.js';
import {
  histories,
  keyValueExchanges,
  models,
  plainQueue,
  queueExchanges,
  registerExchanges,
  revisionExchanges,
  withoutHints,
} from './small-histories.js';

const runs = 3000;

/** Holds the checker against trying every order: verdict, witness, and the answer at which it fails. */
function expectAgreement<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): void {
  const truth = bruteForce(model, operations);
  const result = checkHistory(model, operations);
  expect(result.verdict).toBe(truth.isLinearizable ? 'linearizable' : 'not linearizable');
  expect(result.failure?.operation).toBe(truth.fails);
  expect(result.failure?.isFirst).toBe(truth.isLinearizable ? undefined : true);
  for (const { operations: own, linearization } of result.partitions) {
    expect(faultOf(model, own, linearization)).toBeUndefined();
    const before = truth.fails?.returnedAt ?? Number.POSITIVE_INFINITY;
    expect(
      own.filter(({ returnedAt }) => returnedAt < before).every((each) => linearization.includes(each)),
    ).toBe(true);
  }
}

function expectSameWhenLookingAhead<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): void {
  const truth = bruteForce(model, operations);
  const search = new PartitionSearch(operations, new Transitions(model), { turnsBeforeLookAhead: 0 });
  search.run(Number.POSITIVE_INFINITY);
  expect(search.end).toBe(truth.isLinearizable ? 'linearizable' : 'not linearizable');
  if (truth.isLinearizable) return;
  const goals = [truth.explained, truth.explained + 1].map((goal) => {
    const part = new PartitionSearch(operations, new Transitions(model), { goal, turnsBeforeLookAhead: 0 });
    part.run(Number.POSITIVE_INFINITY);
    return part.end;
  });
  expect(goals).toEqual(['linearizable', 'not linearizable']);
}

function askRegister(random: Random): CompareAndSetRegisterInput {
  const draw = random.integer(0, 3);
  if (draw === 0) return { type: 'read' };
  if (draw === 1) return { type: 'write', value: random.integer(1, 4) };
  return { type: 'compareAndSet', from: random.integer(1, 4), to: random.integer(1, 4) };
}

describe('held against trying every order of small histories, the checker gives the true verdict, a true witness and the true first failure', () => {
  const small = {
    register: histories(registerExchanges, 6),
    keyValue: histories(keyValueExchanges, 6),
    revisions: histories(revisionExchanges, 6),
    queue: histories(queueExchanges, 6),
  };

  it('for a register with compare-and-set', () => {
    fc.assert(
      fc.property(small.register, (operations) => expectAgreement(models.register, operations)),
      { numRuns: runs },
    );
  });

  it('for a key-value store', () => {
    fc.assert(
      fc.property(small.keyValue, (operations) => expectAgreement(models.keyValue, operations)),
      { numRuns: runs },
    );
  });

  it('for a store with revisions', () => {
    fc.assert(
      fc.property(small.revisions, (operations) => expectAgreement(models.revisions, operations)),
      { numRuns: runs },
    );
  });

  it('for a model of the user that gives no hints', () => {
    fc.assert(
      fc.property(small.queue, (operations) => expectAgreement(plainQueue, operations)),
      { numRuns: runs },
    );
  });

  it('for a register and a store without their hints', () => {
    fc.assert(
      fc.property(small.register, small.keyValue, (registered, stored) => {
        expectAgreement(withoutHints(models.register), registered);
        expectAgreement(withoutHints(models.keyValue), stored);
      }),
      { numRuns: runs },
    );
  });

  it('also when it looks ahead from the first step on', () => {
    fc.assert(
      fc.property(small.register, small.keyValue, small.revisions, (registered, stored, revised) => {
        expectSameWhenLookingAhead(models.register, registered);
        expectSameWhenLookingAhead(models.keyValue, stored);
        expectSameWhenLookingAhead(models.revisions, revised);
      }),
      { numRuns: runs },
    );
  });

  it('for models that claim less of their operations than they could', () => {
    const cautious: typeof models.register = {
      ...models.register,
      behaviour: (input, output) =>
        input.type === 'compareAndSet'
          ? 'depends'
          : (models.register.behaviour?.(input, output) ?? 'depends'),
    };
    fc.assert(
      fc.property(small.register, (operations) => {
        expectAgreement(cautious, operations);
        expectSameWhenLookingAhead(cautious, operations);
      }),
      { numRuns: runs },
    );
  });

  it('for histories of a correct object, which are all accepted, and for those with one answer changed', () => {
    const cases = fc.record({ seed: fc.nat(), unanswered: fc.constantFrom(0, 0.3), changed: fc.nat(7) });
    fc.assert(
      fc.property(cases, ({ seed, unanswered, changed }) => {
        const load = { clients: 3, operations: 8, ask: askRegister, unanswered };
        const history = simulate(simulatedRegister(), new Random(seed), load);
        expect(checkHistory(models.register, history).verdict).toBe('linearizable');
        const wrong = history.map((operation, number) => {
          const isChanged = number === changed && operation.output !== undefined;
          const other = operation.input.type === 'read' ? 2 : operation.output !== true;
          return isChanged ? { ...operation, output: other } : operation;
        });
        expectAgreement(models.register, wrong);
      }),
      { numRuns: runs },
    );
  });

  it('also for nine operations', () => {
    fc.assert(
      fc.property(histories(registerExchanges, 9), histories(keyValueExchanges, 9), (registered, stored) => {
        expectAgreement(models.register, registered);
        expectAgreement(models.keyValue, stored);
      }),
      { numRuns: 300 },
    );
  });
});
