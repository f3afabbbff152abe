/**
 * Majorities beside small phase-2 quorums while followers are slow. The table of the guide "Raft and Paxos" is written
 * from these runs; anew with `vitest -u` when the engine has moved on.
 */
import { votersOf } from '@synod/core';
import { createMultiPaxosEngine, type QuorumRule, QuorumSystem } from '@synod/paxos';
import { expect, it } from 'vitest';
import { type CommitLatency, measureCommitLatency } from './commit-latency.js';
import { paxosSubject } from './paxos-subject.js';

const rules = {
  'majorities (3 and 3)': { type: 'majority' },
  'phase 2 of 2, phase 1 of 4': { type: 'sizes', phase1: 4, phase2: 2 },
} satisfies Record<string, QuorumRule>;

const slowFollowers = [[], ['n5'], ['n4', 'n5'], ['n3', 'n4', 'n5']];

function measure(quorums: QuorumRule, slow: readonly string[]): CommitLatency {
  const subject = paxosSubject();
  const engine: typeof subject.engine = {
    ...subject.engine,
    create: (start) => createMultiPaxosEngine({ quorums, ...start }),
    decides: (membership, holds) => new QuorumSystem(votersOf(membership), quorums).phase2(holds) === 'won',
  };
  return measureCommitLatency({ ...subject, engine }, slow, 1);
}

it('a phase-2 quorum of two waits for the fastest follower only', async () => {
  const found = slowFollowers.map((slow) => ({
    slow: slow.length,
    majority: measure(rules['majorities (3 and 3)'], slow),
    small: measure(rules['phase 2 of 2, phase 1 of 4'], slow),
  }));
  for (const { slow, majority, small } of found) {
    expect([majority.finding, small.finding]).toEqual([undefined, undefined]);
    expect(Math.min(majority.decided, small.decided)).toBeGreaterThan(1000);
    expect(small.medianMs).toBeLessThan(majority.medianMs);
    expect(small.p99Ms).toBeLessThanOrEqual(majority.p99Ms);
    // Three slow followers leave a majority no way around them, and two nodes are enough for the other rule.
    if (slow === 3) expect(majority.medianMs).toBeGreaterThan(3 * small.medianMs);
  }
  const rows = found.flatMap(({ slow, majority, small }) =>
    Object.keys(rules).map((rule, position) => {
      const { decided, medianMs, p99Ms } = position === 0 ? majority : small;
      return `| ${slow} of 4 | ${rule} | ${decided} | ${medianMs.toFixed(2)} | ${p99Ms.toFixed(2)} |`;
    }),
  );
  const table = [
    '| slow followers | quorums | commands | median ms | 99 % ms |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ];
  await expect(`${table.join('\n')}\n`).toMatchFileSnapshot('../../../docs/generated/flexible-quorums.md');
}, 60_000);
