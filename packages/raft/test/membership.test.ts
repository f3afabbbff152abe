import { describe, expect, it } from 'vitest';
import { membersOf, TestCluster } from './test-cluster.js';

function refusal(cluster: TestCluster, id: string, proposal: number) {
  return cluster
    .node(id)
    .refused.find(({ subject }) => subject.type === 'proposal' && subject.proposal === proposal);
}

describe('§6 joint consensus', () => {
  it('adds a voter through a learner, the joint membership and the new one, and answers when that is committed', () => {
    const cluster = new TestCluster({ spare: ['n4'] });
    cluster.elect('n1');
    cluster.propose('n1', 'before');
    cluster.settle();
    cluster.change('n1', 'n1 n2 n3 (n4)', 70);
    cluster.tick(5);
    expect(cluster.node('n1').answered(70)).toBe(3);
    expect(cluster.node('n4').role).toBe('learner');
    expect(cluster.node('n4').commands).toEqual(['before']);
    cluster.change('n1', 'n1 n2 n3 n4', 71);
    cluster.tick(5);
    for (const node of cluster.nodes.values()) {
      expect(node.members).toBe('n1 n2 n3 n4');
      expect(node.log.slice(2)).toEqual([
        '1:{n1 n2 n3 (n4)}',
        '1:{n1 n2 n3 n4 / n1 n2 n3}',
        '1:{n1 n2 n3 n4}',
      ]);
    }
    expect(cluster.node('n1').answered(71)).toBe(5);
    expect(cluster.node('n4').role).toBe('follower');
  });

  it('replaces all voters at once', () => {
    const cluster = new TestCluster({ spare: ['n4', 'n5', 'n6'] });
    cluster.elect('n1');
    cluster.propose('n1', 'kept');
    cluster.change('n1', 'n4 n5 n6', 7, true);
    cluster.tick(60);
    const [leader] = cluster.leaders();
    expect(['n4', 'n5', 'n6']).toContain(leader);
    for (const id of ['n4', 'n5', 'n6']) {
      expect(cluster.node(id).members).toBe('n4 n5 n6');
      expect(cluster.node(id).commands).toEqual(['kept']);
    }
    expect(cluster.node('n1').answered(7)).toBeDefined();
    for (const id of ['n1', 'n2', 'n3']) cluster.crash(id);
    cluster.propose(leader ?? '', 'without the old');
    cluster.tick(5);
    expect(cluster.node(leader ?? '').commands).toEqual(['kept', 'without the old']);
  });

  it('decides nothing in the joint state without a majority of the old voters and one of the new', () => {
    const cluster = new TestCluster({ spare: ['n4', 'n5'] });
    cluster.elect('n1');
    for (const id of ['n4', 'n5']) cluster.isolate(id);
    cluster.change('n1', 'n1 n4 n5', 7, true);
    cluster.settle();
    expect(cluster.node('n1').members).toBe('n1 n4 n5 / n1 n2 n3');
    // All old voters hold it, but of the new ones only n1.
    expect(cluster.node('n1').engine.status().commitIndex).toBe(1);
    cluster.heal();
    cluster.tick(5);
    expect(cluster.node('n1').members).toBe('n1 n4 n5');
  });

  it('counts a majority of the new voters alone for nothing in the joint state', () => {
    const cluster = new TestCluster({ spare: ['n4', 'n5'] });
    cluster.elect('n1');
    for (const id of ['n2', 'n3']) cluster.isolate(id);
    cluster.change('n1', 'n1 n4 n5', 7, true);
    for (let time = 0; time < 5; time++) {
      cluster.step('n1', { type: 'tick' });
      cluster.settle();
    }
    expect(cluster.node('n4').members).toBe('n1 n4 n5 / n1 n2 n3');
    expect(cluster.node('n1').engine.status().commitIndex).toBe(1);
    expect(cluster.node('n1').answered(7)).toBeUndefined();
  });

  it('elects nobody in the joint state without both majorities', () => {
    const cluster = new TestCluster({ spare: ['n4', 'n5'] });
    cluster.elect('n1');
    cluster.change('n1', 'n1 n4 n5', 7, true);
    // Everybody gets the joint entry, but no acknowledgement comes back.
    for (let hop = 0; hop < 20; hop++)
      for (const message of cluster.network.splice(0))
        if (message.type !== 'appendAccepted' || message.matchIndex < 2) cluster.deliver(message);
    cluster.crash('n1');
    for (const id of ['n4', 'n5']) cluster.isolate(id);
    cluster.tick(100);
    expect(cluster.leaders()).toEqual([]);
    cluster.heal();
    cluster.tick(100);
    expect(cluster.leaders()).toHaveLength(1);
    const [leader = ''] = cluster.leaders();
    expect(cluster.node(leader).members).toBe('n1 n4 n5');
  });

  it('governs as soon as it is in the log, and no longer than it stands there', () => {
    const cluster = new TestCluster({ spare: ['n4'] });
    cluster.elect('n1');
    cluster.isolate('n1');
    cluster.change('n1', 'n1 n2 n3 n4', 7, true);
    expect(cluster.node('n1').members).toBe('n1 n2 n3 n4 / n1 n2 n3');
    cluster.tick(60);
    cluster.heal();
    cluster.tick(60);
    expect(cluster.node('n1').members).toBe('n1 n2 n3');
    expect(cluster.node('n1').events).toContainEqual(
      expect.objectContaining({ type: 'membershipChanged', index: 0 }),
    );
    expect(refusal(cluster, 'n1', 7)).toMatchObject({ code: 'OUTCOME_UNKNOWN', effect: 'unknown' });
  });

  it('is completed by the next leader when its own is lost in the joint state', () => {
    const cluster = new TestCluster({ spare: ['n4', 'n5'] });
    cluster.elect('n1');
    cluster.change('n1', 'n1 n2 n3 (n4) (n5)', 6);
    cluster.tick(5);
    cluster.change('n1', 'n1 n2 n3 n4 n5', 7);
    // The joint entry reaches all, and n1 is gone before it hears of that.
    for (const message of cluster.network.splice(0)) cluster.deliver(message);
    cluster.crash('n1');
    cluster.tick(100);
    const [leader = ''] = cluster.leaders();
    expect(cluster.node(leader).members).toBe('n1 n2 n3 n4 n5');
    expect(cluster.node(leader).engine.status().commitIndex).toBe(
      cluster.node(leader).engine.status().lastIndex,
    );
  });

  it('survives the crash of all nodes in the joint state', () => {
    const cluster = new TestCluster({ spare: ['n4', 'n5'] });
    cluster.elect('n1');
    cluster.change('n1', 'n1 n4 n5', 7, true);
    for (let hop = 0; hop < 20; hop++)
      for (const message of cluster.network.splice(0))
        if (message.type !== 'appendAccepted' || message.matchIndex < 2) cluster.deliver(message);
    for (const id of cluster.nodes.keys()) cluster.crash(id);
    for (const id of cluster.nodes.keys()) cluster.restart(id);
    expect(cluster.node('n4').members).toBe('n1 n4 n5 / n1 n2 n3');
    cluster.tick(100);
    const [leader = ''] = cluster.leaders();
    expect(cluster.node(leader).members).toBe('n1 n4 n5');
  });

  it('a snapshot carries the members, and a node that restarts from it knows them', () => {
    const cluster = new TestCluster({ spare: ['n4'], retainedEntries: 0 });
    cluster.elect('n1');
    cluster.change('n1', 'n1 n2 n3 (n4)', 6);
    cluster.tick(5);
    for (const id of cluster.nodes.keys()) cluster.snapshot(id);
    for (const id of cluster.nodes.keys()) cluster.crash(id);
    for (const id of cluster.nodes.keys()) cluster.restart(id);
    for (const node of cluster.nodes.values()) expect(node.members).toBe('n1 n2 n3 (n4)');
  });

  it('a snapshot with other members than govern at its index is refused as broken (openraft #1808)', () => {
    const cluster = new TestCluster({ spare: ['n4'] });
    cluster.elect('n1');
    cluster.isolate('n1');
    cluster.change('n1', 'n1 n2 n3 (n4)', 6);
    const { membership } = cluster.node('n1').engine.status();
    expect(() =>
      cluster.node('n1').engine.step({ type: 'snapshotSaved', meta: { index: 1, term: 1, membership } }),
    ).toThrow(/carries the members that govern there/);
  });

  it('a node that missed a change learns the members from the snapshot, in place of those in its dropped log', () => {
    const cluster = new TestCluster({ spare: ['n4'], retainedEntries: 0 });
    cluster.elect('n1');
    // n1 alone holds a change that never comes to be.
    cluster.isolate('n1');
    cluster.change('n1', 'n1 n2', 6);
    cluster.tick(60);
    const leader = cluster.leaders().find((id) => id !== 'n1') ?? '';
    cluster.change(leader, 'n1 n2 n3 (n4)', 7);
    cluster.tick(5);
    cluster.snapshot(leader);
    cluster.heal();
    cluster.tick(30);
    expect(cluster.node('n1').events.some((event) => event.type === 'snapshotInstalled')).toBe(true);
    expect(cluster.node('n1').members).toBe('n1 n2 n3 (n4)');
    cluster.crash('n1');
    cluster.restart('n1');
    expect(cluster.node('n1').members).toBe('n1 n2 n3 (n4)');
  });

  it('a new node that is far behind gets a snapshot first', () => {
    const cluster = new TestCluster({ spare: ['n4'], retainedEntries: 0 });
    cluster.elect('n1');
    for (let time = 0; time < 30; time++) cluster.propose('n1', `${time}`);
    cluster.settle();
    cluster.snapshot('n1');
    cluster.change('n1', 'n1 n2 n3 (n4)', 6);
    cluster.tick(10);
    expect(cluster.node('n4').machineIndex).toBe(cluster.node('n1').machineIndex);
    expect(cluster.node('n4').members).toBe('n1 n2 n3 (n4)');
  });

  it('a voter that lags hears a leader and a candidate that it does not know yet', () => {
    const cluster = new TestCluster({ spare: ['n4', 'n5'] });
    cluster.elect('n1');
    cluster.isolate('n2');
    cluster.change('n1', 'n1 n2 n4', 7, true);
    cluster.tick(10);
    expect(cluster.node('n4').members).toBe('n1 n2 n4');
    cluster.crash('n1');
    cluster.heal();
    cluster.tick(100);
    // n2 never heard of n4, and n4 needs its vote.
    expect(cluster.leaders()).toEqual(['n4']);
    expect(cluster.node('n2').members).toBe('n1 n2 n4');
  });
});

describe('leaving', () => {
  it('a leader that is removed leads until that is committed, then hands over and steps down', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.change('n1', 'n2 n3', 7);
    cluster.settle();
    expect(cluster.node('n1').answered(7)).toBe(3);
    expect(cluster.node('n1').role).toBe('learner');
    expect(cluster.leaders()).toHaveLength(1);
    expect(cluster.node('n1').events).toContainEqual(
      expect.objectContaining({ type: 'roleChanged', from: 'leader' }),
    );
    const [leader = ''] = cluster.leaders();
    cluster.propose(leader, 'after');
    cluster.settle();
    expect(cluster.node(leader).commands).toEqual(['after']);
  });

  it('a leader that is removed does not count itself for the members it is not in', () => {
    const cluster = new TestCluster({ ids: ['n1', 'n2', 'n3'] });
    cluster.elect('n1');
    cluster.change('n1', 'n2 n3', 7);
    // The joint entry is committed by all; of what follows, n3 gets nothing.
    cluster.cut('n1', 'n3');
    for (const message of cluster.network.splice(0))
      if (message.to === 'n3') cluster.step('n3', { type: 'receive', message });
      else cluster.deliver(message);
    cluster.settle();
    expect(cluster.node('n1').members).toBe('n2 n3');
    expect(cluster.node('n2').log.at(-1)).toBe('1:{n2 n3}');
    // n1 and n2 hold it: two nodes, but only one of the two voters.
    expect(cluster.node('n1').role).toBe('leader');
    expect(cluster.node('n1').answered(7)).toBeUndefined();
  });

  it('a removed node learns of it, campaigns no more and disturbs nobody', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.change('n1', 'n1 n2', 7);
    cluster.settle();
    expect(cluster.node('n3').members).toBe('n1 n2');
    cluster.tick(200);
    expect(cluster.node('n3').role).toBe('learner');
    expect(cluster.node('n1').term).toBe(1);
    expect(cluster.leaders()).toEqual(['n1']);
  });

  it('a node that was removed while it was cut off asks for votes in vain, and raises no term', () => {
    const cluster = new TestCluster({ ids: ['n1', 'n2', 'n3', 'n4'] });
    cluster.elect('n1');
    cluster.isolate('n4');
    cluster.change('n1', 'n1 n2 n3', 7);
    cluster.tick(50);
    cluster.heal();
    cluster.tick(200);
    expect(cluster.node('n4').members).toBe('n1 n2 n3 n4');
    expect(cluster.node('n1').term).toBe(1);
    expect(cluster.leaders()).toEqual(['n1']);
  });

  it('nodes that are left out lead once more when only they hold the entry that says so', () => {
    const cluster = new TestCluster({ spare: ['n4'] });
    cluster.elect('n1');
    cluster.change('n1', 'n4', 7, true);
    // The joint entry is committed; what follows reaches the old voters alone.
    while (cluster.node('n1').members !== 'n4' && cluster.network.length > 0)
      for (const message of cluster.network.splice(0)) cluster.deliver(message);
    cluster.cut('n1', 'n4');
    cluster.tick(1);
    expect(cluster.node('n2').members).toBe('n4');
    expect(cluster.node('n4').members).toBe('n4 / n1 n2 n3');
    cluster.crash('n1');
    cluster.restart('n1');
    cluster.heal();
    // n4 alone decides, but it lacks the entry, and the others refuse it their votes for that.
    cluster.tick(100);
    expect(cluster.leaders()).toEqual(['n4']);
    const { term } = cluster.node('n4');
    cluster.tick(100);
    expect(cluster.node('n4').term).toBe(term);
    cluster.propose('n4', 'alone');
    cluster.settle();
    expect(cluster.node('n4').commands).toEqual(['alone']);
  });

  it('a leader that becomes a learner can still vote for itself under the members before (scylla #10618)', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.isolate('n3');
    cluster.change('n1', '(n1) n2 n3', 7);
    expect(cluster.node('n1').members).toBe('n2 n3 (n1) / n1 n2 n3');
    for (const message of cluster.network.splice(0)) cluster.deliver(message);
    cluster.crash('n1');
    cluster.restart('n1');
    cluster.heal();
    cluster.crash('n2');
    cluster.tick(60);
    // n1 and n3 are a majority of the old voters, but n3 alone is none of the new.
    expect(cluster.leaders()).toEqual([]);
    cluster.restart('n2');
    cluster.tick(100);
    expect(cluster.leaders()).toHaveLength(1);
    expect(['n2', 'n3']).toContain(cluster.leaders()[0]);
    expect(cluster.node('n1').role).toBe('learner');
  });
});

describe('changes that are refused', () => {
  it.each([
    ['no voter', 'n1 n2 n3', '(n1) (n2)', 'INVALID', /no voter/],
    ['the members as they are', 'n1 n2 n3', 'n1 n2 n3', 'INVALID', /already/],
    ['a node that was never a learner', 'n1 n2 n3', 'n1 n2 n3 n4', 'NOT_READY', /as a learner first/],
  ])('%s', (_, ids, target, code, reason) => {
    const cluster = new TestCluster({ ids: ids.split(' '), spare: ['n4'] });
    cluster.elect('n1');
    cluster.change('n1', target, 7);
    expect(refusal(cluster, 'n1', 7)).toMatchObject({
      code,
      effect: 'none',
      reason: expect.stringMatching(reason),
    });
    expect(cluster.node('n1').members).toBe(ids);
  });

  it('an ordinal that another member has, and another ordinal for a member', () => {
    const cluster = new TestCluster({ spare: ['n4'] });
    cluster.elect('n1');
    const { members } = membersOf('n1 n2 n3');
    for (const [proposal, id, ordinal] of [
      [1, 'n4', 3],
      [2, 'n3', 4],
    ] as const) {
      const target = {
        members: [...members.slice(0, 2), { id, ordinal, role: 'learner' } as const],
        outgoingVoters: [],
      };
      cluster.step('n1', { type: 'changeMembership', change: { target }, proposal });
      expect(refusal(cluster, 'n1', proposal)).toMatchObject({ code: 'INVALID', effect: 'none' });
    }
  });

  it('when the members are no more those that the caller saw', () => {
    const cluster = new TestCluster({ spare: ['n4'] });
    cluster.elect('n1');
    const change = (members: string, ifMembershipIndex: number, proposal: number) => {
      const target = membersOf(members);
      cluster.step('n1', { type: 'changeMembership', change: { target, ifMembershipIndex }, proposal });
      cluster.settle();
    };
    change('n1 n2 n3 (n4)', 0, 6);
    const index = cluster.node('n1').answered(6) ?? 0;
    expect(index).toBeGreaterThan(0);
    change('n1 n2', 0, 7);
    expect(refusal(cluster, 'n1', 7)).toMatchObject({
      code: 'CONFLICT',
      effect: 'none',
      reason: expect.stringContaining(`stand in entry ${index}, not 0`),
    });
    expect(cluster.node('n1').members).toBe('n1 n2 n3 (n4)');
    change('n1 n2', index, 8);
    expect(cluster.node('n1').answered(8)).toBeDefined();
  });

  it('while another is under way', () => {
    const cluster = new TestCluster({ spare: ['n4'] });
    cluster.elect('n1');
    cluster.change('n1', 'n1 n2 n3 (n4)', 6);
    cluster.change('n1', 'n1 n2', 7);
    expect(refusal(cluster, 'n1', 7)).toMatchObject({
      code: 'NOT_READY',
      effect: 'none',
      reason: expect.stringContaining('under way since index 2'),
    });
    cluster.settle();
    cluster.change('n1', 'n1 n2', 8);
    cluster.settle();
    expect(cluster.node('n1').answered(8)).toBeDefined();
  });

  it('while the leader has committed nothing in its term (the bug of single-server changes)', () => {
    const cluster = new TestCluster();
    cluster.autoSave = false;
    cluster.step('n1', { type: 'campaign' });
    for (let hop = 0; hop < 8 && cluster.node('n1').role !== 'leader'; hop++) {
      for (const id of cluster.nodes.keys()) cluster.save(id);
      for (const message of cluster.network.splice(0)) cluster.deliver(message);
    }
    expect(cluster.node('n1').role).toBe('leader');
    cluster.change('n1', 'n1 n2', 7);
    expect(refusal(cluster, 'n1', 7)).toMatchObject({
      code: 'NOT_READY',
      reason: expect.stringContaining('committed nothing in its term'),
    });
  });

  it('by a node that does not lead, which names the leader', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.change('n2', 'n1 n2', 7);
    expect(refusal(cluster, 'n2', 7)).toMatchObject({ code: 'NOT_LEADER', leader: 'n1', effect: 'none' });
  });

  it('for a learner that is too far behind, until it has caught up', () => {
    const cluster = new TestCluster({ spare: ['n4'], promotionLagEntriesMax: 5 });
    cluster.elect('n1');
    cluster.change('n1', 'n1 n2 n3 (n4)', 6);
    cluster.tick(5);
    cluster.isolate('n4');
    for (let time = 0; time < 10; time++) cluster.propose('n1', `${time}`);
    cluster.settle();
    cluster.change('n1', 'n1 n2 n3 n4', 7);
    expect(refusal(cluster, 'n1', 7)).toMatchObject({
      code: 'NOT_READY',
      reason: expect.stringContaining('learner n4 is 10 entries behind: at most 5'),
    });
    cluster.heal();
    cluster.tick(10);
    cluster.change('n1', 'n1 n2 n3 n4', 8);
    cluster.settle();
    expect(cluster.node('n1').answered(8)).toBeDefined();
  });
});

describe('a learner', () => {
  it('gets the log, counts for no majority and never campaigns', () => {
    const cluster = new TestCluster({ ids: ['n1', 'n2', 'n3'], spare: ['n4'] });
    cluster.elect('n1');
    cluster.change('n1', 'n1 n2 n3 (n4)', 6);
    cluster.tick(3);
    cluster.crash('n2');
    cluster.crash('n3');
    cluster.propose('n1', 'x');
    cluster.settle();
    expect(cluster.node('n4').log.at(-1)).toBe('1:x');
    expect(cluster.node('n1').commands).toEqual([]);
    cluster.crash('n1');
    cluster.tick(100);
    expect(cluster.node('n4').term).toBe(1);
  });

  it('that became a voter without knowing it yet gives its vote (else nobody could be elected)', () => {
    const cluster = new TestCluster({ ids: ['n1', 'n2', 'n3'], spare: ['n4'] });
    cluster.elect('n1');
    cluster.change('n1', 'n2 n4', 7, true);
    for (const message of cluster.network.splice(0)) if (message.to !== 'n4') cluster.deliver(message);
    cluster.network = [];
    cluster.crash('n1');
    cluster.tick(100);
    expect(cluster.leaders()).toEqual(['n2']);
    expect(cluster.node('n4').members).toBe('n2 n4');
  });
});

describe('a node that is removed and added again in one term (the rejoin bug)', () => {
  it('late answers of its earlier membership move nothing', () => {
    const cluster = new TestCluster({ ids: ['n1', 'n2', 'n3'] });
    cluster.elect('n1');
    for (let time = 0; time < 10; time++) cluster.propose('n1', `${time}`);
    const late = { type: 'appendAccepted', from: 'n3', to: 'n1', term: 1, matchIndex: 11 } as const;
    cluster.settle();
    cluster.change('n1', 'n1 n2', 6);
    cluster.settle();
    cluster.isolate('n3');
    cluster.change('n1', 'n1 n2 (n3)', 7);
    cluster.settle();
    cluster.step('n1', { type: 'receive', message: late });
    const peer = cluster
      .node('n1')
      .engine.status()
      .peers.find(({ id }) => id === 'n3');
    expect(peer).toMatchObject({ matchIndex: 0, state: 'probe' });
    expect(cluster.node('n1').events).toContainEqual(
      expect.objectContaining({ type: 'messageIgnored', reason: expect.stringContaining('added again') }),
    );
    cluster.heal();
    cluster.tick(5);
    expect(cluster.node('n3').members).toBe('n1 n2 (n3)');
  });
});
