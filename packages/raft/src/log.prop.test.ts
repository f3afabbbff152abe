import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RaftLog } from './log.js';

describe('where two logs can agree at best', () => {
  it('is found as looking at one entry after the other finds it', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 40 });
    fc.assert(
      fc.property(steps, fc.nat(20), fc.nat(30), fc.nat(70), (rises, discarded, term, from) => {
        let latest = 5;
        const entries = rises.map((rise, offset) => {
          latest += rise;
          return {
            index: discarded + 1 + offset,
            term: latest,
            kind: 'noop',
            data: new Uint8Array(),
          } as const;
        });
        const log = new RaftLog({ index: discarded, term: 5 }, entries);
        let expected = Math.min(from, log.lastIndex);
        while (expected > discarded && (log.termAt(expected) ?? 0) > term) expected--;
        expect(log.lastIndexWithTermAtMost(term, from)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });
});
