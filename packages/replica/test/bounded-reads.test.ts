import { afterEach, describe, expect, it } from 'vitest';
import { add } from './counter.js';
import { TestCluster } from './raft-cluster.js';
import { settled } from './scripted-engine.js';
import { openSolo } from './solo.js';

describe('a read of bounded staleness', () => {
  it('is answered from the state here while that is fresh enough, and says how stale it may be', async () => {
    const { replica, engine, counter, tick } = await openSolo();
    await replica.propose(add(2));
    await replica.read(() => counter.total);
    await tick(3);
    const answer = await replica.readBounded(() => counter.total, { maxStalenessMs: 100 });
    expect(answer).toEqual({ value: 2, stalenessMs: 30, appliedIndex: 1 });
    expect(engine.inputsOf('read')).toHaveLength(1);
    expect(replica.metrics()).toMatchObject({ reads: 1, boundedReadsLocal: 1 });
  });

  it('asks for a barrier when it is not, which serves the reads after it', async () => {
    const { replica, engine, counter, tick } = await openSolo();
    const read = (maxStalenessMs: number) => replica.readBounded(() => counter.total, { maxStalenessMs });
    expect(await read(1000)).toMatchObject({ stalenessMs: 0 });
    await tick(2);
    expect(await read(20)).toMatchObject({ stalenessMs: 20 });
    expect(await read(19)).toMatchObject({ stalenessMs: 0 });
    expect(engine.inputsOf('read')).toHaveLength(2);
    expect(await read(19)).toMatchObject({ stalenessMs: 0 });
    expect(engine.inputsOf('read')).toHaveLength(2);
  });

  it('counts from when the barrier was asked for, not from its answer', async () => {
    const { replica, engine, tick } = await openSolo({ actsAlone: false });
    const asked = replica.read(() => 1);
    await tick(5);
    engine.emit({ reads: [{ context: 1, index: 0 }] });
    replica.campaign();
    await asked;
    expect(await replica.readBounded(() => 1, { maxStalenessMs: 1000 })).toMatchObject({ stalenessMs: 50 });
  });

  it('trusts a barrier only once the state machine has come as far', async () => {
    const { replica, engine } = await openSolo({ actsAlone: false });
    void replica.read(() => 1).catch(() => undefined);
    await settled();
    engine.emit({ reads: [{ context: 1, index: 5 }] });
    replica.campaign();
    await settled();
    void replica.readBounded(() => 1, { maxStalenessMs: 1000 }).catch(() => undefined);
    await settled();
    expect(engine.inputsOf('read')).toHaveLength(2);
    await replica.close();
  });

  it('is refused like any read when nobody can confirm that the state is fresh enough', async () => {
    const { replica, engine, tick } = await openSolo({ actsAlone: false });
    engine.onStep = (input) => {
      if (input.type !== 'read') return;
      const subject = { type: 'read' as const, context: input.context };
      engine.emit({ refused: [{ subject, code: 'NO_LEADER', effect: 'none', reason: 'nobody leads' }] });
    };
    await expect(replica.readBounded(() => 1, { maxStalenessMs: 10 })).rejects.toMatchObject({
      code: 'NO_LEADER',
      effect: 'none',
    });
    engine.onStep = () => undefined;
    const late = replica.readBounded(() => 1, { maxStalenessMs: 10, timeoutMs: 10 });
    await Promise.all([expect(late).rejects.toMatchObject({ code: 'TIMED_OUT' }), tick(4)]);
  });

  it('of any staleness asks nobody, and says that it knows nothing', async () => {
    const { replica, engine } = await openSolo({ actsAlone: false });
    const answer = await replica.readBounded(() => 7, { maxStalenessMs: Number.POSITIVE_INFINITY });
    expect(answer).toEqual({ value: 7, stalenessMs: Number.POSITIVE_INFINITY, appliedIndex: 0 });
    expect(engine.inputsOf('read')).toHaveLength(0);
  });

  it('rejects with what its query throws, and with the name of a bound that makes no sense', async () => {
    const { replica } = await openSolo();
    const any = { maxStalenessMs: Number.POSITIVE_INFINITY };
    await expect(replica.readBounded(() => BigInt(0.5), any)).rejects.toBeInstanceOf(RangeError);
    for (const maxStalenessMs of [-1, Number.NaN]) {
      await expect(replica.readBounded(() => 1, { maxStalenessMs })).rejects.toThrow(/maxStalenessMs is/);
    }
    await replica.close();
    await expect(replica.readBounded(() => 1, any)).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('bounded reads of three replicas', () => {
  let cluster: TestCluster;
  afterEach(() => cluster.stopAll());

  it('never reflect less than was answered before their staleness, also on a node that is cut off', async () => {
    cluster = new TestCluster(3);
    await cluster.startAll();
    const leader = await cluster.leader();
    const reader = cluster.node(cluster.ids.find((id) => id !== leader.id) ?? '');
    await reader.replica.waitForLeader();
    const others = cluster.ids.filter((id) => id !== reader.id);
    /** When each total was first answered to its writer. */
    const answeredMs: number[] = [performance.now()];
    const outcomes = { local: 0, fresh: 0, refused: 0 };
    for (let round = 1; round <= 5000 && outcomes.refused < 5; round++) {
      if (round === 90) cluster.network.partition([reader.id], others);
      await leader.replica.propose(add(1));
      answeredMs[round] = performance.now();
      const calledMs = performance.now();
      await reader.replica
        .readBounded(() => reader.counter.total, { maxStalenessMs: 25, timeoutMs: 10 })
        .then(({ value, stalenessMs }) => {
          expect(stalenessMs).toBeLessThanOrEqual(25);
          const least = answeredMs.findLastIndex((atMs) => atMs < calledMs - stalenessMs);
          expect(value).toBeGreaterThanOrEqual(least);
          outcomes[stalenessMs === 0 ? 'fresh' : 'local']++;
        })
        .catch((error: { readonly code?: string }) => {
          if (error.code !== 'TIMED_OUT' && error.code !== 'NOT_LEADER' && error.code !== 'NO_LEADER')
            throw error;
          outcomes.refused++;
        });
    }
    expect(outcomes.fresh).toBeGreaterThan(0);
    expect(outcomes.refused).toBeGreaterThan(0);
  });
});
