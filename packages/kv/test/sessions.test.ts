import { decodeUtf8, isSynodError } from '@synod/core';
import { describe, expect, it } from 'vitest';
import {
  CommandRefusedError,
  encodeCloseSession,
  encodeCompareAndSet,
  encodeOpenSession,
  encodePut,
  encodeTransaction,
  type KvResult,
  ResponsesOmittedError,
  readCompareAndSet,
  readPut,
  readSession,
  readTransaction,
} from '../src/index.js';
import { TestStore } from './support/machine.js';

function codeOf(result: KvResult): string | undefined {
  return result.type === 'refused' ? result.code : undefined;
}

describe('client sessions', () => {
  it("a session's number is the log index of the command that opened it", () => {
    const store = new TestStore();
    store.put('a', '1');
    expect(store.apply(encodeOpenSession())).toEqual({ type: 'session', id: 2 });
    expect(store.openSession()).toBe(3);
    expect(store.machine.stats().sessions).toBe(2);
  });

  it('a retried command is applied once and gets the first answer again', () => {
    const store = new TestStore();
    const session = store.openSession();
    const command = encodePut({ key: 'a', value: '1', prevKv: true }, { session, sequence: 1 });
    const first = store.apply(command);
    store.put('a', 'by another client');
    expect(store.apply(command)).toEqual(first);
    expect(store.show('a')).toEqual(['by another client', 2, 3, 2]);
  });

  it('the same command outside a session is applied twice', () => {
    const store = new TestStore();
    const command = encodePut({ key: 'a', value: '1' });
    store.apply(command);
    store.apply(command);
    expect(store.show('a')).toEqual(['1', 2, 3, 2]);
  });

  it('an older sequence number is refused as stale, whether it was used or skipped', () => {
    const store = new TestStore();
    const session = store.openSession();
    const put = (sequence: number) =>
      store.apply(encodePut({ key: 'a', value: `${sequence}` }, { session, sequence }));
    put(1);
    put(5);
    expect(codeOf(put(1))).toBe('SEQUENCE_STALE');
    expect(codeOf(put(3))).toBe('SEQUENCE_STALE');
    expect(store.show('a')).toEqual(['5', 2, 3, 2]);
    expect(codeOf(put(6))).toBeUndefined();
  });

  it('a refusal is an answer too: a later copy of the command is not applied', () => {
    const store = new TestStore();
    const session = store.openSession();
    const command = encodePut({ key: 'a', ignoreValue: true }, { session, sequence: 1 });
    const first = store.apply(command);
    expect(codeOf(first)).toBe('KEY_NOT_FOUND');
    store.put('a', '1');
    expect(store.apply(command)).toEqual(first);
    expect(store.show('a')).toEqual(['1', 2, 2, 1]);
  });

  it('increments by compare-and-set are exact when every command is sent three times', () => {
    const store = new TestStore();
    const clients = [0, 1, 2].map(() => ({ session: store.openSession(), sequence: 0, done: 0 }));
    store.put('counter', '0');
    for (let round = 0; round < 400; round++) {
      const client = clients[(round * 7) % 3];
      if (client === undefined || client.done === 100) continue;
      // Every fourth read is out of date, as of a client that was slow.
      const kv = store.machine.get('counter');
      const expectedModRevision = (kv?.modRevision ?? 0) - (round % 4 === 0 ? 1 : 0);
      const value = String(Number(decodeUtf8(kv?.value ?? new Uint8Array(0))) + 1);
      const place = { session: client.session, sequence: ++client.sequence };
      const command = encodeCompareAndSet({ key: 'counter', value, expectedModRevision }, place);
      const outcomes = [command, command, command].map(
        (copy) => readCompareAndSet(store.apply(copy)).succeeded,
      );
      expect(new Set(outcomes).size).toBe(1);
      if (outcomes[0] === true) client.done++;
    }
    const done = clients.reduce((sum, client) => sum + client.done, 0);
    expect(done).toBeGreaterThan(200);
    expect(store.show('counter')?.[0]).toBe(String(done));
  });

  it('a command of a session that was never opened is refused and not applied', () => {
    const store = new TestStore();
    expect(codeOf(store.apply(encodePut({ key: 'a', value: '1' }, { session: 77, sequence: 1 })))).toBe(
      'SESSION_EXPIRED',
    );
    expect(store.show('a')).toBeUndefined();
  });

  it('a closed session is over, for retries too', () => {
    const store = new TestStore();
    const session = store.openSession();
    const command = encodePut({ key: 'a', value: '1' }, { session, sequence: 1 });
    store.apply(command);
    expect(readSession(store.apply(encodeCloseSession(session)))).toBe(session);
    expect(codeOf(store.apply(command))).toBe('SESSION_EXPIRED');
    expect(codeOf(store.apply(encodeCloseSession(session)))).toBe('SESSION_EXPIRED');
    expect(store.show('a')).toEqual(['1', 2, 2, 1]);
  });

  it('one session too many evicts the least recently used one, whose retry is refused and not applied again', () => {
    const store = new TestStore({ sessionsMax: 2 });
    const [first, second] = [store.openSession(), store.openSession()];
    const place = (session: number) => ({ session, sequence: 1 });
    store.apply(encodePut({ key: 'a', value: '1' }, place(first)));
    store.apply(encodePut({ key: 'b', value: '1' }, place(second)));
    // A retry is a use as well.
    store.apply(encodePut({ key: 'a', value: '1' }, place(first)));
    const third = store.openSession();
    expect(codeOf(store.apply(encodePut({ key: 'b', value: '1' }, place(second))))).toBe('SESSION_EXPIRED');
    expect(store.show('b')).toEqual(['1', 3, 3, 1]);
    expect(codeOf(store.apply(encodePut({ key: 'a', value: '1' }, place(first))))).toBeUndefined();
    expect(codeOf(store.apply(encodePut({ key: 'c', value: '1' }, place(third))))).toBeUndefined();
    expect(store.machine.stats().sessions).toBe(2);
  });

  it('an answer too large to be kept is given in full once; a retry learns that the command was applied', () => {
    const store = new TestStore({ sessionResultBytesMax: 1000 });
    const session = store.openSession();
    store.put('a', 'x'.repeat(1000));
    const command = encodePut({ key: 'a', value: 'y', prevKv: true }, { session, sequence: 1 });
    expect(readPut(store.apply(command)).prevKv?.value.length).toBe(1000);
    const retried = store.apply(command);
    expect(retried).toEqual({
      type: 'transaction',
      succeeded: true,
      revision: 3,
      responses: [],
      responsesOmitted: true,
    });
    expect(() => readPut(retried)).toThrow(ResponsesOmittedError);
    expect(store.show('a')).toEqual(['y', 2, 3, 2]);
  });

  it('what nested operations answered counts as well', () => {
    const store = new TestStore({ sessionResultBytesMax: 1000 });
    const session = store.openSession();
    store.put('a', 'x'.repeat(500));
    const read = { type: 'range', key: 'a' } as const;
    const twice = { success: [read, { type: 'transaction', success: [read] }] } as const;
    const once = { success: [{ type: 'transaction', success: [read] }] } as const;
    store.transact(twice, { session, sequence: 1 });
    expect(store.transact(twice, { session, sequence: 1 }).responsesOmitted).toBe(true);
    const first = store.transact(once, { session, sequence: 2 });
    expect(store.transact(once, { session, sequence: 2 })).toEqual(first);
  });

  it('a malformed command of a session uses up no sequence number', () => {
    const store = new TestStore({ valueBytesMax: 10 });
    const session = store.openSession();
    const place = { session, sequence: 1 };
    expect(codeOf(store.apply(encodePut({ key: 'a', value: 'x'.repeat(11) }, place)))).toBe(
      'VALUE_TOO_LARGE',
    );
    expect(readPut(store.apply(encodePut({ key: 'a', value: 'x' }, place))).revision).toBe(2);
  });
});

describe('reading results', () => {
  it('a refusal becomes an error that says whether the command may have been applied before', () => {
    const store = new TestStore();
    const refusedByRule = store.apply(encodePut({ key: 'a', ignoreValue: true }));
    const refusedBySession = store.apply(encodePut({ key: 'a', value: '' }, { session: 9, sequence: 4 }));
    const errors = [refusedByRule, refusedBySession].map((result) => {
      try {
        return readPut(result);
      } catch (error) {
        return error;
      }
    });
    expect(errors.every((error) => error instanceof CommandRefusedError && isSynodError(error))).toBe(true);
    expect(errors).toMatchObject([
      { code: 'KEY_NOT_FOUND', effect: 'none', refusal: 'KEY_NOT_FOUND' },
      { code: 'SESSION_EXPIRED', effect: 'unknown' },
    ]);
  });

  it('a reader for another kind of command says what it found', () => {
    const store = new TestStore();
    const put = store.apply(encodePut({ key: 'a', value: '' }));
    expect(() => readSession(put)).toThrow(/of a transaction where one of a session/);
    expect(() => readTransaction(store.apply(encodeOpenSession()))).toThrow(/of a session/);
    const two = encodeTransaction({
      success: [
        { type: 'range', key: 'a' },
        { type: 'range', key: 'b' },
      ],
    });
    expect(() => readPut(store.apply(two))).toThrow(/2 responses/);
    expect(() => readPut(store.apply(encodeTransaction({ success: [{ type: 'range', key: 'a' }] })))).toThrow(
      /of a range where one of a put/,
    );
  });
});
