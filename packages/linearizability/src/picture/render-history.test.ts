import { InvalidArgumentError } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { checkHistory } from '../check-history.js';
import type { Model } from '../model.js';
import { keyValue } from '../models/key-value.js';
import { register } from '../models/register.js';
import type { Operation } from '../operation.js';
import { renderHistory } from './render-history.js';

const { POSITIVE_INFINITY: never } = Number;
const read = { type: 'read' } as const;
const write = (value: number) => ({ type: 'write', value }) as const;

function op<Input, Output>(
  process: string,
  input: Input,
  output: Output | undefined,
  calledAt: number,
  returnedAt: number,
): Operation<Input, Output> {
  return { process, input, output, calledAt, returnedAt };
}

/** Bars by their class, with the whole text that a reader gets by pointing at one. */
function bars(page: string): { kind: string; title: string }[] {
  const found = page.matchAll(/<g class="bar ([^"]*)"><title>([^<]*)<\/title>/g);
  return [...found].map(([, kind = '', title = '']) => ({ kind, title }));
}

describe('a picture', () => {
  const model = register(0);
  const history = [
    op('a', write(1), undefined, 0, 1),
    op('b', read, 1, 2, 5),
    op('c', write(9), undefined, 3, never),
    op('b', read, 0, 6, 7),
    op('a', read, 1, 8, 9),
  ];

  it('marks where linearization fails, what is in the order before it, and what is of unknown outcome', () => {
    const page = renderHistory(model, checkHistory(model, history));
    expect(bars(page).map(({ kind }) => kind)).toEqual(['taken', 'taken', 'left open', 'fails', 'left']);
    expect(bars(page)[3]?.title).toContain('process b: read 0 (6 to 7');
    expect(page).toContain('<title>not linearizable</title>');
    expect(page.match(/<line class="failure" id="failure"/g)).toHaveLength(1);
    expect(page).toContain('Process b was answered “read 0”. All answers before it can be explained');
    expect(page).toContain('ends in the state 1. There the answer does not fit.');
  });

  it('numbers the order and shows the states between', () => {
    const page = renderHistory(model, checkHistory(model, history.slice(0, 3)));
    expect([...page.matchAll(/<text class="number"[^>]*>(\d+)</g)].map(([, number]) => number)).toEqual([
      '1',
      '2',
    ]);
    expect([...page.matchAll(/<g class="state"><title>([^<]*)</g)].map(([, state]) => state)).toEqual([
      '0',
      '1',
    ]);
    expect(page).not.toContain('class="failure"');
    expect(page).toContain('<title>linearizable</title>');
  });

  it('puts every point between the call and the answer of its operation, in the order of the numbers', () => {
    const page = renderHistory(model, checkHistory(model, history));
    const points = [...page.matchAll(/<circle class="point" cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) =>
      [x, y].map(Number),
    );
    const rects = [...page.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="22" rx="4"/g)];
    const placed = points.map(([x = 0, bottom = 0]) =>
      rects.some(([, left, top, width]) => {
        return Number(top) + 22 === bottom && Number(left) < x && x < Number(left) + Number(width);
      }),
    );
    expect(placed).toEqual([true, true]);
    const xs = points.map(([x = 0]) => x);
    expect(xs).toEqual([...xs].sort((one, other) => one - other));
  });

  it('lets nothing in a history become markup', () => {
    const nasty = `</title><script>alert("1" + '2')</script>&amp;`;
    const store = keyValue();
    const names = [op(nasty, { type: 'put', key: nasty, value: nasty } as const, undefined, 0, 1)];
    const wrong = [...names, op('b', { type: 'get', key: nasty } as const, 'x', 2, 3)];
    for (const each of [names, wrong]) {
      const page = renderHistory(store, checkHistory(store, each));
      expect(page).not.toContain('<script');
      expect(page).not.toContain('&amp;');
      expect(page).toContain('&#60;script&#62;');
    }
  });

  it('needs nothing from elsewhere', () => {
    const page = renderHistory(model, checkHistory(model, history));
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toMatch(/<script|<link|url\(|@import|https?:/);
  });

  it('of a long history shows what is around the failure, with the states that it had there', () => {
    const long = Array.from({ length: 3000 }, (_, number) =>
      op('a', write(number), undefined, 2 * number, 2 * number + 1),
    );
    const stale = op('b', read, 17, 4001, 4002);
    const page = renderHistory(model, checkHistory(model, [...long, stale]), { operationsMax: 50 });
    expect(bars(page).length).toBeLessThanOrEqual(52);
    expect(bars(page).filter(({ kind }) => kind === 'fails')).toHaveLength(1);
    expect(page).toContain('of this partition are not drawn');
    expect(page).toContain('number 2001, leaves 2000');
    expect(page).not.toContain('leaves 17)');
  });

  it('can be of any partition, and of an empty history', () => {
    const store = keyValue();
    const put = (key: string) => op('a', { type: 'put', key, value: 'v' } as const, undefined, 0, 1);
    const result = checkHistory(store, [put('one'), put('two')]);
    expect(renderHistory(store, result)).toContain('<h1>partition one: linearizable</h1>');
    const [, second] = result.partitions;
    expect(second).toBeDefined();
    expect(renderHistory(store, result, second === undefined ? {} : { partition: second })).toContain(
      '<h1>partition two: linearizable</h1>',
    );
    expect(renderHistory(store, checkHistory(store, []))).toContain('no operations');
  });

  it('of a check that was ended says so', () => {
    const result = checkHistory(model, history, { stepsMax: 1 });
    expect(renderHistory(model, result)).toContain('ended by its limit of steps');
  });

  it('shows operations and states of a model without words as JSON', () => {
    const plain: Model<number, { add: number }, number> = {
      init: () => 0,
      step: (state, { add }, output) => {
        return output === undefined || output === state + add
          ? { ok: true, state: state + add }
          : { ok: false };
      },
    };
    const page = renderHistory(plain, checkHistory(plain, [op('a', { add: 2 }, 2, 0, 1)]));
    expect(page).toContain('{&#34;add&#34;:2}: 2');
  });

  it('with room for no operation is refused', () => {
    expect(() => renderHistory(model, checkHistory(model, history), { operationsMax: 0 })).toThrow(
      InvalidArgumentError,
    );
  });
});
