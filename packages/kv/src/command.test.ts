import { DecodeError, InvalidArgumentError } from '@synod/core';
import { describe, expect, it } from 'vitest';
import {
  decodeCommand,
  encodeCloseSession,
  encodeCompareAndSet,
  encodeDeleteRange,
  encodeOpenSession,
  encodePut,
  encodeTransaction,
} from './command.js';
import { nestingDepthMax } from './command-format.js';
import type { Operation } from './transaction.js';

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

describe('commands', () => {
  it('keep their bytes from version to version: logs on disk hold them', () => {
    expect(hex(encodeOpenSession())).toBe('0101');
    expect(hex(encodeCloseSession(300))).toBe('0102ac02');
    expect(hex(encodePut({ key: 'k', value: 'v' }))).toBe('01030001000200016b0176');
    expect(
      hex(encodePut({ key: 'k', value: '', lease: 5, prevKv: true }, { session: 7, sequence: 200 })),
    ).toBe('010407c8010001000209016b0005');
    expect(hex(encodePut({ key: 'k', ignoreValue: true, ignoreLease: true }))).toBe('01030001000206016b');
    expect(hex(encodeDeleteRange({ key: 'a', rangeEnd: 'c', prevKv: true }))).toBe(
      '01030001000303016101' + '63',
    );
    expect(hex(encodeCompareAndSet({ key: 'k', value: 'v', expectedModRevision: 9 }))).toBe(
      '010301010102' + '00016b09' + '0200016b0176' + '0100016b',
    );
    expect(
      hex(
        encodeTransaction({
          compares: [
            { key: 'a', rangeEnd: 'b', target: 'version', result: 'less', value: -3 },
            { key: 'a', target: 'value', result: 'not-equal', value: 'x' },
          ],
          failure: [
            { type: 'transaction', success: [{ type: 'range', key: 'a', countOnly: true, keysOnly: true }] },
            {
              type: 'range',
              key: 'a',
              rangeEnd: 'b',
              limit: 3,
              sort: { target: 'modRevision', order: 'descending' },
              minModRevision: 1,
              maxModRevision: 2,
              minCreateRevision: 3,
              maxCreateRevision: 4,
            },
          ],
        }),
      ),
    ).toBe(
      '0103020002' +
        '000e016101620' +
        '3' +
        '030301610178' +
        '04000100' +
        '01060161' +
        '01390161016203' +
        '0b01020304',
    );
  });

  it('come apart into what they were made from', () => {
    const command = decodeCommand(
      encodeTransaction(
        {
          compares: [{ key: 'a', target: 'lease', result: 'greater', value: 4 }],
          success: [{ type: 'put', key: 'ключ', value: Uint8Array.of(0, 255) }],
          failure: [{ type: 'deleteRange', key: 'a', rangeEnd: Uint8Array.of(0) }],
        },
        { session: 3, sequence: 9 },
      ),
    );
    expect(command).toMatchObject({
      type: 'transaction',
      sequence: { session: 3, sequence: 9 },
      transaction: {
        compares: [{ target: 'lease', result: 'greater', value: 4 }],
        success: [{ type: 'put', value: Uint8Array.of(0, 255), lease: 0, ignoreValue: false }],
        failure: [{ type: 'deleteRange', rangeEnd: Uint8Array.of(0), prevKv: false }],
      },
    });
  });

  it('made one after another do not share bytes', () => {
    const first = encodePut({ key: 'a', value: 'one' });
    const before = hex(first);
    encodePut({ key: 'b', value: 'another' });
    expect(hex(first)).toBe(before);
    expect(first.buffer.byteLength).toBe(first.length);
  });

  it('are not made of arguments that make no sense', () => {
    const impossible: (() => unknown)[] = [
      () => encodePut({ key: '', value: 'v' }),
      () => encodePut({ key: 'k' }),
      () => encodePut({ key: 'k', value: 'v', ignoreValue: true }),
      () => encodePut({ key: 'k', value: 'v', lease: 3, ignoreLease: true }),
      () => encodePut({ key: 'k', value: 'v', lease: -3 }),
      () => encodePut({ key: 'k', value: 'v' }, { session: 0, sequence: 1 }),
      () => encodePut({ key: 'k', value: 'v' }, { session: 1, sequence: 0.5 }),
      () => encodeDeleteRange({ key: new Uint8Array(0) }),
      () => encodeCloseSession(0),
      () => encodeCompareAndSet({ key: 'k', value: 'v' }),
      () => encodeCompareAndSet({ key: 'k', value: 'v', expectedModRevision: 1, expectedValue: 'w' }),
      () => encodeTransaction({ success: [{ type: 'range', key: 'k', limit: -1 }] }),
      () => encodeTransaction({ success: [{ type: 'range', key: 'k', minModRevision: -1 }] }),
      () =>
        encodeTransaction({ success: [{ type: 'range', key: 'k', maxModRevision: 3, minModRevision: -3 }] }),
      () => encodeTransaction({ success: nested(nestingDepthMax) }),
      () => encodeTransaction({ compares: [{ key: 'k', target: 'version', result: 'equal', value: 0.5 }] }),
      // What TypeScript forbids and JavaScript does not.
      () =>
        encodeTransaction({
          compares: [JSON.parse('{"key":"k","target":"size","result":"equal","value":0}')],
        }),
      () => encodeTransaction({ success: [JSON.parse('{"type":"drop","key":"k"}')] }),
      () => encodePut(JSON.parse('{"key":7,"value":"v"}')),
      () => encodePut(JSON.parse('{"key":"k","value":null}')),
      () => encodeDeleteRange(JSON.parse('{"key":"k","rangeEnd":[0]}')),
      () => encodePut(JSON.parse('{}')),
    ];
    for (const make of impossible) expect(make, String(make)).toThrow(InvalidArgumentError);
  });

  it('decoding tells what is wrong with bytes that are no command', () => {
    const put = encodePut({ key: 'k', value: 'v' });
    const cases: [Uint8Array, RegExp][] = [
      [new Uint8Array(0), /1 bytes are expected/],
      [Uint8Array.of(2, 1), /command format 2 is unknown/],
      [Uint8Array.of(1, 9), /command kind 9 is unknown/],
      [Uint8Array.of(1, 2, 0), /session is 0/],
      [put.subarray(0, -1), /are expected at offset/],
      [Uint8Array.of(...put, 0), /1 bytes follow/],
      [Uint8Array.of(1, 3, 0, 1, 0, 2, 16, 1, 107, 1, 118), /unknown bits/],
      [Uint8Array.of(1, 3, 0, 1, 0, 9), /operation type 9/],
      [Uint8Array.of(1, 3, 1, 0, 0, 5, 0, 1, 107, 0), /compare target 5/],
      [Uint8Array.of(1, 3, 1, 0, 0, 3, 8, 1, 107, 0), /compared value is negative/],
      [Uint8Array.of(1, 3, 0, 1, 0, 3, 1, 1, 107, 0), /announced but empty/],
      [Uint8Array.of(1, 3, 0, 1, 0, 2, 12, 1, 107, 1, 118, 3), /together with ignoreLease/],
      [Uint8Array.of(1, 3, 0, 1, 0, 1, 16, 1, 107, 5), /sort target 5/],
    ];
    for (const [bytes, message] of cases) expect(() => decodeCommand(bytes)).toThrow(message);
    for (const [bytes] of cases) expect(() => decodeCommand(bytes)).toThrow(DecodeError);
  });

  it('decoding refuses limits that make no sense', () => {
    expect(() => decodeCommand(encodeOpenSession(), { keyBytesMax: 0 })).toThrow(InvalidArgumentError);
  });
});

function nested(depth: number): Operation[] {
  let operations: Operation[] = [];
  for (let level = 0; level < depth; level++) operations = [{ type: 'transaction', success: operations }];
  return operations;
}
