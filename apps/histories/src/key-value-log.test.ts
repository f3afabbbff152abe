import { DecodeError } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { parseEdnMap } from './edn-map.js';
import { parseKeyValueLog } from './key-value-log.js';

const never = Number.POSITIVE_INFINITY;

describe('parseEdnMap', () => {
  it('reads strings, integers, keywords and nil', () => {
    const map = parseEdnMap(' {:a "x, {y} \\"z\\"\\n\\\\", :b -12 :c :ok, :d nil, :e "", :f 007x} ');
    expect([...map]).toEqual([
      ['a', 'x, {y} "z"\n\\'],
      ['b', -12],
      ['c', ':ok'],
      ['d', null],
      ['e', ''],
      ['f', '007x'],
    ]);
    expect(parseEdnMap('{}').size).toBe(0);
  });

  it('refuses what is no map', () => {
    for (const text of [
      '',
      '{',
      '}',
      'x',
      '{:a}',
      '{"a" 1}',
      '{:a 1',
      '{:a "x}',
      '{:a {:b 1}}',
      '{1 2}',
      '{:a 1} x',
    ]) {
      expect(() => parseEdnMap(text)).toThrow(DecodeError);
    }
  });
});

describe('parseKeyValueLog', () => {
  const line = (type: string, f: string, value: string, process = 3) =>
    `{:process ${process}, :type :${type}, :f :${f}, :key "7", :value ${value}}\n`;

  it('reads gets, puts and appends, with the empty string for a key that is not there', () => {
    const text =
      line('invoke', 'get', 'nil') +
      line('ok', 'get', '""') +
      line('invoke', 'put', '"a b"') +
      line('ok', 'put', '"a b"') +
      line('invoke', 'append', '"c"') +
      line('info', 'append', '"c"') +
      line('invoke', 'get', 'nil', 4) +
      line('ok', 'get', '"a bc"', 4);
    expect(parseKeyValueLog(text)).toEqual([
      { process: 3, input: { type: 'get', key: '7' }, output: '', calledAt: 1, returnedAt: 2 },
      {
        process: 3,
        input: { type: 'put', key: '7', value: 'a b' },
        output: undefined,
        calledAt: 3,
        returnedAt: 4,
      },
      {
        process: 3,
        input: { type: 'append', key: '7', value: 'c' },
        output: undefined,
        calledAt: 5,
        returnedAt: never,
      },
      { process: 4, input: { type: 'get', key: '7' }, output: 'a bc', calledAt: 7, returnedAt: 8 },
    ]);
  });

  it('leaves out what failed, and leaves open what was never ended', () => {
    const text = line('invoke', 'put', '"a"') + line('fail', 'put', '"a"') + line('invoke', 'put', '"b"');
    expect(parseKeyValueLog(text).map(({ input, returnedAt }) => [input, returnedAt])).toEqual([
      [{ type: 'put', key: '7', value: 'b' }, never],
    ]);
  });

  it('refuses lines that make no sense, and names them', () => {
    const wrong = [
      line('ok', 'get', '"x"'),
      line('invoke', 'get', 'nil') + line('ok', 'put', '"x"'),
      line('invoke', 'get', 'nil') + line('maybe', 'get', '"x"'),
      line('invoke', 'pop', 'nil'),
      '{:process 1, :type :invoke, :f :get}\n',
      '{:type :invoke, :f :get, :key "1"}\n',
      `${line('invoke', 'get', 'nil')}{:process 3, :type :ok`,
    ];
    for (const text of wrong) {
      const last = text.trimEnd().split('\n').length;
      expect(() => parseKeyValueLog(text)).toThrow(DecodeError);
      expect(() => parseKeyValueLog(text)).toThrow(`line ${last}: `);
    }
  });
});
