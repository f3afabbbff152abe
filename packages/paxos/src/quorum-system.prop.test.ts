import { isSynodError, type NodeId } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DisjointQuorumsError, type QuorumRule, QuorumSystem } from './quorum-system.js';

const allIds: readonly NodeId[] = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const anyVoters = fc.integer({ min: 1, max: 7 }).map((count) => allIds.slice(0, count));

type Subset = ReadonlySet<NodeId>;

/** What each rule says of a set, from its words: the slow and plain oracle. */
function isQuorum(rule: QuorumRule, voters: readonly NodeId[], phase: 1 | 2, nodes: Subset): boolean {
  const present = voters.filter((id) => nodes.has(id));
  switch (rule.type) {
    case 'majority':
      return 2 * present.length > voters.length;
    case 'sizes':
      return present.length >= (phase === 1 ? rule.phase1 : rule.phase2);
    case 'weighted': {
      const weight = present.map((id) => rule.weights[id] ?? 1).reduce((sum, each) => sum + each, 0);
      return weight >= (phase === 1 ? rule.phase1 : rule.phase2);
    }
    case 'grid':
      if (phase === 1) return rule.rows.every((row) => row.some((id) => nodes.has(id)));
      return rule.rows.some((row) => row.every((id) => nodes.has(id)));
    case 'listed':
      return rule[phase === 1 ? 'phase1' : 'phase2'].some((set) => set.every((id) => nodes.has(id)));
  }
}

function subsetsOf(voters: readonly NodeId[]): readonly Subset[] {
  return Array.from(
    { length: 2 ** voters.length },
    (_, bits) => new Set(voters.filter((_id, position) => (bits & (1 << position)) !== 0)),
  );
}

/** Whether some phase-1 quorum misses some phase-2 quorum, by trying all. */
function canMiss(rule: QuorumRule, voters: readonly NodeId[]): boolean {
  return subsetsOf(voters).some((nodes) => {
    const rest = new Set(voters.filter((id) => !nodes.has(id)));
    return isQuorum(rule, voters, 1, nodes) && isQuorum(rule, voters, 2, rest);
  });
}

const anyGroup: fc.Arbitrary<readonly [readonly NodeId[], QuorumRule]> = anyVoters.chain((voters) => {
  const size = fc.integer({ min: 1, max: voters.length });
  const sets = fc.array(fc.subarray([...voters], { minLength: 1 }), { minLength: 1, maxLength: 4 });
  const weights = fc
    .array(fc.nat(4), { minLength: voters.length, maxLength: voters.length })
    .map((values) => values.map((value, position) => (position === 0 ? value + 1 : value)));
  const rule: fc.Arbitrary<QuorumRule> = fc.oneof(
    fc.constant({ type: 'majority' as const }),
    fc.record({ type: fc.constant('sizes' as const), phase1: size, phase2: size }),
    weights.chain((values) => {
      const needed = fc.integer({ min: 1, max: values.reduce((sum, value) => sum + value, 0) });
      return fc.record({
        type: fc.constant('weighted' as const),
        weights: fc.constant(Object.fromEntries(voters.map((id, position) => [id, values[position] ?? 0]))),
        phase1: needed,
        phase2: needed,
      });
    }),
    fc.integer({ min: 1, max: voters.length }).map((columns) => ({
      type: 'grid' as const,
      rows: Array.from({ length: Math.ceil(voters.length / columns) }, (_, row) =>
        voters.slice(row * columns, (row + 1) * columns),
      ),
    })),
    fc.record({ type: fc.constant('listed' as const), phase1: sets, phase2: sets }),
  );
  return rule.map((made) => [voters, made] as const);
});

const safeGroup = anyGroup.filter(([voters, rule]) => !canMiss(rule, voters));
const values = <Value>(value: fc.Arbitrary<Value>) => fc.array(value, { minLength: 7, maxLength: 7 });

describe('a quorum system', () => {
  it('is refused exactly when two of its quorums miss each other, and two such are shown', () => {
    let refused = 0;
    fc.assert(
      fc.property(anyGroup, ([voters, rule]) => {
        let error: unknown;
        try {
          new QuorumSystem(voters, rule);
        } catch (caught) {
          error = caught;
        }
        expect(error !== undefined).toBe(canMiss(rule, voters));
        if (error === undefined) return;
        refused++;
        if (!(error instanceof DisjointQuorumsError)) throw error;
        const { phase1, phase2 } = error;
        expect(isQuorum(rule, voters, 1, new Set(phase1))).toBe(true);
        expect(isQuorum(rule, voters, 2, new Set(phase2))).toBe(true);
        expect(phase1.filter((id) => phase2.includes(id))).toEqual([]);
        expect(error.message).toContain(`{${phase1.join(', ')}}`);
      }),
      { numRuns: 1000 },
    );
    expect(refused).toBeGreaterThan(50);
  });

  it('knows its quorums as the words of its rule say', () => {
    fc.assert(
      fc.property(safeGroup, ([voters, rule]) => {
        const quorums = new QuorumSystem(voters, rule);
        for (const nodes of subsetsOf(voters)) {
          expect(quorums.isPhase1Quorum(nodes)).toBe(isQuorum(rule, voters, 1, nodes));
          expect(quorums.isPhase2Quorum(nodes)).toBe(isQuorum(rule, voters, 2, nodes));
        }
      }),
    );
  });

  it('calls a phase won, lost or open exactly when answers to come can no longer, or still, change it', () => {
    const anyAnswers = values(fc.option(fc.boolean(), { nil: undefined }));
    fc.assert(
      fc.property(safeGroup, anyAnswers, ([voters, rule], answers) => {
        const quorums = new QuorumSystem(voters, rule);
        const answerOf = (id: NodeId) => answers[voters.indexOf(id)];
        const granted = new Set(voters.filter((id) => answerOf(id) === true));
        const possible = new Set(voters.filter((id) => answerOf(id) !== false));
        for (const phase of [1, 2] as const) {
          const open = isQuorum(rule, voters, phase, possible) ? 'pending' : 'lost';
          const expected = isQuorum(rule, voters, phase, granted) ? 'won' : open;
          expect(phase === 1 ? quorums.phase1(answerOf) : quorums.phase2(answerOf)).toBe(expected);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('finds the greatest value that a phase-2 quorum has reached, as trying every value does', () => {
    fc.assert(
      fc.property(safeGroup, values(fc.nat(9)), ([voters, rule], progress) => {
        const progressOf = (id: NodeId) => progress[voters.indexOf(id)] ?? 0;
        let best = 0;
        for (let value = 0; value <= 9; value++) {
          const there = new Set(voters.filter((id) => progressOf(id) >= value));
          if (isQuorum(rule, voters, 2, there)) best = value;
        }
        expect(new QuorumSystem(voters, rule).reachedByPhase2(progressOf)).toBe(best);
      }),
      { numRuns: 500 },
    );
  });

  it('counts nobody who is no voter', () => {
    const quorums = new QuorumSystem(['a', 'b', 'c']);
    expect(quorums.isVoter('x')).toBe(false);
    expect(quorums.isPhase2Quorum(new Set(['a', 'x', 'y']))).toBe(false);
    expect(quorums.isPhase2Quorum(new Set(['a', 'c']))).toBe(true);
  });

  it('takes needs that add up to the total when no two sets of whole weights fit them', () => {
    const rule = { type: 'weighted', weights: { a: 3, b: 3 }, phase1: 1, phase2: 5 } as const;
    expect(() => new QuorumSystem(['a', 'b'], rule)).not.toThrow();
  });

  it('is checked quickly for the greatest group and the greatest weights', () => {
    const voters = Array.from({ length: 1023 }, (_, position) => `n${position}`);
    const weights = Object.fromEntries(voters.map((id) => [id, 97]));
    const half = 97 * 511;
    expect(() => new QuorumSystem(voters, { type: 'weighted', weights, phase1: half, phase2: half })).toThrow(
      DisjointQuorumsError,
    );
  });

  it.each<readonly [readonly NodeId[], QuorumRule, RegExp]>([
    [[], { type: 'majority' }, /there are no voters/],
    [['a', 'a'], { type: 'majority' }, /node a stands twice among the voters/],
    [['a', 'b'], { type: 'sizes', phase1: 3, phase2: 1 }, /phase-1 size of a quorum is 3: .* from 1 to 2/],
    [
      ['a'],
      { type: 'weighted', weights: { b: 1 }, phase1: 1, phase2: 1 },
      /node b has a weight but is no voter/,
    ],
    [['a'], { type: 'weighted', weights: { a: 0 }, phase1: 1, phase2: 1 }, /sum of the weights is 0/],
    [['a'], { type: 'weighted', weights: { a: -1 }, phase1: 1, phase2: 1 }, /weight of node a is -1/],
    [['a', 'b'], { type: 'grid', rows: [['a']] }, /voter b stands in no row/],
    [['a'], { type: 'grid', rows: [['a'], []] }, /a row of the grid is empty/],
    [['a'], { type: 'grid', rows: [['a'], ['b']] }, /node b of a row of the grid is no voter/],
    [['a', 'b'], { type: 'grid', rows: [['a', 'b'], ['a']] }, /node a stands twice among the rows/],
    [['a'], { type: 'listed', phase1: [], phase2: [['a']] }, /no phase-1 quorum is given/],
  ])('refuses voters %j with %j', (voters, rule, message) => {
    try {
      new QuorumSystem(voters, rule);
      expect.unreachable();
    } catch (error) {
      expect(isSynodError(error) && error.code).toBe('INVALID_ARGUMENT');
      expect(String(error)).toMatch(message);
    }
  });
});
