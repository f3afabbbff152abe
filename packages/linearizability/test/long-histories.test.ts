// Long histories of objects that are linearizable by construction, and the same with one answer changed. The bounds are
// on steps, not on time: about one step an operation means that the search hardly ever went astray.
import { Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { checkHistory } from '../src/check-history.js';
import { type KeyValueInput, keyValue } from '../src/models/key-value.js';
import { type CompareAndSetRegisterInput, compareAndSetRegister } from '../src/models/register.js';
import { revisionKeyValue } from '../src/models/revision-key-value.js';
import type { Operation } from '../src/operation.js';
import { faultOf } from './brute-force.js';
import { simulate, simulatedRegister, simulatedRevisions, simulatedStore } from './simulated-object.js';

const seeds = [1, 2];

function storeInput(keys: number) {
  return (random: Random, count: number): KeyValueInput => {
    const key = `k${random.integer(0, keys)}`;
    const draw = random.float();
    if (draw < 0.45) return { type: 'get', key };
    if (draw < 0.55) return { type: 'put', key, value: `${count};` };
    if (draw < 0.6) return { type: 'delete', key };
    return { type: 'append', key, value: `${count};` };
  };
}

function registerInput(random: Random): CompareAndSetRegisterInput {
  const draw = random.float();
  if (draw < 0.4) return { type: 'read' };
  if (draw < 0.7) return { type: 'write', value: random.integer(0, 5) };
  return { type: 'compareAndSet', from: random.integer(0, 5), to: random.integer(0, 5) };
}

/** The history with one late get answered as an earlier one of its key was. */
function withStaleRead<Output>(history: readonly Operation<KeyValueInput, Output>[]): {
  readonly changed: Operation<KeyValueInput, Output>[];
  readonly key: string;
} {
  const gets = history.filter(
    ({ input, returnedAt }) => input.type === 'get' && returnedAt !== Number.POSITIVE_INFINITY,
  );
  const late = gets[Math.floor(gets.length * 0.8)];
  const early = gets.filter(
    (each) =>
      each.input.key === late?.input.key &&
      each.output !== late.output &&
      each.returnedAt < late.calledAt - 100,
  );
  const source = early.at(-1);
  if (late === undefined || source === undefined) throw new Error('the history has no two such gets');
  const changed = history.map((each) => (each === late ? { ...each, output: source.output } : each));
  return { changed, key: late.input.key };
}

describe('long histories', () => {
  it('of 10,000 operations on 100 keys are decided in about a step an operation, with a true witness', () => {
    for (const seed of seeds) {
      const load = { clients: 50, operations: 10_000, ask: storeInput(100) };
      const history = simulate(simulatedStore(), new Random(seed), load);
      const result = checkHistory(keyValue(), history);
      expect(result.verdict).toBe('linearizable');
      expect(result.partitions).toHaveLength(100);
      expect(result.stepsTaken).toBeLessThan(15_000);
      for (const { operations, linearization } of result.partitions) {
        expect(faultOf(keyValue(), operations, linearization)).toBeUndefined();
        expect(linearization).toHaveLength(operations.length);
      }
    }
  });

  it('of 100,000 operations on 1,000 keys are decided in about a step an operation', () => {
    const load = { clients: 50, operations: 100_000, ask: storeInput(1000) };
    const result = checkHistory(keyValue(), simulate(simulatedStore(), new Random(1), load));
    expect(result.verdict).toBe('linearizable');
    expect(result.stepsTaken).toBeLessThan(150_000);
  });

  it('with 100 clients on 10 keys that only appends and gets tell apart are decided', () => {
    for (const seed of seeds) {
      const load = { clients: 100, operations: 2000, ask: storeInput(10) };
      const history = simulate(simulatedStore(), new Random(seed), load);
      expect(checkHistory(keyValue(), history, { stepsMax: 400_000 }).verdict).toBe('linearizable');
    }
  });

  it('with one stale read are not linearizable, and the key is named', () => {
    for (const seed of seeds) {
      for (const keys of [10, 100]) {
        const load = { clients: 20, operations: 5000, ask: storeInput(keys) };
        const { changed, key } = withStaleRead(simulate(simulatedStore(), new Random(seed), load));
        const result = checkHistory(keyValue(), changed, { stepsMax: 1_000_000 });
        expect(result.verdict).toBe('not linearizable');
        expect(result.failure?.partition.key).toBe(key);
      }
    }
  });

  it('of a register with 10 clients, and with 5 of whom one operation in 20 is never answered, are decided', () => {
    for (const seed of seeds) {
      const busy = { clients: 10, operations: 5000, ask: registerInput };
      const lossy = { clients: 5, operations: 5000, ask: registerInput, unanswered: 0.05 };
      for (const load of [busy, lossy]) {
        const history = simulate(simulatedRegister(), new Random(seed), load);
        const result = checkHistory(compareAndSetRegister(), history, { stepsMax: 400_000 });
        expect(result.verdict).toBe('linearizable');
        for (const { operations, linearization } of result.partitions) {
          expect(faultOf(compareAndSetRegister(), operations, linearization)).toBeUndefined();
        }
      }
    }
  });

  it('of a store of which one operation in 33 is never answered are decided', () => {
    for (const seed of seeds) {
      const load = { clients: 20, operations: 4000, ask: storeInput(10), unanswered: 0.03 };
      const history = simulate(simulatedStore(), new Random(seed), load);
      expect(checkHistory(keyValue(), history, { stepsMax: 400_000 }).verdict).toBe('linearizable');
    }
  });

  it('of a store with revisions need about a step an operation, though it has one partition and unanswered ones', () => {
    for (const seed of seeds) {
      const ask = (random: Random, count: number) => {
        const key = `k${random.integer(0, 10)}`;
        return random.chance(0.5)
          ? { type: 'get' as const, key }
          : { type: 'put' as const, key, value: `${count}` };
      };
      const load = { clients: 20, operations: 3000, ask, unanswered: 0.02 };
      const history = simulate(simulatedRevisions(), new Random(seed), load);
      const result = checkHistory(revisionKeyValue(), history, { stepsMax: 100_000 });
      expect(result.verdict).toBe('linearizable');
    }
  });
});
