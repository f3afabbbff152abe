import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberPairs } from './number-pairs.js';

type Pair = readonly [first: number, second: number];

const anyNumber = fc.nat(2 ** 45);

/** What can be done to a queue, and to a plain list that says what is right. */
const anyChange = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('push' as const), anyNumber, anyNumber) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('shift' as const), fc.constant(0), fc.constant(0)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('replaceSecond' as const), fc.nat(30), anyNumber) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('clear' as const), fc.constant(0), fc.constant(0)) },
);

function pairsOf(queue: NumberPairs): readonly Pair[] {
  return Array.from({ length: queue.length }, (_, position) => [
    queue.first(position),
    queue.second(position),
  ]);
}

describe('a queue of pairs of numbers', () => {
  it('holds what a plain list would hold, and a copy of it stays as it was', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 80 }), (changes) => {
        const queue = new NumberPairs();
        let list: Pair[] = [];
        for (const [change, first, second] of changes) {
          const copy = queue.clone();
          const before = [...list];
          if (change === 'push') {
            queue.push(first, second);
            list.push([first, second]);
          } else if (change === 'shift') {
            queue.shift();
            list.shift();
          } else if (change === 'clear') {
            queue.clear();
            list = [];
          } else {
            queue.replaceSecond(first, second);
            list = list.map((pair, position) => (position === first ? [pair[0], second] : pair));
          }
          expect(pairsOf(queue)).toEqual(list);
          expect(pairsOf(copy)).toEqual(before);
        }
        expect([queue.first(list.length), queue.second(list.length)]).toEqual([0, 0]);
      }),
    );
  });
});
