import { createMembership, encodeUtf8, logStart } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { createRaftEngine } from '../src/index.js';
import { TestCluster } from './test-cluster.js';

describe('§8 and dissertation §6.4: linearizable reads', () => {
  it('a leader confirms its leadership with a quorum before a read is let through', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.propose('n1', 'x');
    cluster.settle();
    cluster.step('n1', { type: 'read', context: 1, mode: 'index' });
    expect(cluster.node('n1').reads.size).toBe(0);
    cluster.settle();
    expect(cluster.node('n1').reads.get(1)).toBe(2);
  });

  it('a leader that was deposed without knowing it lets no read through', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.isolate('n1');
    cluster.step('n2', { type: 'campaign' });
    cluster.tick(30); // the others elect a leader; n1 may still think that it leads
    cluster.step('n1', { type: 'read', context: 1, mode: 'index' });
    cluster.settle();
    cluster.tick(30);
    expect(cluster.node('n1').reads.size).toBe(0);
    expect(cluster.node('n1').refused).toContainEqual(
      expect.objectContaining({ subject: { type: 'read', context: 1 }, effect: 'none' }),
    );
  });

  it('an answer to an earlier round of heartbeats does not confirm a later read', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.step('n1', { type: 'read', context: 1, mode: 'index' });
    const heartbeats = cluster.network.filter((message) => message.type === 'heartbeat');
    cluster.network = [];
    for (const heartbeat of heartbeats) cluster.deliver(heartbeat);
    const answers = cluster.network.filter((message) => message.type === 'heartbeatAnswer');
    cluster.network = [];
    cluster.step('n1', { type: 'read', context: 2, mode: 'index' });
    for (const answer of answers) cluster.deliver(answer);
    expect([...cluster.node('n1').reads.keys()]).toEqual([1]);
    for (const answer of answers) cluster.deliver(answer); // repeated by the network
    expect([...cluster.node('n1').reads.keys()]).toEqual([1]);
  });

  it('a read waits until the new leader has committed an entry of its own term', () => {
    const cluster = new TestCluster();
    cluster.autoSave = false;
    cluster.step('n1', { type: 'campaign' });
    for (let round = 0; round < 3; round++) {
      for (const id of ['n1', 'n2', 'n3']) if (cluster.node('n1').role !== 'leader') cluster.save(id);
      if (cluster.node('n1').role !== 'leader') cluster.settle();
    }
    expect(cluster.node('n1').role).toBe('leader');
    cluster.step('n1', { type: 'read', context: 1, mode: 'index' });
    cluster.settle();
    expect(cluster.node('n1').reads.size).toBe(0);
    for (const id of ['n1', 'n2', 'n3']) cluster.save(id);
    cluster.settle();
    cluster.tick(3);
    expect(cluster.node('n1').reads.get(1)).toBe(1);
  });

  it('a follower reads through its leader, and sees at least what was committed when it asked', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.propose('n1', 'x');
    cluster.settle();
    cluster.step('n3', { type: 'read', context: 9, mode: 'index' });
    cluster.settle();
    expect(cluster.node('n3').reads.get(9)).toBe(2);
  });

  it('reads of one turn share one round', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    const { engine } = cluster.node('n1');
    for (let context = 1; context <= 500; context++) engine.step({ type: 'read', context, mode: 'index' });
    cluster.settleNode('n1');
    expect(cluster.network.filter((message) => message.type === 'heartbeat')).toHaveLength(2);
    cluster.settle();
    expect(cluster.node('n1').reads.size).toBe(500);
  });

  it('an answer to a read of an earlier life of the follower is not taken for a new one', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.step('n3', { type: 'read', context: 1, mode: 'index' });
    // The request, the leader's heartbeats, and their answers.
    for (let hop = 0; hop < 3; hop++)
      for (const message of cluster.network.splice(0)) cluster.deliver(message);
    const old = cluster.network.filter((message) => message.type === 'readAnswer');
    expect(old).toHaveLength(1);
    cluster.network = [];
    cluster.crash('n3');
    cluster.restart('n3');
    cluster.tick(3);
    cluster.node('n3').reads.clear();
    cluster.step('n3', { type: 'read', context: 2, mode: 'index' });
    cluster.network = [];
    for (const answer of old) cluster.deliver(answer);
    expect(cluster.node('n3').reads.size).toBe(0);
  });

  it('a read that nobody answers is refused in the end, never left hanging', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.isolate('n3');
    cluster.step('n3', { type: 'read', context: 4, mode: 'index' });
    cluster.tick(40);
    expect(cluster.node('n3').refused).toContainEqual(
      expect.objectContaining({ subject: { type: 'read', context: 4 } }),
    );
  });

  it('a cluster of one reads without asking anybody', () => {
    const cluster = new TestCluster({ ids: ['n1'] });
    cluster.elect('n1');
    cluster.step('n1', { type: 'read', context: 1, mode: 'index' });
    expect(cluster.node('n1').reads.get(1)).toBe(1);
  });
});

describe('§7 snapshots', () => {
  function clusterWithLaggard(): TestCluster {
    const cluster = new TestCluster({ retainedEntries: 0 });
    cluster.elect('n1');
    cluster.isolate('n3');
    for (let time = 1; time <= 20; time++) cluster.propose('n1', String(time));
    cluster.settle();
    const { engine, disk } = cluster.node('n1');
    const status = engine.status();
    const meta = { index: status.commitIndex, term: status.term, membership: status.membership };
    disk.snapshot = meta;
    cluster.step('n1', { type: 'snapshotSaved', meta });
    return cluster;
  }

  it('the log before a saved snapshot is discarded, in memory and on disk', () => {
    const cluster = clusterWithLaggard();
    expect(cluster.node('n1').engine.status().firstIndex).toBe(22);
    expect(cluster.node('n1').disk.entries.size).toBe(0);
  });

  it('entries behind a snapshot are kept as far as asked', () => {
    const cluster = new TestCluster({ retainedEntries: 5 });
    cluster.elect('n1');
    for (let time = 1; time <= 20; time++) cluster.propose('n1', String(time));
    cluster.settle();
    const status = cluster.node('n1').engine.status();
    cluster.step('n1', {
      type: 'snapshotSaved',
      meta: { index: 15, term: 1, membership: status.membership },
    });
    expect(cluster.node('n1').engine.status().firstIndex).toBe(11);
  });

  it('a follower behind the discarded log gets the snapshot, and goes on from there', () => {
    const cluster = clusterWithLaggard();
    cluster.heal();
    cluster.tick(15);
    expect(cluster.node('n3').machineIndex).toBe(21);
    cluster.propose('n1', 'after');
    cluster.settle();
    expect(cluster.node('n3').commands).toEqual(['after']);
    expect(
      cluster
        .node('n1')
        .engine.status()
        .peers.find((peer) => peer.id === 'n3')?.state,
    ).toBe('replicate');
  });

  it('a node that restarts from a snapshot restores its state machine from it first', () => {
    const cluster = clusterWithLaggard();
    cluster.propose('n1', 'tail');
    cluster.settle();
    cluster.crash('n1');
    cluster.restart('n1');
    expect(cluster.node('n1').machineIndex).toBeGreaterThanOrEqual(21);
    cluster.tick(60);
    expect(cluster.node('n1').commands).toEqual(['tail']);
  });

  it('a crash after the snapshot was stored and before the log was replaced is recovered from', () => {
    const cluster = clusterWithLaggard();
    const meta = cluster.node('n1').disk.snapshot;
    if (meta === undefined) throw new Error('the leader has a snapshot');
    cluster.node('n3').disk.snapshot = meta; // stored, but no message was stepped yet
    cluster.crash('n3');
    cluster.restart('n3');
    expect(cluster.node('n3').machineIndex).toBe(21);
    expect(cluster.node('n3').disk.discarded).toEqual({ index: 21, term: 1 });
    cluster.heal();
    cluster.propose('n1', 'after');
    cluster.tick(10);
    expect(cluster.node('n3').commands).toEqual(['after']);
  });

  it('an old snapshot changes nothing on a node that is ahead of it', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    for (let time = 1; time <= 5; time++) cluster.propose('n1', String(time));
    cluster.settle();
    const meta = { index: 3, term: 1, membership: createMembership(['n1', 'n2', 'n3']) };
    cluster.step('n2', {
      type: 'receive',
      message: { type: 'installSnapshot', from: 'n1', to: 'n2', term: 1, meta },
    });
    expect(cluster.node('n2').commands).toEqual(['1', '2', '3', '4', '5']);
    expect(cluster.node('n2').engine.status().lastIndex).toBe(6);
  });

  it('a snapshot that was not delivered is offered again when the follower is heard', () => {
    const cluster = clusterWithLaggard();
    cluster.heal();
    const offers = () => cluster.node('n1').events.filter((event) => event.type === 'snapshotOffered').length;
    for (let ticks = 0; offers() === 0 && ticks < 30; ticks++) {
      cluster.step('n1', { type: 'tick' });
      for (const message of cluster.network.splice(0))
        if (message.type !== 'installSnapshot') cluster.deliver(message);
    }
    cluster.network = cluster.network.filter((message) => message.type !== 'installSnapshot');
    cluster.step('n1', { type: 'snapshotSent', peer: 'n3', delivered: false });
    cluster.tick(15);
    expect(offers()).toBeGreaterThan(1);
    expect(cluster.node('n3').machineIndex).toBe(21);
  });
});

describe('a snapshot that a follower asks for', () => {
  const members = createMembership(['n1', 'n2', 'n3']);

  it('takes the place of the state machine alone: what the log acknowledged behind it stays', () => {
    const cluster = new TestCluster({ retainedEntries: 100 });
    cluster.elect('n1');
    cluster.propose('n1', 'a');
    cluster.settle();
    cluster.step('n3', { type: 'requestSnapshot' });
    cluster.propose('n1', 'b');
    cluster.propose('n1', 'c');
    cluster.settle();
    expect(cluster.node('n3').engine.status()).toMatchObject({
      commitIndex: 4,
      lastIndex: 4,
      durableIndex: 4,
    });
    expect(cluster.node('n3').commands).toEqual(['a']);
    const meta = { index: 3, term: 1, membership: members };
    const offer = { type: 'installSnapshot', from: 'n1', to: 'n3', term: 1 } as const;
    const tooOld = { ...meta, index: 2 };
    const { engine } = cluster.node('n3');
    engine.step({ type: 'receive', message: { ...offer, meta: tooOld } });
    expect(engine.takeEffects()?.snapshots).toEqual([]);
    engine.step({ type: 'receive', message: { ...offer, meta } });
    const effects = engine.takeEffects();
    expect(effects?.snapshots).toEqual([{ type: 'install', meta }]);
    expect(effects?.committed.map(({ index }) => index)).toEqual([4]);
    expect(effects?.save?.truncateFrom).toBeUndefined();
    expect(engine.status()).toMatchObject({ lastIndex: 4, firstIndex: 1, snapshot: { index: 3, term: 1 } });
  });

  it('leaves the fate of a proposal unknown whose entry it covers, and says so', () => {
    const cluster = new TestCluster({ retainedEntries: 100 });
    cluster.elect('n1');
    const { engine } = cluster.node('n1');
    engine.step({ type: 'propose', commands: [{ proposal: 7, data: encodeUtf8('x') }] });
    const save = engine.takeEffects()?.save;
    const message = { type: 'heartbeat', from: 'n2', to: 'n1', term: 2, commitIndex: 1, round: 0 } as const;
    engine.step({ type: 'receive', message });
    engine.step({ type: 'requestSnapshot' });
    if (save !== undefined) engine.step({ type: 'saved', receipt: save.receipt });
    const offer = { type: 'installSnapshot', from: 'n2', to: 'n1', term: 2 } as const;
    engine.step({ type: 'receive', message: { ...offer, meta: { index: 2, term: 1, membership: members } } });
    expect(engine.takeEffects()?.refused).toMatchObject([
      { subject: { type: 'proposal', proposal: 7 }, code: 'OUTCOME_UNKNOWN', effect: 'unknown' },
    ]);
  });
});

describe('determinism', () => {
  it('a clone goes on exactly as its original', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.propose('n1', 'x');
    cluster.settle();
    const original = cluster.node('n1').engine;
    const copy = original.clone();
    expect(copy.fingerprint()).toBe(original.fingerprint());
    for (let ticks = 0; ticks < 50; ticks++) {
      original.step({ type: 'tick' });
      copy.step({ type: 'tick' });
      expect(copy.takeEffects()).toEqual(original.takeEffects());
      expect(copy.fingerprint()).toBe(original.fingerprint());
    }
  });

  it('options out of range are refused by name', () => {
    const start = {
      id: 'n1',
      group: 0,
      seed: 1,
      membership: createMembership(['n1']),
      recovered: { discarded: logStart, entries: [] },
    };
    expect(() => createRaftEngine({ ...start, electionTicks: 4, heartbeatTicks: 2 })).toThrow(
      /electionTicks is 4: it must be at least 3 times heartbeatTicks/,
    );
    expect(() => createRaftEngine({ ...start, id: 'no spaces' })).toThrow(/id "no spaces" is not a node id/);
    expect(() => createRaftEngine({ ...start, appendsInFlightMax: 0 })).toThrow(/appendsInFlightMax is 0/);
  });
});
