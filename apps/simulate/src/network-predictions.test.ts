/**
 * What is predicted of real networks, as `docs/generated/network-predictions.json` has it; anew with `vitest -u` when an
 * engine has moved on.
 */
import { createMultiPaxosEngine } from '@synod/paxos';
import { createRaftEngine } from '@synod/raft';
import { describe, expect, it } from 'vitest';
import {
  networkDelaysMs,
  networkSituations,
  predictLatency,
  predictRecovery,
  runSituation,
} from './network-predictions.js';
import type { PartialConnectivity } from './partial-connectivity.js';
import { paxosSubject } from './paxos-subject.js';
import { raftSubject } from './raft-subject.js';

/** As the program ships with. */
const timing = { electionTicks: 10, heartbeatTicks: 2 };
const seeds = Array.from({ length: 14 }, (_, position) => position + 1);

function subjectOfRaft() {
  const subject = raftSubject();
  const create: typeof subject.engine.create = (start) => createRaftEngine({ ...timing, ...start });
  return { ...subject, engine: { ...subject.engine, create } };
}

function subjectOfPaxos() {
  const subject = paxosSubject();
  const create: typeof subject.engine.create = (start) => createMultiPaxosEngine({ ...timing, ...start });
  return { ...subject, engine: { ...subject.engine, create } };
}

function runBoth(situation: PartialConnectivity) {
  return {
    raft: runSituation(situation, subjectOfRaft(), seeds),
    paxos: runSituation(situation, subjectOfPaxos(), seeds),
  };
}

const runs = networkSituations.map((situation) => ({ situation, byEngine: runBoth(situation) }));

describe.each(runs)('$situation.name', ({ situation, byEngine }) => {
  it.each(Object.entries(byEngine))('is what it is meant to be, and safe: %s', (_engine, each) => {
    for (const run of each) {
      expect(run.finding).toBeUndefined();
      expect(run.leader).toBe(situation.leader);
    }
  });
});

it('the predictions are those of the runs', async () => {
  const situations = runs.map(({ situation, byEngine }) => ({
    ...situation,
    predictions: Object.entries(byEngine).map(([engine, each]) => predictRecovery(engine, each)),
  }));
  const latencies = networkDelaysMs.flatMap((delayMs) => [
    predictLatency('raft', subjectOfRaft(), delayMs),
    predictLatency('paxos', subjectOfPaxos(), delayMs),
  ]);
  await expect(`${JSON.stringify({ situations, latencies }, undefined, 2)}\n`).toMatchFileSnapshot(
    '../../../docs/generated/network-predictions.json',
  );
});
