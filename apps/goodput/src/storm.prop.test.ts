import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runStorm } from './storm.js';
import { runStorms } from './storms.js';

/**
 * Seeds that once broke a rule, with what they found. 198 and 557: a window of two blocks whose losses no later arrival
 * could tell. 2084: a receiver that came back answered an open which its earlier life had answered too, so the sender
 * believed in blocks that were forgotten. 24201: the same as 198, with a window in bytes.
 */
const foundBefore: readonly number[] = [
  198, 557, 2084, 6789, 15_826, 18_774, 24_201, 24_636, 33_113, 40_016, 44_565,
];

describe('storms over a sender and a receiver', () => {
  it('every rule holds in three hundred storms, and every fault is in them', () => {
    const sum = runStorms(1, 300);
    expect(sum.broken).toEqual([]);
    for (const count of [
      sum.corrupt,
      sum.duplicates,
      sum.reconnects,
      sum.senderRestarts,
      sum.receiverRestarts,
    ])
      expect(count).toBeGreaterThan(100);
    expect(sum.sent).toBeGreaterThan(sum.blocks);
  });

  it('every rule holds in storms of any seed', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 31 }), (seed) => runStorm(seed).broken === undefined),
      { numRuns: 50 },
    );
  });

  it.each(foundBefore)('seed %i, which once broke a rule, breaks none', (seed) => {
    expect(runStorm(seed).broken).toBeUndefined();
  });

  it('the same seed gives the same storm', () => {
    expect(runStorm(7)).toEqual(runStorm(7));
    expect(runStorm(7)).not.toEqual(runStorm(8));
  });
});
