import { ByteWriter } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeDeleteRange,
  encodePut,
  encodeTransaction,
  type KvLimits,
  KvStateMachine,
} from '../src/index.js';
import { anyTransaction } from './support/commands.js';

function codeOf(command: Uint8Array, limits: Partial<KvLimits> = {}): string | undefined {
  const machine = new KvStateMachine(limits);
  const before = machine.hash();
  const checked = machine.check(command);
  const result = machine.apply(1, command);
  if (result.type !== 'refused') return undefined;
  expect(checked).toEqual(result);
  expect(machine.hash()).toBe(before);
  expect(result.reason.length).toBeGreaterThan(20);
  return result.code;
}

describe('commands from outside', () => {
  it('any bytes at all are an outcome, the same on every node, and never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const [one, two] = [new KvStateMachine(), new KvStateMachine()];
        for (const command of [bytes, Uint8Array.of(1, 3, ...bytes), Uint8Array.of(1, 4, 1, 1, ...bytes)]) {
          expect(one.apply(1, command)).toEqual(two.apply(1, command));
        }
        expect(one.hash()).toBe(two.hash());
      }),
      { numRuns: 500 },
    );
  });

  it('a command with one byte changed, cut off or added is an outcome as well', () => {
    fc.assert(
      fc.property(anyTransaction, fc.nat(), fc.nat(255), (transaction, place, byte) => {
        const command = encodeTransaction(transaction);
        const changed = command.slice();
        changed[place % command.length] = byte;
        const machine = new KvStateMachine();
        machine.apply(1, changed);
        machine.apply(2, command.subarray(0, place % command.length));
        expect(codeOf(Uint8Array.of(...command, byte))).toBe('MALFORMED_COMMAND');
        expect(codeOf(command.subarray(0, -1))).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });

  it('what is over a limit is refused by name, and what is at it is not', () => {
    const limits = { keyBytesMax: 4, valueBytesMax: 8, requestBytesMax: 64 };
    const put = (key: string, value: string) => codeOf(encodePut({ key, value }), limits);
    expect(put('kkkk', 'v'.repeat(8))).toBeUndefined();
    expect(put('kkkkk', '')).toBe('KEY_TOO_LARGE');
    expect(put('k', 'v'.repeat(9))).toBe('VALUE_TOO_LARGE');
    expect(put('k', 'v'.repeat(60))).toBe('REQUEST_TOO_LARGE');
    expect(codeOf(encodeDeleteRange({ key: 'k', rangeEnd: 'lllll' }), limits)).toBe('KEY_TOO_LARGE');
    expect(codeOf(Uint8Array.of(1, 3, 0, 1, 0, 2, 0, 0, 1, 118))).toBe('KEY_EMPTY');
  });

  it('a list that announces more items than it has costs nothing', () => {
    const writer = new ByteWriter();
    writer.raw(Uint8Array.of(1, 3));
    writer.varint(0);
    writer.varint(Number.MAX_SAFE_INTEGER);
    writer.varint(0);
    expect(codeOf(writer.take())).toBe('TOO_MANY_OPERATIONS');
    expect(codeOf(Uint8Array.of(1, 3, 0, 100, 0))).toBe('MALFORMED_COMMAND');
  });

  it('nesting without end is refused, not followed', () => {
    const level = [0, 1, 0, 4];
    const deep = Uint8Array.from([1, 3, ...new Array<number[]>(10_000).fill(level).flat(), 0, 0, 0]);
    expect(codeOf(deep, { operationsMax: 4096 })).toBe('TOO_MANY_OPERATIONS');
  });

  it('nested lists that multiply are refused by their total', () => {
    // Two levels of lists within their own limits, but 64 * 64 operations in all.
    const inner = { type: 'transaction' as const, success: new Array(64).fill({ type: 'range', key: 'a' }) };
    expect(codeOf(encodeTransaction({ success: new Array(64).fill(inner) }))).toBe('TOO_MANY_OPERATIONS');
  });

  it('a command is not held on to: its buffer may be used again after apply', () => {
    const machine = new KvStateMachine();
    const command = encodePut({ key: 'key', value: 'value' });
    machine.apply(1, command);
    const before = machine.hash();
    command.fill(0xee);
    expect(machine.hash()).toBe(before);
    expect(machine.get('key')?.version).toBe(1);
  });
});

describe('options and queries', () => {
  it('limits outside their range are refused when the store is made', () => {
    const wrong: Partial<KvLimits>[] = [
      { keyBytesMax: 0 },
      { valueBytesMax: -1 },
      { requestBytesMax: 10 },
      { operationsMax: 5000 },
      { sessionsMax: 0 },
      { sessionResultBytesMax: 0.5 },
    ];
    for (const options of wrong) {
      expect(() => new KvStateMachine(options), JSON.stringify(options)).toThrow(/must be an integer from/);
    }
  });

  it('queries that make no sense are refused', () => {
    const machine = new KvStateMachine();
    expect(() => machine.get('')).toThrow(/key is empty/);
    expect(() => machine.range({ key: '' })).toThrow(/key is empty/);
    expect(() => machine.range({ key: 'a', limit: -1 })).toThrow(/limit is -1/);
    expect(() => machine.range({ key: 'a', minModRevision: Number.NaN })).toThrow(/minModRevision/);
    expect(() => machine.get(JSON.parse('null'))).toThrow(/neither bytes nor a string/);
    expect(() => machine.range({ key: 'a', sort: JSON.parse('{"target":"size"}') })).toThrow(
      /sort target is size/,
    );
  });
});
