import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runStorm } from './storm.js';
import { runStorms } from './storms.js';

/**
 * What storms found while this was written stands in the tests of the package, as the few steps that matter: the schedule of
 * a seed changes with the engine.
 */
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

  it('the same seed gives the same storm', () => {
    expect(runStorm(7)).toEqual(runStorm(7));
    expect(runStorm(7)).not.toEqual(runStorm(8));
  });
});
