import { DecodeError } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { isJepsenLog, parseJepsenLog } from './jepsen-log.js';

const never = Number.POSITIVE_INFINITY;

function log(...events: string[]): string {
  return events.map((event) => `INFO  jepsen.util - ${event.replaceAll(' ', '\t')}\n`).join('');
}

function outcomes(text: string): unknown[] {
  return parseJepsenLog(text).map(({ input, output, returnedAt }) => [input.type, output, returnedAt]);
}

describe('parseJepsenLog', () => {
  it('reads answers: values, nil for the empty register, a compare-and-set that was done or refused', () => {
    const text = log(
      '0 :invoke :read nil',
      '0 :ok :read nil',
      '1 :invoke :write 4',
      '0 :invoke :read nil',
      '0 :ok :read 4',
      '1 :ok :write 4',
    );
    expect(outcomes(text)).toEqual([
      ['read', null, 2],
      ['write', undefined, 6],
      ['read', 4, 5],
    ]);
    const pair = 'INFO  jepsen.util - 2\t:invoke\t:cas\t[4 0]\nINFO  jepsen.util - 2\t:KIND\t:cas\t[4 0]\n';
    expect(parseJepsenLog(pair.replace('KIND', 'ok'))).toEqual([
      {
        process: 2,
        input: { type: 'compareAndSet', from: 4, to: 0 },
        output: true,
        calledAt: 1,
        returnedAt: 2,
      },
    ]);
    expect(outcomes(pair.replace('KIND', 'fail'))).toEqual([['compareAndSet', false, 2]]);
    expect(outcomes(pair.replace('KIND', 'info'))).toEqual([['compareAndSet', undefined, never]]);
  });

  it('leaves open what timed out, what was never ended, and what its process gave up for another call', () => {
    const text = log(
      '0 :invoke :write 1',
      '0 :info :write :timed-out',
      '1 :invoke :read nil',
      '1 :fail :read :timed-out',
      '2 :invoke :write 2',
      '2 :invoke :write 3',
    );
    expect(outcomes(text)).toEqual([
      ['write', undefined, never],
      ['read', undefined, never],
      ['write', undefined, never],
      ['write', undefined, never],
    ]);
  });

  it('leaves out what definitely did not happen', () => {
    expect(outcomes(log('0 :invoke :write 1', '0 :fail :write 1'))).toEqual([]);
  });

  it('passes over the nemesis and lines of other loggers', () => {
    const text = `INFO  jepsen.core - run complete\n${log(':nemesis :info :start nil', '3 :invoke :read nil')}\n`;
    expect(outcomes(text)).toEqual([['read', undefined, never]]);
    expect(isJepsenLog(text)).toBe(true);
    expect(isJepsenLog('INFO  jepsen.core - run complete\n')).toBe(false);
  });

  it('refuses events that make no sense, and names their line', () => {
    const wrong = [
      log('0 :ok :read 1'),
      log('0 :invoke :read nil', '0 :ok :write 1'),
      log('0 :invoke :write'),
      log('0 :invoke :cas 3'),
      log('0 :invoke :enqueue 3'),
      log('0 :invoke :read nil', '0 :done :read 1'),
    ];
    for (const text of wrong) {
      const last = text.trimEnd().split('\n').length;
      expect(() => parseJepsenLog(text)).toThrow(DecodeError);
      expect(() => parseJepsenLog(text)).toThrow(`line ${last}: `);
    }
  });
});
