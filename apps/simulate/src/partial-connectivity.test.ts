/**
 * The three situations of partial connectivity, on both engines. The table of the guide "Raft and Paxos" is written from
 * these runs; anew with `vitest -u` when an engine has moved on.
 */
import { createMultiPaxosEngine } from '@synod/paxos';
import { createRaftEngine } from '@synod/raft';
import { describe, expect, it } from 'vitest';
import {
  type PartialConnectivity,
  type PartialRun,
  partialConnectivity,
  runPartially,
  watchedTicks,
} from './partial-connectivity.js';
import { paxosSubject } from './paxos-subject.js';
import { raftSubject } from './raft-subject.js';

/** The least election timeout, in ticks; each one is drawn from this to 19. */
const electionTicks = 10;
const timing = { electionTicks, heartbeatTicks: 2 };
const seeds = Array.from({ length: 12 }, (_, position) => position + 1);

const engines = {
  'Multi-Paxos': (situation: PartialConnectivity, seed: number) => {
    const subject = paxosSubject();
    const create: typeof subject.engine.create = (start) => createMultiPaxosEngine({ ...timing, ...start });
    return runPartially(situation, { ...subject, engine: { ...subject.engine, create } }, seed);
  },
  Raft: (situation: PartialConnectivity, seed: number) => runRaft(situation, seed, true),
  'Raft without pre-vote': (situation: PartialConnectivity, seed: number) => runRaft(situation, seed, false),
};

function runRaft(situation: PartialConnectivity, seed: number, preVote: boolean): PartialRun {
  const subject = raftSubject();
  const create: typeof subject.engine.create = (start) => createRaftEngine({ ...timing, preVote, ...start });
  return runPartially(situation, { ...subject, engine: { ...subject.engine, create } }, seed);
}

const runs = partialConnectivity.map((situation) => ({
  situation,
  byEngine: Object.entries(engines).map(([engine, run]) => ({
    engine,
    runs: seeds.map((seed) => run(situation, seed)),
  })),
}));

describe.each(runs)('$situation.name', ({ situation, byEngine }) => {
  it.each(byEngine)('is what it is meant to be, and safe: $engine', ({ runs: each }) => {
    for (const run of each) {
      expect(run.finding).toBeUndefined();
      expect(run.leader).toBe(situation.leader);
      if (situation.behind !== undefined) expect(run.behindBy).toBeGreaterThan(0);
    }
  });

  it('Multi-Paxos decides again within four election timeouts, and goes on', () => {
    const found = byEngine.find(({ engine }) => engine === 'Multi-Paxos')?.runs ?? [];
    expect(found).toHaveLength(seeds.length);
    for (const { recovery, longestGap, elections } of found) {
      expect(recovery).toBeLessThanOrEqual(4 * electionTicks);
      expect(longestGap).toBeLessThanOrEqual(4 * electionTicks);
      expect(elections).toBeLessThanOrEqual(1);
    }
  });
});

it('the table has what the runs came to', async () => {
  const rows = runs.flatMap(({ situation, byEngine }) =>
    byEngine.map(({ engine, runs: each }) => row(situation.name, engine, each)),
  );
  const table = [
    '| situation | engine | runs that decide again | ticks until then: median | most | longest time without a decision | elections after the cut, at most |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ];
  await expect(`${table.join('\n')}\n`).toMatchFileSnapshot(
    '../../../docs/generated/partial-connectivity.md',
  );
});

function row(situation: string, engine: string, each: readonly PartialRun[]): string {
  const recoveries = each
    .flatMap(({ recovery }) => (recovery === undefined ? [] : [recovery]))
    .sort((left, right) => left - right);
  const ticks = (value: number | undefined) => (value === undefined ? '-' : value.toFixed(1));
  const longest = Math.max(...each.map(({ longestGap }) => longestGap));
  const elections = Math.max(...each.map((run) => run.elections));
  return `| ${[
    situation,
    engine,
    `${recoveries.length} of ${each.length}`,
    ticks(recoveries[Math.floor(recoveries.length / 2)]),
    ticks(recoveries.at(-1)),
    longest >= watchedTicks ? 'all the time' : ticks(longest),
    elections,
  ].join(' | ')} |`;
}
