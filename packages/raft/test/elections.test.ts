import { describe, expect, it } from 'vitest';
import { diskWithTerms, TestCluster } from './test-cluster.js';

describe('§5.2 leader election', () => {
  it('a follower that hears no leader campaigns, and a majority makes it leader', () => {
    const cluster = new TestCluster();
    cluster.tick(25);
    expect(cluster.leaders()).toHaveLength(1);
    const [leader] = cluster.leaders();
    for (const node of cluster.nodes.values()) expect(node.engine.status().leader).toBe(leader);
  });

  it('heartbeats keep followers from campaigning', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.tick(500);
    expect(cluster.leaders()).toEqual(['n1']);
    expect(cluster.node('n1').term).toBe(1);
  });

  it('election timeouts differ between nodes and lie between electionTicks and twice that', () => {
    const firsts = new Set<number>();
    for (let seed = 0; seed < 30; seed++) {
      const cluster = new TestCluster({ ids: ['n1', 'n2', 'n3'], seed, electionTicks: 10 });
      cluster.isolate('n1');
      for (let ticks = 1; ticks <= 25; ticks++) {
        cluster.step('n1', { type: 'tick' });
        if (cluster.node('n1').role === 'pre-candidate') {
          firsts.add(ticks);
          expect(ticks).toBeGreaterThanOrEqual(10);
          expect(ticks).toBeLessThan(20);
          break;
        }
      }
    }
    expect(firsts.size).toBeGreaterThan(4);
  });

  it('with a spread of one tick every timeout is electionTicks', () => {
    for (let seed = 0; seed < 10; seed++) {
      const cluster = new TestCluster({ seed, electionTicks: 10, electionSpreadTicks: 1 });
      cluster.isolate('n1');
      for (let ticks = 1; ticks < 10; ticks++) cluster.step('n1', { type: 'tick' });
      expect(cluster.node('n1').role).toBe('follower');
      cluster.step('n1', { type: 'tick' });
      expect(cluster.node('n1').role).toBe('pre-candidate');
    }
  });

  it('a candidate that gets no vote does not put off the campaign of a node that could win', () => {
    const ticksToCampaign = (disturbedAt: number | undefined) => {
      const cluster = new TestCluster({ disks: { n1: diskWithTerms([1, 1, 1], 1) } });
      for (let ticks = 1; ticks <= 40; ticks++) {
        cluster.step('n1', { type: 'tick' });
        if (cluster.node('n1').role !== 'follower') return ticks;
        if (ticks !== disturbedAt) continue;
        const shorter = { lastLogIndex: 1, lastLogTerm: 1, preVote: false, term: 7 };
        cluster.step('n1', {
          type: 'receive',
          message: { type: 'requestVote', from: 'n2', to: 'n1', ...shorter },
        });
        expect(cluster.node('n1').term).toBe(7);
      }
      return undefined;
    };
    expect(ticksToCampaign(9)).toBe(ticksToCampaign(undefined));
  });

  it('without pre-vote a node stands at once, in a term of its own', () => {
    const cluster = new TestCluster({ preVote: false });
    cluster.isolate('n1');
    cluster.step('n1', { type: 'campaign' });
    expect(cluster.node('n1').role).toBe('candidate');
    expect(cluster.node('n1').term).toBe(1);
  });

  it('a late refusal of an earlier campaign does not hide the vote that the voter gives in this one', () => {
    const cluster = new TestCluster({ ids: ['n1', 'n2', 'n3'], preVote: false });
    cluster.isolate('n1');
    cluster.step('n1', { type: 'campaign' });
    cluster.step('n1', { type: 'campaign' });
    expect(cluster.node('n1').term).toBe(2);
    const answer = { type: 'vote', from: 'n2', to: 'n1', preVote: false } as const;
    cluster.step('n1', { type: 'receive', message: { ...answer, term: 1, granted: false } });
    cluster.step('n1', { type: 'receive', message: { ...answer, term: 2, granted: true } });
    expect(cluster.node('n1').role).toBe('leader');
  });

  it('at most one candidate wins a term: a voter gives one vote a term', () => {
    const cluster = new TestCluster();
    cluster.step('n1', { type: 'campaign' });
    cluster.step('n2', { type: 'campaign' });
    cluster.settle();
    cluster.tick(40);
    expect(cluster.leaders()).toHaveLength(1);
  });

  it('a leader that hears of a newer term steps down at once', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.step('n1', {
      type: 'receive',
      message: { type: 'heartbeatAnswer', from: 'n2', to: 'n1', term: 9, round: 0 },
    });
    expect(cluster.node('n1').role).toBe('follower');
    expect(cluster.node('n1').term).toBe(9);
  });

  it('a vote leaves only after it is durable, and survives a crash', () => {
    const cluster = new TestCluster();
    cluster.autoSave = false;
    const request = {
      type: 'requestVote',
      from: 'n1',
      to: 'n2',
      term: 5,
      preVote: false,
      lastLogIndex: 0,
      lastLogTerm: 0,
    } as const;
    cluster.step('n2', { type: 'receive', message: request });
    expect(cluster.network.filter((message) => message.type === 'vote')).toEqual([]);
    cluster.save('n2');
    expect(cluster.network.filter((message) => message.type === 'vote' && message.granted)).toHaveLength(1);

    cluster.network = [];
    cluster.crash('n2');
    cluster.restart('n2');
    cluster.save('n2');
    cluster.step('n2', { type: 'receive', message: { ...request, from: 'n3' } });
    cluster.save('n2');
    expect(cluster.network.filter((message) => message.type === 'vote' && message.granted)).toEqual([]);
  });

  it('a vote in a term that the voter knew already survives a crash as well', () => {
    const cluster = new TestCluster({ disks: { n2: diskWithTerms([1], 1), n3: diskWithTerms([1], 1) } });
    const ask = (from: string, lastLogIndex: number, lastLogTerm: number) => {
      const message = {
        type: 'requestVote',
        from,
        to: 'n3',
        term: 5,
        preVote: false,
        lastLogIndex,
        lastLogTerm,
      } as const;
      cluster.network = [];
      cluster.step('n3', { type: 'receive', message });
      return cluster.network.map((answer) => answer.type === 'vote' && answer.granted);
    };
    // n1 lacks the entry: it gets no vote, but its term is known and saved from here on.
    expect(ask('n1', 0, 0)).toEqual([false]);
    expect(ask('n2', 1, 1)).toEqual([true]);
    cluster.crash('n3');
    cluster.restart('n3');
    expect(ask('n1', 1, 1)).toEqual([false]);
    expect(ask('n2', 1, 1)).toEqual([true]);
  });

  it('a vote that was not durable at the crash was never sent, so the voter may vote anew', () => {
    const cluster = new TestCluster();
    cluster.autoSave = false;
    const request = {
      type: 'requestVote',
      from: 'n1',
      to: 'n2',
      term: 5,
      preVote: false,
      lastLogIndex: 0,
      lastLogTerm: 0,
    } as const;
    cluster.step('n2', { type: 'receive', message: request });
    cluster.crash('n2');
    cluster.restart('n2');
    cluster.save('n2');
    cluster.step('n2', { type: 'receive', message: { ...request, from: 'n3' } });
    cluster.save('n2');
    expect(
      cluster.network.filter((message) => message.type === 'vote' && message.granted && message.to === 'n3'),
    ).toHaveLength(1);
  });

  it('requests for real votes wait until the candidate has saved its term and its own vote', () => {
    const cluster = new TestCluster();
    cluster.autoSave = false;
    cluster.step('n1', { type: 'campaign' });
    cluster.step('n1', {
      type: 'receive',
      message: { type: 'vote', from: 'n2', to: 'n1', term: 1, preVote: true, granted: true },
    });
    expect(cluster.node('n1').role).toBe('candidate');
    const real = () =>
      cluster.network.filter((message) => message.type === 'requestVote' && !message.preVote);
    expect(real()).toEqual([]);
    cluster.save('n1');
    expect(real()).toHaveLength(2);
  });
});

describe('§5.4.1 election restriction', () => {
  it('a candidate whose log is older by term or shorter in the same term gets no vote', () => {
    const disks = {
      n1: diskWithTerms([1, 1], 1),
      n2: diskWithTerms([1, 2], 2),
      n3: diskWithTerms([1, 2, 2], 2),
    };
    const cluster = new TestCluster({ disks });
    cluster.step('n1', { type: 'campaign' });
    cluster.settle();
    expect(cluster.node('n1').role).not.toBe('leader');
    cluster.step('n2', { type: 'campaign' });
    cluster.settle();
    // n1 finds n2 up to date, so 2 of 3 are for it, though n3 is not.
    expect(cluster.node('n2').role).toBe('leader');
  });
});

describe('pre-vote (dissertation §9.6) and check-quorum', () => {
  it('a node that was cut off comes back without raising the term or deposing the leader', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.isolate('n3');
    cluster.tick(200);
    expect(cluster.node('n3').term).toBe(1);
    cluster.heal();
    cluster.tick(20);
    expect(cluster.leaders()).toEqual(['n1']);
    expect(cluster.node('n1').term).toBe(1);
    expect(cluster.node('n3').engine.status().leader).toBe('n1');
  });

  it('voters that hear a leader refuse even a vote of a higher term', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.step('n2', {
      type: 'receive',
      message: {
        type: 'requestVote',
        from: 'n3',
        to: 'n2',
        term: 7,
        preVote: false,
        lastLogIndex: 99,
        lastLogTerm: 6,
      },
    });
    expect(cluster.node('n2').term).toBe(1);
    const answer = cluster
      .node('n2')
      .events.find((event) => event.type === 'voteAnswered' && event.term === 7);
    expect(answer).toMatchObject({ granted: false, reason: expect.stringContaining('n1 leads term 1') });
  });

  it('a leader that hears no quorum for an election timeout steps down, and says why', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.isolate('n1');
    cluster.tick(25);
    expect(cluster.node('n1').role).not.toBe('leader');
    expect(cluster.node('n1').events).toContainEqual(
      expect.objectContaining({
        type: 'roleChanged',
        from: 'leader',
        reason: expect.stringContaining('no quorum was heard'),
      }),
    );
  });

  it('a leader that can send but not receive loses the leadership, and the others elect another', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.cut('n2', 'n1');
    cluster.cut('n3', 'n1');
    cluster.tick(80);
    expect(cluster.leaders()).toHaveLength(1);
    expect(cluster.leaders()).not.toEqual(['n1']);
  });

  it('a candidate stuck at a higher term is freed: the leader of the older term steps down when it hears of it', () => {
    const cluster = new TestCluster({ disks: { n3: diskWithTerms([], 8) } });
    cluster.cut('n3', 'n1');
    cluster.cut('n3', 'n2');
    cluster.cut('n1', 'n3');
    cluster.cut('n2', 'n3');
    cluster.elect('n1');
    cluster.heal();
    cluster.tick(80);
    expect(cluster.leaders()).toHaveLength(1);
    const terms = [...cluster.nodes.values()].map((node) => node.term);
    expect(new Set(terms).size).toBe(1);
    expect(terms[0]).toBeGreaterThan(8);
  });

  it('when links fail so that one node still reaches a majority, the cluster keeps electing somebody who can commit', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.cut('n1', 'n2');
    cluster.cut('n2', 'n1');
    cluster.tick(100);
    const [leader] = cluster.leaders();
    expect(leader).toBeDefined();
    cluster.propose(leader ?? '', 'through the bridge');
    cluster.tick(5);
    expect(cluster.node(leader ?? '').commands).toContain('through the bridge');
  });
});

describe('a leader that is known to be gone', () => {
  it('is not waited for once a quorum was told so, and only then', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.crash('n1');
    cluster.step('n2', { type: 'campaign' });
    cluster.settle();
    expect(cluster.leaders()).toEqual([]);
    cluster.step('n3', { type: 'forgetLeader' });
    cluster.step('n2', { type: 'campaign' });
    cluster.settle();
    expect(cluster.leaders()).toEqual(['n2']);
  });

  it('is waited for all the same where it may hold a lease', () => {
    const cluster = new TestCluster({ lease: { driftTicks: 2 } });
    cluster.elect('n1');
    cluster.isolate('n1');
    for (const id of ['n2', 'n3']) cluster.step(id, { type: 'forgetLeader' });
    cluster.step('n2', { type: 'campaign' });
    cluster.settle();
    expect(cluster.leaders()).toEqual(['n1']);
  });
});
