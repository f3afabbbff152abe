import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Command,
  encodeCloseSession,
  encodeOpenSession,
  encodeTransaction,
  type KeyValue,
  type KvResult,
  KvStateMachine,
  type OperationResponse,
} from '../src/index.js';
import { anySent, Clients, type Sent } from './support/commands.js';
import { joined, restoreFrom } from './support/machine.js';
import { Model, type ModelResult, text } from './support/model.js';

const sessionsMax = 3;
const fromKey = Uint8Array.of(0);

describe('random clients with retries', () => {
  it('get the answers of a plain map, and leave its keys and revisions', () => {
    fc.assert(
      fc.property(fc.array(anySent, { maxLength: 60 }), (steps) => {
        const machine = new KvStateMachine({ sessionsMax });
        const model = new Model(sessionsMax);
        for (const [index, bytes, command] of commandsOf(steps)) {
          const result = machine.apply(index, bytes);
          expect(plain(result)).toEqual(model.apply(index, command));
          expect(machine.revision).toBe(model.revision);
        }
        const { kvs } = machine.range({ key: fromKey, rangeEnd: fromKey });
        expect(kvs.map(plainKey)).toEqual(
          [...model.keys]
            .sort(([left], [right]) => (left < right ? -1 : 1))
            .map(([key, entry]) => ({ key, ...entry })),
        );
        const bytes = kvs.reduce((sum, kv) => sum + kv.key.length + kv.value.length, 0);
        expect(machine.stats()).toEqual({
          revision: model.revision,
          keys: model.keys.size,
          bytes,
          sessions: model.sessions.length,
        });
      }),
      { numRuns: 250 },
    );
  });

  it('two machines fed the same commands agree in every result, hash and snapshot byte; one restored half-way too', () => {
    fc.assert(
      fc.property(fc.array(anySent, { maxLength: 40 }), fc.nat(40), (steps, half) => {
        const one = new KvStateMachine({ sessionsMax });
        const two = new KvStateMachine({ sessionsMax, onChange: () => undefined });
        let late = new KvStateMachine({ sessionsMax });
        for (const [index, command] of commandsOf(steps)) {
          if (index === half) {
            late = new KvStateMachine({ sessionsMax });
            restoreFrom(late, joined(one.snapshot()), 1 + (half % 7));
          }
          const results = [one, two, late].map((machine) => machine.apply(index, command.slice()));
          expect(results[1]).toEqual(results[0]);
          expect(results[2]).toEqual(results[0]);
        }
        expect([two.hash(), late.hash()]).toEqual([one.hash(), one.hash()]);
        expect(joined(two.snapshot())).toEqual(joined(one.snapshot()));
        expect(joined(late.snapshot())).toEqual(joined(one.snapshot()));
      }),
      { numRuns: 120 },
    );
  });

  it('a snapshot taken before writes and read in the midst of them restores the state of its moment', () => {
    fc.assert(
      fc.property(
        fc.array(anySent, { maxLength: 40 }),
        fc.array(anySent, { maxLength: 40 }),
        (before, during) => {
          const machine = new KvStateMachine({ sessionsMax });
          const commands = [...commandsOf([...before, ...during])];
          for (const [index, command] of commands.slice(0, before.length)) machine.apply(index, command);
          const hash = machine.hash();
          const later = commands.slice(before.length);
          const pieces: Uint8Array[] = [];
          const snapshot = machine.snapshot()[Symbol.iterator]();
          const [first] = later;
          if (first !== undefined) machine.apply(first[0], first[1]);
          for (let next = snapshot.next(); next.done !== true; next = snapshot.next())
            pieces.push(next.value);
          for (const [index, command] of later.slice(1)) machine.apply(index, command);
          const restored = new KvStateMachine({ sessionsMax });
          restoreFrom(restored, joined(pieces));
          expect(restored.hash()).toBe(hash);
          for (const [index, command] of later) restored.apply(index, command);
          expect(restored.hash()).toBe(machine.hash());
        },
      ),
      { numRuns: 120 },
    );
  });

  it('machines that differ in one command differ in their hash', () => {
    fc.assert(
      fc.property(fc.array(anySent, { maxLength: 20 }), (steps) => {
        const one = new KvStateMachine();
        const two = new KvStateMachine();
        for (const [index, command] of commandsOf(steps)) {
          one.apply(index, command);
          two.apply(index, command);
        }
        one.apply(1000, encodeOpenSession());
        expect(two.hash()).not.toBe(one.hash());
        two.apply(1001, encodeOpenSession());
        expect(two.hash()).not.toBe(one.hash());
      }),
      { numRuns: 50 },
    );
  });
});

function* commandsOf(
  steps: readonly Sent[],
): Generator<[index: number, bytes: Uint8Array, command: Command]> {
  const clients = new Clients();
  let index = 0;
  for (const step of steps) {
    index++;
    if (step.type === 'open') {
      clients.opened(index);
      yield [index, encodeOpenSession(), { type: 'openSession' }];
    } else if (step.type === 'close') {
      const session = clients.idOf(step.session);
      yield [index, encodeCloseSession(session), { type: 'closeSession', session }];
    } else {
      const [transaction, sequence] = clients.next(step);
      const { compares = [], success = [], failure = [] } = transaction;
      const command = { type: 'transaction' as const, sequence, transaction: { compares, success, failure } };
      yield [index, encodeTransaction(transaction, sequence), command];
    }
  }
}

function plain(result: KvResult): ModelResult {
  if (result.type === 'session') return result;
  if (result.type === 'refused') return { type: 'refused', code: result.code };
  expect(result.responsesOmitted).toBe(false);
  const { type, succeeded, revision, responses } = result;
  return { type, succeeded, revision, responses: responses.map(plainResponse) };
}

function plainResponse(response: OperationResponse): unknown {
  switch (response.type) {
    case 'put':
      return { ...response, prevKv: response.prevKv === undefined ? undefined : plainKey(response.prevKv) };
    case 'deleteRange':
      return { ...response, prevKvs: response.prevKvs.map(plainKey) };
    case 'range':
      return { ...response, kvs: response.kvs.map(plainKey) };
    case 'transaction':
      return { ...response, responses: response.responses.map(plainResponse) };
  }
}

function plainKey({ key, value, createRevision, modRevision, version, lease }: KeyValue): unknown {
  expect(lease).toBe(0);
  return { key: text(key), value: text(value), createRevision, modRevision, version };
}
