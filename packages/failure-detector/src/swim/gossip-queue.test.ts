import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { updateBytesOf } from './codec.js';
import { GossipQueue } from './gossip-queue.js';
import type { MemberState, MemberUpdate } from './messages.js';

function update(id: string, state: MemberState = 'alive', incarnation = 0, by = id): MemberUpdate {
  return { id, address: `${id}:1`, state, incarnation, by };
}

describe('news to pass on', () => {
  it('leaves a bounded number of times, what left least often first', () => {
    const queue = new GossipQueue();
    queue.put(update('a'));
    expect(queue.take(1000, 3)).toEqual([update('a')]);
    queue.put(update('b'));
    const one = updateBytesOf(update('b'));
    expect(
      [1, 2, 3, 4, 5, 6].map(() =>
        queue
          .take(one, 3)
          .map(({ id }) => id)
          .join(),
      ),
    ).toEqual(['b', 'a', 'b', 'a', 'b', '']);
    expect(queue.length).toBe(0);
  });

  it('gives way to later news of the same member', () => {
    const queue = new GossipQueue();
    queue.put(update('a', 'suspect', 0, 'x'));
    queue.put(update('a', 'suspect', 0, 'y'));
    expect(queue.length).toBe(2);
    queue.put(update('a', 'alive', 1));
    expect(queue.take(1000, 3)).toEqual([update('a', 'alive', 1)]);
  });

  it('passes over news of a member that stand on the message already', () => {
    const queue = new GossipQueue();
    queue.put(update('a'));
    expect(queue.take(1000, 3, 'a')).toEqual([]);
    expect(queue.length).toBe(1);
  });

  it('never takes more bytes than there are, nor sends an update more often than the limit', () => {
    const puts = fc.array(fc.constantFrom('a', 'bb', 'ccc', 'dddd'), { maxLength: 20 });
    fc.assert(
      fc.property(
        puts,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 100 }),
        (ids, limit, bytes) => {
          const queue = new GossipQueue();
          const budget = new Map<string, number>();
          for (const [incarnation, id] of ids.entries()) {
            queue.put(update(id, 'alive', incarnation));
            budget.set(id, limit);
            const taken = queue.take(bytes, limit);
            expect(taken.reduce((sum, one) => sum + updateBytesOf(one), 0)).toBeLessThanOrEqual(bytes);
            for (const one of taken) budget.set(one.id, (budget.get(one.id) ?? 0) - 1);
          }
          for (let round = 0; round < 5 * limit; round++)
            for (const one of queue.take(1000, limit)) budget.set(one.id, (budget.get(one.id) ?? 0) - 1);
          // Each last update left exactly as often as it may.
          for (const left of budget.values()) expect(left).toBe(0);
          expect(queue.length).toBe(0);
        },
      ),
    );
  });
});
