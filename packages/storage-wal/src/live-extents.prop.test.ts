import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveExtents } from './live-extents.js';

type Act =
  | { readonly type: 'put'; readonly from: number; readonly length: number; readonly segment: number }
  | { readonly type: 'discard' | 'truncate'; readonly index: number };

const indexes = Array.from({ length: 33 }, (_, position) => position);
const index = fc.integer({ min: 1, max: 25 });
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('put' as const),
      from: index,
      length: fc.integer({ min: 1, max: 6 }),
      segment: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constantFrom('discard' as const, 'truncate' as const), index }),
  },
);

describe('live extents', () => {
  it('know for every index the segment that an index-by-index map knows', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        const extents = new LiveExtents();
        const map = new Map<number, number>();
        for (const step of acts) {
          if (step.type === 'put') {
            const to = step.from + step.length - 1;
            extents.put(step.from, to, step.segment, step.length * 10);
            for (let position = step.from; position <= to; position++) map.set(position, step.segment);
          } else if (step.type === 'discard') {
            extents.discardThrough(step.index);
            for (const position of [...map.keys()]) if (position <= step.index) map.delete(position);
          } else {
            extents.truncateFrom(step.index);
            for (const position of [...map.keys()]) if (position >= step.index) map.delete(position);
          }
          expect(indexes.map((position) => extents.segmentOf(position))).toEqual(
            indexes.map((position) => map.get(position)),
          );
          const oldest = map.size === 0 ? undefined : Math.min(...map.values());
          expect(extents.oldestSegment).toBe(oldest);
        }
      }),
      { numRuns: 300 },
    );
  });
});
