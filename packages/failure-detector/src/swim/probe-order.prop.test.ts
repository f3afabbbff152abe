import { Random } from '@synod/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ProbeOrder } from './probe-order.js';

it('whoever stays is probed again after at most two rounds, whoever comes and goes meanwhile', () => {
  const changes = fc.array(fc.constantFrom('probe', 'add', 'remove'), { minLength: 20, maxLength: 200 });
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 12 }), changes, (seed, size, steps) => {
      const random = new Random(seed);
      const order = new ProbeOrder(random);
      for (let number = 0; number < size; number++) order.add(`m${number}`);
      let added = size;
      let most = size;
      let sinceProbed = 0;
      for (const step of steps) {
        if (step === 'add') order.add(`m${added++}`);
        most = Math.max(most, order.ids.length);
        const [victim] = order.sample(1, 'm0');
        if (step === 'remove' && victim !== undefined) order.remove(victim);
        if (step !== 'probe') continue;
        sinceProbed = order.next() === 'm0' ? 0 : sinceProbed + 1;
        // A round is as long as the group is at its largest; who comes into it lengthens it by one.
        expect(sinceProbed).toBeLessThanOrEqual(2 * most + added);
      }
      expect(new Set(order.ids).size).toBe(order.ids.length);
    }),
  );
});

it('a group that stays is probed once each round, in another order each time', () => {
  const order = new ProbeOrder(new Random(1));
  const ids = Array.from({ length: 10 }, (_, number) => `m${number}`);
  for (const id of ids) order.add(id);
  const rounds = [1, 2, 3].map(() => ids.map(() => order.next()));
  for (const round of rounds) expect([...round].sort()).toEqual(ids);
  expect(new Set(rounds.map((round) => round.join())).size).toBe(3);
});

it('a sample has no one twice, and not whom it must not have', () => {
  const order = new ProbeOrder(new Random(1));
  for (const id of ['a', 'b', 'c', 'd']) order.add(id);
  for (let draw = 0; draw < 50; draw++) {
    const sample = order.sample(2, 'b');
    expect(new Set(sample).size).toBe(2);
    expect(sample).not.toContain('b');
  }
  expect(order.sample(9).sort()).toEqual(['a', 'b', 'c', 'd']);
});
