import { encodeUtf8 } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { TestCluster } from './test-cluster.js';

function refusals(cluster: TestCluster, id: string) {
  return cluster.node(id).refused.filter(({ subject }) => subject.type === 'transfer');
}

function ended(cluster: TestCluster, id: string) {
  return cluster.node(id).events.filter((event) => event.type === 'transferEnded');
}

describe('dissertation §3.10: a leader hands over', () => {
  it('to the voter that was named, without waiting for an election timeout', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.step('n1', { type: 'transferLeadership', to: 'n3' });
    cluster.settle();
    expect(cluster.leaders()).toEqual(['n3']);
    expect(cluster.node('n3').term).toBe(2);
    expect(ended(cluster, 'n1')).toMatchObject([{ to: 'n3', stillLeads: false }]);
    expect(refusals(cluster, 'n1')).toEqual([]);
  });

  it('to the most advanced voter when none is named', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.isolate('n2');
    cluster.propose('n1', 'x');
    cluster.settle();
    cluster.heal();
    cluster.step('n1', { type: 'transferLeadership' });
    cluster.settle();
    expect(cluster.leaders()).toEqual(['n3']);
  });

  it('only once the other node has the whole log', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.isolate('n2');
    cluster.propose('n1', 'x');
    cluster.settle();
    cluster.step('n1', { type: 'transferLeadership', to: 'n2' });
    cluster.settle();
    expect(cluster.node('n1').engine.status().transferTo).toBe('n2');
    cluster.heal();
    cluster.tick(5);
    expect(cluster.leaders()).toEqual(['n2']);
    expect(cluster.node('n2').commands).toEqual(['x']);
  });

  it('to a node that first needs a snapshot', () => {
    const cluster = new TestCluster({ retainedEntries: 0 });
    cluster.elect('n1');
    cluster.isolate('n2');
    for (let time = 0; time < 10; time++) cluster.propose('n1', `${time}`);
    cluster.settle();
    cluster.snapshot('n1');
    cluster.heal();
    cluster.step('n1', { type: 'transferLeadership', to: 'n2' });
    cluster.tick(9);
    expect(cluster.leaders()).toEqual(['n2']);
  });

  it('takes no commands meanwhile, and says whom it hands over to', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.isolate('n2');
    cluster.step('n1', { type: 'transferLeadership', to: 'n2' });
    cluster.step('n1', { type: 'propose', commands: [{ proposal: 8, data: encodeUtf8('x') }] });
    expect(cluster.node('n1').refused).toContainEqual(
      expect.objectContaining({
        subject: { type: 'proposal', proposal: 8 },
        code: 'NO_LEADER',
        effect: 'none',
        reason: expect.stringContaining('hands its leadership to n2'),
      }),
    );
  });

  it('gives up after an election timeout, says so, and takes commands again', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.crash('n2');
    cluster.propose('n1', 'missing there');
    cluster.step('n1', { type: 'transferLeadership', to: 'n2' });
    cluster.tick(9);
    expect(refusals(cluster, 'n1')).toEqual([]);
    cluster.tick(1);
    expect(refusals(cluster, 'n1')).toMatchObject([{ code: 'ABORTED', effect: 'none' }]);
    expect(ended(cluster, 'n1')).toMatchObject([{ to: 'n2', stillLeads: true }]);
    cluster.propose('n1', 'x');
    cluster.settle();
    expect(cluster.node('n1').commands).toEqual(['missing there', 'x']);
  });

  it('when it gives up after it told the other node, the outcome is unknown: the word may still arrive', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.step('n1', { type: 'transferLeadership', to: 'n2' });
    cluster.crash('n2');
    cluster.tick(10);
    expect(refusals(cluster, 'n1')).toMatchObject([{ code: 'ABORTED', effect: 'unknown' }]);
  });

  it('says it again when the word was lost', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.step('n1', { type: 'transferLeadership', to: 'n2' });
    expect(cluster.network.some((message) => message.type === 'timeoutNow')).toBe(true);
    cluster.network = [];
    cluster.tick(5);
    expect(cluster.leaders()).toEqual(['n2']);
  });

  it('forgets a transfer when it stops leading for another reason (hashicorp/raft #696)', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.isolate('n1');
    cluster.step('n1', { type: 'transferLeadership', to: 'n2' });
    cluster.network = [];
    cluster.tick(60);
    cluster.heal();
    cluster.tick(60);
    cluster.elect(cluster.leaders()[0] === 'n1' ? 'n1' : (cluster.leaders()[0] ?? ''));
    const [leader = ''] = cluster.leaders();
    if (leader !== 'n1') {
      cluster.step(leader, { type: 'transferLeadership', to: 'n1' });
      cluster.tick(5);
    }
    expect(cluster.leaders()).toEqual(['n1']);
    expect(cluster.node('n1').engine.status().transferTo).toBeUndefined();
    cluster.propose('n1', 'x');
    cluster.settle();
    expect(cluster.node('n1').commands).toContain('x');
  });

  it('in the joint state leaves that to the next leader, whose log it would put behind again', () => {
    const cluster = new TestCluster({ spare: ['n4'] });
    cluster.elect('n1');
    cluster.change('n1', 'n1 n2 n3 (n4)', 6);
    cluster.tick(3);
    cluster.change('n1', 'n2 n3 n4', 7);
    cluster.step('n1', { type: 'transferLeadership', to: 'n4' });
    cluster.settle();
    expect(cluster.leaders()).toEqual(['n4']);
    expect(cluster.node('n4').members).toBe('n2 n3 n4');
  });

  it('a late word of an earlier term moves nothing', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.step('n1', { type: 'transferLeadership', to: 'n2' });
    const word = cluster.network.find((message) => message.type === 'timeoutNow');
    cluster.settle();
    if (word === undefined) throw new Error('n1 tells n2 to campaign');
    cluster.step('n2', { type: 'transferLeadership', to: 'n3' });
    cluster.settle();
    expect(cluster.leaders()).toEqual(['n3']);
    cluster.deliver(word);
    cluster.settle();
    expect(cluster.leaders()).toEqual(['n3']);
  });

  it('asks for votes only once its candidacy is durable, like any candidate', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.autoSave = false;
    const word = { type: 'timeoutNow', from: 'n1', to: 'n2', term: 1 } as const;
    cluster.step('n2', { type: 'receive', message: word });
    expect(cluster.node('n2').role).toBe('candidate');
    expect(cluster.network.filter((message) => message.type === 'requestVote')).toEqual([]);
    cluster.save('n2');
    expect(cluster.network.filter((message) => message.type === 'requestVote')).toHaveLength(2);
  });

  it.each([
    ['has an older log', 2, 0, 0],
    ['asks for a second vote in a term', 2, 9, 1],
  ])('the wish of the leader gives no vote to a node that %s', (why, term, lastLogIndex, lastLogTerm) => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    const request = {
      type: 'requestVote',
      to: 'n2',
      term,
      preVote: false,
      lastLogIndex,
      lastLogTerm,
      transfer: true,
    } as const;
    if (why.startsWith('asks')) cluster.step('n2', { type: 'receive', message: { ...request, from: 'n1' } });
    cluster.network = [];
    cluster.step('n2', { type: 'receive', message: { ...request, from: 'n3' } });
    const votes = cluster.network.filter((message) => message.type === 'vote');
    expect(votes).toMatchObject([{ to: 'n3', granted: false }]);
  });

  it('nobody but the leader can make a node campaign', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    const message = { type: 'timeoutNow', from: 'n3', to: 'n2', term: 1 } as const;
    cluster.step('n2', { type: 'receive', message });
    cluster.settle();
    expect(cluster.leaders()).toEqual(['n1']);
  });
});

describe('transfers that are refused', () => {
  it.each([
    ['to the leader itself', 'n1', 'INVALID', /leads already/],
    ['to a node that is no member', 'n9', 'INVALID', /no member/],
    ['to a learner', 'n4', 'INVALID', /only a voter can lead/],
  ])('%s', (_, to, code, reason) => {
    const cluster = new TestCluster({ spare: ['n4'] });
    cluster.elect('n1');
    cluster.change('n1', 'n1 n2 n3 (n4)', 6);
    cluster.tick(3);
    cluster.step('n1', { type: 'transferLeadership', to });
    expect(refusals(cluster, 'n1')).toMatchObject([
      { code, effect: 'none', reason: expect.stringMatching(reason) },
    ]);
  });

  it('by a node that does not lead, which names the leader', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.step('n2', { type: 'transferLeadership', to: 'n3' });
    expect(refusals(cluster, 'n2')).toMatchObject([{ code: 'NOT_LEADER', leader: 'n1' }]);
  });

  it('to a second node while the first has not taken over', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.isolate('n2');
    cluster.step('n1', { type: 'transferLeadership', to: 'n2' });
    cluster.step('n1', { type: 'transferLeadership', to: 'n3' });
    expect(refusals(cluster, 'n1')).toMatchObject([{ code: 'NOT_READY', effect: 'none' }]);
  });

  it('in a group of one', () => {
    const cluster = new TestCluster({ ids: ['n1'] });
    cluster.elect('n1');
    cluster.step('n1', { type: 'transferLeadership' });
    expect(refusals(cluster, 'n1')).toMatchObject([{ code: 'NOT_READY', effect: 'none' }]);
  });
});

describe('a leader whose own disk stalls (hashicorp/raft #503, etcd #13527)', () => {
  it('gives its leadership up, though its heartbeats still flow, and campaigns no more until the disk works', () => {
    const cluster = new TestCluster({ saveTicksMax: 20 });
    cluster.elect('n1');
    cluster.autoSave = false;
    cluster.propose('n1', 'x');
    for (let ticks = 0; ticks < 60; ticks++) {
      for (const id of ['n2', 'n3']) cluster.save(id);
      cluster.tick(1);
    }
    for (const id of ['n2', 'n3']) cluster.save(id);
    cluster.settle();
    expect(cluster.node('n1').role).toBe('follower');
    expect(cluster.node('n1').events).toContainEqual(
      expect.objectContaining({
        type: 'roleChanged',
        from: 'leader',
        reason: expect.stringContaining('the disk stalls'),
      }),
    );
    expect(cluster.leaders()).toHaveLength(1);
    expect(cluster.leaders()).not.toEqual(['n1']);
    cluster.autoSave = true;
    for (const id of cluster.nodes.keys()) cluster.save(id);
    cluster.tick(10);
    for (const node of cluster.nodes.values()) expect(node.commands).toEqual(['x']);
  });

  it('leads on while every save takes less than it may', () => {
    const cluster = new TestCluster({ saveTicksMax: 20 });
    cluster.elect('n1');
    cluster.autoSave = false;
    for (let round = 0; round < 10; round++) {
      cluster.propose('n1', `${round}`);
      for (let ticks = 0; ticks < 15; ticks++) {
        for (const id of ['n2', 'n3']) cluster.save(id);
        cluster.tick(1);
      }
      cluster.save('n1');
    }
    expect(cluster.leaders()).toEqual(['n1']);
  });
});
