import { describe, expect, it } from 'vitest';
import { TestCluster, type TestClusterOptions } from './test-cluster.js';

const lease = { driftTicks: 2 };

function clusterWithLease(options: TestClusterOptions = {}): TestCluster {
  const cluster = new TestCluster({ lease, electionTicks: 10, heartbeatTicks: 2, ...options });
  cluster.elect('n1');
  cluster.tick(3);
  return cluster;
}

/** Whether a read of mode lease is let through at once, without a word to anybody. */
function readsAlone(cluster: TestCluster, id: string, context: number): boolean {
  cluster.step(id, { type: 'read', context, mode: 'lease' });
  const alone = cluster.node(id).reads.has(context);
  return alone;
}

describe('dissertation §6.4.1: a leader that a quorum has just answered', () => {
  it('answers reads of mode lease alone', () => {
    const cluster = clusterWithLease();
    cluster.network = [];
    expect(readsAlone(cluster, 'n1', 1)).toBe(true);
    expect(cluster.network).toEqual([]);
    expect(cluster.node('n1').reads.get(1)).toBe(1);
  });

  it('goes by read index where leases are off, as they are by default', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.tick(3);
    expect(readsAlone(cluster, 'n1', 1)).toBe(false);
    cluster.settle();
    expect(cluster.node('n1').reads.get(1)).toBe(1);
    expect(cluster.node('n1').engine.status().leaseTicksLeft).toBeUndefined();
  });

  it('goes by read index for reads that do not ask for the lease', () => {
    const cluster = clusterWithLease();
    cluster.step('n1', { type: 'read', context: 1, mode: 'index' });
    expect(cluster.node('n1').reads.has(1)).toBe(false);
    cluster.settle();
    expect(cluster.node('n1').reads.has(1)).toBe(true);
  });

  it('loses the lease an election timeout less the drift after it sent what was answered, not after the answer', () => {
    const cluster = clusterWithLease();
    // Heartbeats leave, and their answers are held up for 5 ticks.
    cluster.network = [];
    cluster.step('n1', { type: 'tick' });
    cluster.step('n1', { type: 'tick' });
    const heartbeats = cluster.network.splice(0);
    for (const heartbeat of heartbeats) cluster.deliver(heartbeat);
    const answers = cluster.network.splice(0);
    for (let ticks = 0; ticks < 5; ticks++) cluster.step('n1', { type: 'tick' });
    cluster.network = [];
    for (const answer of answers) cluster.deliver(answer);
    const left = cluster.node('n1').engine.status().leaseTicksLeft ?? 0;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(10 - 2 - 5);
    for (let ticks = 0; ticks < left; ticks++) {
      expect(readsAlone(cluster, 'n1', 100 + ticks)).toBe(true);
      cluster.step('n1', { type: 'tick' });
    }
    expect(readsAlone(cluster, 'n1', 200)).toBe(false);
  });

  it('loses it at once when its process stood still for longer', () => {
    const cluster = clusterWithLease();
    cluster.step('n1', { type: 'tick', missed: 20 });
    expect(readsAlone(cluster, 'n1', 1)).toBe(false);
    expect(cluster.node('n1').role).toBe('leader');
  });

  it('never outlives the contact with a quorum: it is cut off, another is elected, and nothing old is read', () => {
    const cluster = clusterWithLease();
    cluster.isolate('n1');
    for (let ticks = 0; ticks < 60; ticks++) {
      cluster.tick(1);
      const others = cluster.leaders().filter((id) => id !== 'n1');
      if (others.length > 0) expect(readsAlone(cluster, 'n1', ticks)).toBe(false);
    }
    expect(cluster.leaders().filter((id) => id !== 'n1')).toHaveLength(1);
  });

  it('has none while it hands over, nor in that term after it told another node to campaign', () => {
    const cluster = clusterWithLease();
    cluster.step('n1', { type: 'transferLeadership', to: 'n2' });
    cluster.network = cluster.network.filter((message) => message.type !== 'timeoutNow');
    expect(readsAlone(cluster, 'n1', 1)).toBe(false);
    cluster.cut('n1', 'n2');
    cluster.tick(15);
    // The transfer was given up, but the word is perhaps still under way.
    expect(cluster.leaders()).toEqual(['n1']);
    expect(cluster.node('n1').engine.status().transferTo).toBeUndefined();
    expect(readsAlone(cluster, 'n1', 2)).toBe(false);
  });

  it('has none before an entry of its own term is committed', () => {
    const cluster = new TestCluster({ lease });
    cluster.elect('n1');
    cluster.tick(3);
    cluster.step('n1', { type: 'transferLeadership', to: 'n2' });
    cluster.autoSave = false;
    for (let hop = 0; hop < 12 && cluster.node('n2').role !== 'leader'; hop++) {
      for (const id of ['n1', 'n2', 'n3']) if (cluster.node('n2').role !== 'leader') cluster.save(id);
      for (const message of cluster.network.splice(0)) cluster.deliver(message);
    }
    expect(cluster.node('n2').role).toBe('leader');
    cluster.tick(3);
    expect(cluster.node('n2').engine.status().leaseTicksLeft).toBeGreaterThan(0);
    expect(readsAlone(cluster, 'n2', 1)).toBe(false);
  });

  it('needs the answers of a quorum of the members that govern now', () => {
    const cluster = clusterWithLease({ spare: ['n4', 'n5'] });
    for (const id of ['n4', 'n5']) cluster.isolate(id);
    cluster.change('n1', 'n1 n4 n5', 7, true);
    cluster.tick(3);
    expect(readsAlone(cluster, 'n1', 1)).toBe(false);
    cluster.heal();
    cluster.tick(5);
    expect(cluster.node('n1').members).toBe('n1 n4 n5');
    expect(readsAlone(cluster, 'n1', 2)).toBe(true);
  });
});

describe('voters that may break no lease', () => {
  const request = {
    type: 'requestVote',
    from: 'n3',
    to: 'n2',
    term: 2,
    preVote: false,
    lastLogIndex: 9,
    lastLogTerm: 1,
  } as const;

  function votesFor(cluster: TestCluster): boolean {
    cluster.network = [];
    cluster.step('n2', { type: 'receive', message: request });
    return cluster.network.some((message) => message.type === 'vote' && message.granted);
  }

  it('one that was restarted waits an election timeout before it votes', () => {
    const cluster = clusterWithLease();
    cluster.crash('n2');
    cluster.restart('n2');
    expect(votesFor(cluster)).toBe(false);
    for (let ticks = 0; ticks < 10; ticks++) cluster.step('n2', { type: 'tick' });
    expect(votesFor(cluster)).toBe(true);
  });

  it('one that heard of a later term meanwhile still waits', () => {
    const cluster = clusterWithLease();
    cluster.step('n2', {
      type: 'receive',
      message: { type: 'readAnswer', from: 'n3', to: 'n2', term: 2, life: 1, request: 9, index: undefined },
    });
    expect(cluster.node('n2').term).toBe(2);
    expect(votesFor(cluster)).toBe(false);
  });

  it('one that is asked to campaign does not while a leader may hold a lease', () => {
    const cluster = clusterWithLease();
    cluster.step('n2', { type: 'campaign' });
    expect(cluster.node('n2').role).toBe('follower');
  });

  it('one that never ran before need not wait', () => {
    const cluster = new TestCluster({ lease });
    cluster.elect('n1');
    expect(cluster.leaders()).toEqual(['n1']);
  });
});

describe('the bound of the drift', () => {
  it('lies below the election timeout, and the election timeout stays as it is while leases are on', () => {
    expect(() => new TestCluster({ lease: { driftTicks: 10 }, electionTicks: 10 })).toThrow(
      /lease.driftTicks is 10/,
    );
    expect(() => new TestCluster({ lease: { driftTicks: 0 } })).toThrow(/lease.driftTicks is 0/);
    const cluster = clusterWithLease();
    expect(() => cluster.node('n1').engine.step({ type: 'retime', timing: { electionTicks: 20 } })).toThrow(
      /cannot become 20 while leases are on/,
    );
  });
});
