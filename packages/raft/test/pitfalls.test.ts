import { encodeUtf8 } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { diskWithTerms, TestCluster } from './test-cluster.js';

describe('one door for everything that moves the term (hashicorp/raft #695)', () => {
  it('entries of a leader whose term ended while they were being saved are acknowledged to nobody in the new term', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.autoSave = false;
    cluster.propose('n1', 'old');
    for (const message of cluster.network.splice(0)) if (message.to === 'n3') cluster.deliver(message);
    // The disk of n3 still works on the entry when a leader of term 9 shows itself.
    const heartbeat = { type: 'heartbeat', from: 'n2', to: 'n3', term: 9, commitIndex: 0, round: 0 } as const;
    cluster.step('n3', { type: 'receive', message: heartbeat });
    cluster.network = [];
    cluster.save('n3');
    const accepted = cluster.network.filter((message) => message.type === 'appendAccepted');
    expect(accepted.every((message) => message.to === 'n1' && message.term === 1)).toBe(true);
    // And the leader of term 9 replaces it, with nothing counted for it twice.
    const entry = { index: 2, term: 9, kind: 'command', data: encodeUtf8('new') } as const;
    const append = {
      type: 'appendEntries',
      from: 'n2',
      to: 'n3',
      term: 9,
      prevLogIndex: 1,
      prevLogTerm: 1,
      entries: [entry],
      commitIndex: 2,
    } as const;
    cluster.step('n3', { type: 'receive', message: append });
    expect(cluster.node('n3').commands).toEqual([]);
    cluster.save('n3');
    expect(cluster.node('n3').commands).toEqual(['new']);
  });
});

describe('heartbeats', () => {
  it('tell a follower no commit index beyond what it is known to hold', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.isolate('n3');
    cluster.propose('n1', 'x');
    cluster.settle();
    for (let ticks = 0; ticks < 2; ticks++) cluster.step('n1', { type: 'tick' });
    const heartbeats = cluster.network.filter((message) => message.type === 'heartbeat');
    expect(Object.fromEntries(heartbeats.map(({ to, commitIndex }) => [to, commitIndex]))).toEqual({
      n2: 2,
      n3: 1,
    });
  });

  it('leave while entries for the same follower wait for their window', () => {
    const cluster = new TestCluster({ appendsInFlightMax: 1 });
    cluster.elect('n1');
    cluster.propose('n1', 'a');
    cluster.propose('n1', 'b');
    cluster.network = [];
    for (let ticks = 0; ticks < 2; ticks++) cluster.step('n1', { type: 'tick' });
    expect(cluster.network.filter((message) => message.type === 'heartbeat')).toHaveLength(2);
  });
});

describe('partial connectivity', () => {
  /** Cuts the links between two nodes both ways. */
  function part(cluster: TestCluster, left: string, right: string): void {
    cluster.cut(left, right);
    cluster.cut(right, left);
  }

  it('a chain of three keeps one leader that commits, and terms do not race', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    part(cluster, 'n1', 'n3');
    cluster.tick(200);
    expect(cluster.leaders()).toHaveLength(1);
    const [leader = ''] = cluster.leaders();
    const { term } = cluster.node(leader);
    cluster.tick(300);
    expect(cluster.leaders()).toEqual([leader]);
    expect(cluster.node(leader).term).toBe(term);
    cluster.propose(leader, 'in a chain');
    cluster.tick(5);
    expect(cluster.node(leader).commands).toEqual(['in a chain']);
  });

  it('a leader that lost its majority is replaced by the one node that still reaches one (Cloudflare, 2020)', () => {
    const cluster = new TestCluster({ ids: ['n1', 'n2', 'n3', 'n4', 'n5'] });
    cluster.elect('n1');
    // n3 reaches all; nobody else reaches anybody but n3.
    const others = ['n1', 'n2', 'n4', 'n5'];
    for (const left of others) for (const right of others) if (left !== right) part(cluster, left, right);
    cluster.tick(200);
    expect(cluster.leaders()).toEqual(['n3']);
    cluster.propose('n3', 'through the middle');
    cluster.tick(5);
    expect(cluster.node('n5').commands).toEqual(['through the middle']);
  });

  it('where only a node with an older log reaches a majority, it stands still, safely, until links come back', () => {
    const cluster = new TestCluster({ ids: ['n1', 'n2', 'n3', 'n4', 'n5'] });
    cluster.elect('n1');
    cluster.isolate('n3');
    cluster.propose('n1', 'missing on n3');
    cluster.settle();
    cluster.crash('n1');
    cluster.heal();
    const others = ['n2', 'n4', 'n5'];
    for (const left of others) for (const right of others) if (left !== right) part(cluster, left, right);
    cluster.tick(200);
    // A limit of Raft (constrained elections): n3 cannot win, and nobody else reaches a majority.
    expect(cluster.leaders()).toEqual([]);
    cluster.heal();
    cluster.tick(100);
    expect(cluster.leaders()).toHaveLength(1);
    expect(cluster.node('n3').commands).toEqual(['missing on n3']);
  });
});

describe('a learner with a higher term than the cluster', () => {
  it('joins without a lasting disturbance (hashicorp/raft: non-voter with a higher term)', () => {
    const cluster = new TestCluster({ spare: ['n4'], disks: { n4: diskWithTerms([], 9) } });
    cluster.elect('n1');
    cluster.change('n1', 'n1 n2 n3 (n4)', 7);
    cluster.tick(100);
    expect(cluster.leaders()).toHaveLength(1);
    const [leader = ''] = cluster.leaders();
    const { term } = cluster.node(leader);
    expect(term).toBeGreaterThan(9);
    cluster.propose(leader, 'x');
    cluster.tick(100);
    expect(cluster.leaders()).toEqual([leader]);
    expect(cluster.node(leader).term).toBe(term);
    expect(cluster.node(leader).commands).toEqual(['x']);
  });
});
