import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Visit, VisitedConfigurations } from './visited-configurations.js';

/** Few values a field, so that many visits agree in some of them, and collide in the table. */
function visits(closedWords: number, openWords: number): fc.Arbitrary<Visit[]> {
  const bits = (words: number) => {
    const word = fc.constantFrom(0, 1, 2, 3, -1, 0x80000000 | 0);
    return fc.array(word, { minLength: words, maxLength: words }).map((list) => Int32Array.from(list));
  };
  const visit = fc.record({
    frontier: fc.nat(3),
    state: fc.constantFrom(-2, 0, 1, 2),
    closedBits: bits(closedWords),
    overwrittenAt: fc.integer({ min: -1, max: 2 }),
    openBits: bits(openWords),
  });
  return fc.array(visit, { maxLength: 400 });
}

function isAsGood(known: Visit, given: Visit): boolean {
  return (
    known.frontier === given.frontier &&
    known.state === given.state &&
    known.closedBits.every((word, at) => word === given.closedBits[at]) &&
    known.overwrittenAt >= given.overwrittenAt &&
    known.openBits.every((word, at) => (word & ~(given.openBits[at] ?? 0)) === 0)
  );
}

describe('VisitedConfigurations', () => {
  it.each([
    [0, 1],
    [1, 1],
    [2, 3],
  ])('prunes a visit if and only if one as good was added: %i and %i words', (closedWords, openWords) => {
    fc.assert(
      fc.property(visits(closedWords, openWords), (all) => {
        const visited = new VisitedConfigurations(closedWords, openWords);
        const added: Visit[] = [];
        for (const visit of all) {
          const isNew = !added.some((known) => isAsGood(known, visit));
          expect(visited.add(visit)).toBe(isNew);
          if (isNew) added.push(visit);
        }
      }),
    );
  });

  it('keeps a copy: changing the bits afterwards changes nothing', () => {
    const visited = new VisitedConfigurations(1, 1);
    const visit = {
      frontier: 1,
      state: 0,
      overwrittenAt: -1,
      closedBits: Int32Array.of(5),
      openBits: Int32Array.of(2),
    };
    visited.add(visit);
    visit.closedBits[0] = 6;
    expect(visited.add(visit)).toBe(true);
    visit.closedBits[0] = 5;
    expect(visited.add(visit)).toBe(false);
  });

  it('holds a million, every one exactly, and says what they take', () => {
    const visited = new VisitedConfigurations(1, 1);
    const openBits = Int32Array.of(0);
    const add = (number: number) =>
      visited.add({
        frontier: number % 1000,
        state: number >> 16,
        overwrittenAt: -1,
        closedBits: Int32Array.of(number),
        openBits,
      });
    let added = 0;
    for (let number = 0; number < 1_000_000; number++) if (add(number)) added += 1;
    expect(added).toBe(1_000_000);
    for (let number = 0; number < 1_000_000; number += 997) expect(add(number)).toBe(false);
    expect(visited.bytes).toBeGreaterThan(28_000_000);
    expect(visited.bytes).toBeLessThan(100_000_000);
  });
});
