import { afterEach, describe, expect, it } from 'vitest';
import { IncarnationLostError } from '../src/index.js';
import { add } from './counter.js';
import { eventually, TestCluster, type TestClusterOptions } from './raft-cluster.js';

let cluster: TestCluster;

async function startCluster(size: number, options?: TestClusterOptions): Promise<TestCluster> {
  cluster = new TestCluster(size, options);
  await cluster.startAll();
  return cluster;
}

afterEach(() => cluster.stopAll());

describe('three raft replicas in one process', () => {
  it('answer a write with its result, and every node reads it linearizably', async () => {
    const { ids } = await startCluster(3);
    const leader = await cluster.leader();
    const { index, result } = await leader.replica.propose(add(3));
    expect(result).toEqual({ total: 3, commands: 1 });
    expect(index).toBeGreaterThan(0);
    for (const id of ids) {
      const { replica, counter } = cluster.node(id);
      await replica.waitForLeader();
      expect(await replica.read(() => counter.total)).toBe(3);
    }
  });

  it('refuse a write on a follower and name the leader', async () => {
    await startCluster(3);
    const leader = await cluster.leader();
    const follower = cluster.ids.find((id) => id !== leader.id) ?? '';
    const { replica } = cluster.node(follower);
    await replica.waitForLeader();
    await expect(replica.propose(add(1))).rejects.toMatchObject({
      code: 'NOT_LEADER',
      effect: 'none',
      leader: leader.id,
    });
  });

  it('put a thousand proposals of one turn into one save and one payload a peer', async () => {
    await startCluster(3);
    const { replica } = await cluster.leader();
    await replica.propose(add(0));
    const before = replica.metrics();
    const results = await Promise.all(Array.from({ length: 1000 }, () => replica.propose(add(1))));
    const after = replica.metrics();
    expect(results.at(-1)?.result.total).toBe(1000);
    expect(after.proposalBatches - before.proposalBatches).toBe(1);
    expect(after.entriesSaved - before.entriesSaved).toBe(1000);
    expect(after.saves - before.saves).toBeLessThanOrEqual(2);
  });

  it('go on without a leader that closes, and keep what was acknowledged', async () => {
    await startCluster(3);
    const old = await cluster.leader();
    await old.replica.propose(add(5));
    await cluster.stop(old.id);
    const next = await cluster.leader();
    expect(next.id).not.toBe(old.id);
    const { result } = await next.replica.propose(add(6));
    expect(result.total).toBe(11);
  });

  it('catch a restarted node up from its own storage and the leader', async () => {
    await startCluster(3);
    const leader = await cluster.leader();
    await leader.replica.propose(add(5));
    const absent = cluster.ids.find((id) => id !== leader.id) ?? '';
    await cluster.stop(absent);
    await leader.replica.propose(add(6));
    const { replica, counter } = await cluster.start(absent);
    await replica.waitForLeader();
    expect(await replica.read(() => counter.total)).toBe(11);
  });

  it('mend a damaged state machine from the snapshot of the leader, which takes one for it', async () => {
    await startCluster(3);
    const leader = await cluster.leader();
    await leader.replica.propose(add(5));
    const damaged = cluster.node(cluster.ids.find((id) => id !== leader.id) ?? '');
    await eventually(() => damaged.counter.total === 5);
    damaged.counter.total = 99;
    damaged.replica.requestSnapshot();
    await leader.replica.propose(add(6));
    await eventually(() => damaged.replica.metrics().snapshotsReceived === 1);
    expect(await damaged.replica.read(() => damaged.counter.total)).toBe(11);
    expect(leader.replica.metrics()).toMatchObject({ snapshotsSaved: 1, snapshotsSent: 1 });
    await leader.replica.propose(add(7));
    expect(await damaged.replica.read(() => damaged.counter.total)).toBe(18);
    expect(leader.replica.status().engine.leader).toBe(leader.id);
  });

  it('come back with everything after all of them stopped', async () => {
    await startCluster(3, { snapshotEveryEntries: 10, raft: { retainedEntries: 2 } });
    const leader = await cluster.leader();
    for (let count = 0; count < 35; count++) await leader.replica.propose(add(1));
    await cluster.stopAll();
    await cluster.startAll();
    const next = await cluster.leader();
    expect(await next.replica.read(() => next.counter.total)).toBe(35);
  });

  it('fill a follower that is behind the discarded log by a snapshot in several pieces', async () => {
    await startCluster(3, {
      snapshotEveryEntries: 20,
      padding: 100_000,
      raft: { retainedEntries: 5 },
      limits: { snapshotChunkBytes: 4096 },
    });
    const leader = await cluster.leader();
    const absent = cluster.ids.find((id) => id !== leader.id) ?? '';
    await cluster.stop(absent);
    for (let count = 0; count < 200; count++) await leader.replica.propose(add(1));
    await eventually(() => leader.replica.metrics().snapshotsSaved > 0);
    const { replica, counter } = await cluster.start(absent);
    await replica.waitForLeader();
    expect(await replica.read(() => counter.total)).toBe(200);
    expect(counter.commands).toBe(200);
    expect(replica.metrics().snapshotsReceived).toBe(1);
    expect(cluster.eventsOf(absent)).toContain('snapshotRestored');
  });

  it('refuse a voter whose disk was wiped, and say what to do', async () => {
    await startCluster(3);
    const leader = await cluster.leader();
    await leader.replica.propose(add(1));
    const wiped = cluster.ids.find((id) => id !== leader.id) ?? '';
    await cluster.stop(wiped);
    cluster.wipe(wiped);
    const { host, replica } = await cluster.start(wiped);
    const failure: unknown = await host.failed.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(IncarnationLostError);
    expect(failure).toMatchObject({
      code: 'INCARNATION_LOST',
      message: expect.stringContaining('must not vote'),
    });
    await expect(replica.propose(add(1))).rejects.toMatchObject({ code: 'REPLICA_FAILED', effect: 'none' });
    await expect(leader.replica.propose(add(1))).resolves.toMatchObject({ result: { total: 2 } });
  });

  it('end an unanswerable proposal of a cut-off leader as unknown, not as failed', async () => {
    await startCluster(3);
    const leader = await cluster.leader();
    await leader.replica.propose(add(1));
    cluster.network.partition([leader.id]);
    const outcome = leader.replica.propose(add(10), { timeoutMs: 30 });
    await expect(outcome).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', effect: 'unknown' });
    cluster.network.heal();
  });

  it('answer no read on a leader that was cut off: it cannot know what the others decided since', async () => {
    await startCluster(3);
    const old = await cluster.leader();
    await old.replica.propose(add(1));
    cluster.network.partition([old.id]);
    const stale = old.replica
      .read(() => old.counter.total, { timeoutMs: 150 })
      .catch((error: unknown) => error);
    const next = await cluster.leaderAmong(cluster.ids.filter((id) => id !== old.id));
    await next.replica.propose(add(1));
    expect(await stale).toMatchObject({ effect: 'none' });
    cluster.network.heal();
    await eventually(() => old.replica.leader === next.id);
    expect(await old.replica.read(() => old.counter.total)).toBe(2);
  });
});
