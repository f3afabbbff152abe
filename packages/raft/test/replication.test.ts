import { encodeUtf8 } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { diskWithTerms, TestCluster } from './test-cluster.js';

describe('§5.3 log replication', () => {
  it('a command is applied on every node once a majority holds it', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.propose('n1', 'x=1', 'y=2');
    cluster.settle();
    for (const node of cluster.nodes.values()) expect(node.commands).toEqual(['x=1', 'y=2']);
  });

  it('a proposal answers its caller: the committed entry carries its number, on the proposer only', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.step('n1', { type: 'propose', commands: [{ proposal: 77, data: encodeUtf8('x') }] });
    cluster.settle();
    expect(cluster.node('n1').applied.at(-1)).toMatchObject({ proposal: 77 });
    expect(cluster.node('n2').applied.at(-1)?.proposal).toBeUndefined();
  });

  it('a majority is enough, and no minority is', () => {
    const cluster = new TestCluster({ ids: ['n1', 'n2', 'n3', 'n4', 'n5'] });
    cluster.elect('n1');
    cluster.crash('n4');
    cluster.crash('n5');
    cluster.propose('n1', 'with three');
    cluster.settle();
    expect(cluster.node('n1').commands).toEqual(['with three']);
    cluster.crash('n3');
    cluster.propose('n1', 'with two');
    cluster.settle();
    expect(cluster.node('n1').commands).toEqual(['with three']);
  });

  it('all commands of one turn travel in one append and one save', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    const node = cluster.node('n1');
    const commands = Array.from({ length: 100 }, (_, proposal) => ({
      proposal,
      data: encodeUtf8(String(proposal)),
    }));
    for (const command of commands) node.engine.step({ type: 'propose', commands: [command] });
    const effects = node.engine.takeEffects();
    expect(effects?.save?.entries).toHaveLength(100);
    expect(effects?.sendNow.filter((message) => message.type === 'appendEntries')).toHaveLength(2);
  });

  it('the leader sends while its own disk works, and counts itself only when that is done', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.autoSave = false;
    cluster.propose('n1', 'x');
    expect(
      cluster.network.some((message) => message.type === 'appendEntries' && message.entries.length === 1),
    ).toBe(true);
    cluster.settle();
    cluster.save('n2');
    cluster.settle();
    // n2 holds it, n1 only sent it: one of three.
    expect(cluster.node('n1').engine.status().commitIndex).toBe(1);
    cluster.save('n1');
    expect(cluster.node('n1').engine.status().commitIndex).toBe(2);
  });

  it('followers alone can commit, but the leader applies only what its own disk holds', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.autoSave = false;
    cluster.propose('n1', 'x');
    cluster.settle();
    cluster.save('n2');
    cluster.save('n3');
    cluster.settle();
    expect(cluster.node('n1').engine.status().commitIndex).toBe(2);
    expect(cluster.node('n1').commands).toEqual([]);
    cluster.save('n1');
    expect(cluster.node('n1').commands).toEqual(['x']);
  });

  it('an acknowledgement waits for an earlier save that holds its entries', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.autoSave = false;
    cluster.propose('n1', 'x');
    const append = cluster.network.find((message) => message.type === 'appendEntries' && message.to === 'n2');
    if (append === undefined) throw new Error('the leader sends an append to n2');
    cluster.network = [];
    cluster.deliver(append);
    cluster.deliver(append); // a duplicate: nothing new to save, but the first save is still under way
    expect(cluster.network.filter((message) => message.type === 'appendAccepted')).toEqual([]);
    cluster.save('n2');
    expect(cluster.network.filter((message) => message.type === 'appendAccepted').length).toBeGreaterThan(0);
  });

  it('a shorter or late append never removes entries that follow it', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.propose('n1', 'a', 'b', 'c');
    const late = cluster.network.find((message) => message.type === 'appendEntries' && message.to === 'n2');
    cluster.settle();
    if (late?.type !== 'appendEntries') throw new Error('the leader sends an append to n2');
    cluster.step('n2', { type: 'receive', message: { ...late, entries: late.entries.slice(0, 1) } });
    expect(cluster.node('n2').log).toEqual(['1:-', '1:a', '1:b', '1:c']);
  });

  it('a commit index beyond what an append proves to agree is not taken over', () => {
    // n2 holds an entry of term 2 at index 2 that the leader of term 3 never had.
    const cluster = new TestCluster({ disks: { n2: diskWithTerms([1, 2], 2) } });
    const append = {
      type: 'appendEntries',
      from: 'n1',
      to: 'n2',
      term: 3,
      prevLogIndex: 1,
      prevLogTerm: 1,
    } as const;
    cluster.step('n2', { type: 'receive', message: { ...append, entries: [], commitIndex: 2 } });
    expect(cluster.node('n2').engine.status().commitIndex).toBe(1);
    expect(cluster.node('n2').commands).toEqual(['1.1']);
  });

  it('lost appends are noticed and sent again', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.propose('n1', 'a');
    cluster.network = [];
    cluster.propose('n1', 'b');
    cluster.network = [];
    cluster.tick(10);
    for (const node of cluster.nodes.values()) expect(node.commands).toEqual(['a', 'b']);
  });

  it('no more appends are on their way to a follower than its window allows', () => {
    const cluster = new TestCluster({ appendsInFlightMax: 4 });
    cluster.elect('n1');
    cluster.isolate('n3');
    for (let time = 0; time < 50; time++) cluster.propose('n1', String(time));
    const toN2 = cluster.network.filter(
      (message) => message.type === 'appendEntries' && message.to === 'n2' && message.entries.length > 0,
    );
    expect(toN2).toHaveLength(4);
    cluster.tick(5);
    expect(cluster.node('n2').commands).toHaveLength(50);
  });

  it('an append is split at its byte limit, and a single larger entry goes alone', () => {
    const cluster = new TestCluster({ appendBytesMax: 100, entryBytesMax: 1000 });
    cluster.elect('n1');
    cluster.propose('n1', 'a'.repeat(40), 'b'.repeat(40), 'c'.repeat(500), 'd');
    const sizes = cluster.network
      .filter((message) => message.type === 'appendEntries' && message.to === 'n2')
      .map((message) => (message.type === 'appendEntries' ? message.entries.length : 0));
    expect(sizes).toEqual([1, 1, 1, 1]);
  });

  it('refuses what is too large, and what is too much, with a definite refusal', () => {
    const cluster = new TestCluster({ entryBytesMax: 10, uncommittedBytesMax: 60 });
    cluster.elect('n1');
    cluster.propose('n1', 'x'.repeat(11));
    expect(cluster.node('n1').refused.at(-1)).toMatchObject({ code: 'TOO_LARGE', effect: 'none' });
    cluster.isolate('n1');
    cluster.propose('n1', 'a', 'b', 'c', 'd', 'e');
    expect(cluster.node('n1').refused.at(-1)).toMatchObject({ code: 'OVERLOADED', effect: 'none' });
  });

  it('a follower refuses proposals and names the leader', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.propose('n2', 'x');
    expect(cluster.node('n2').refused).toMatchObject([{ code: 'NOT_LEADER', effect: 'none', leader: 'n1' }]);
  });
});

describe('figure 7: followers whose logs differ in every way come to agree with the leader', () => {
  const leaderTerms = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  const followers: Record<string, number[]> = {
    'a: misses one entry': [1, 1, 1, 4, 4, 5, 5, 6, 6],
    'b: misses many': [1, 1, 1, 4],
    'c: has one entry too many': [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    'd: has entries of a later term': [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    'e: misses some and has others': [1, 1, 1, 4, 4, 4, 4],
    'f: shares only the beginning': [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  };
  for (const [name, terms] of Object.entries(followers)) {
    it(name, () => {
      const leader = diskWithTerms(leaderTerms, 7);
      const cluster = new TestCluster({
        disks: { n1: leader, n2: diskWithTerms(terms, 7), n3: diskWithTerms(leaderTerms, 7) },
      });
      cluster.isolate('n2');
      cluster.elect('n1');
      cluster.heal();
      cluster.tick(10);
      expect(cluster.node('n2').log).toEqual(cluster.node('n1').log);
      expect(cluster.node('n1').log.slice(0, 10)).toEqual(
        leaderTerms.map((term, offset) => `${term}:${term}.${offset + 1}`),
      );
    });
  }

  it('skips a whole conflicting term in one refusal, however long it is', () => {
    const cluster = new TestCluster({
      disks: {
        n1: diskWithTerms([...Array(3).fill(1), ...Array(50).fill(4)], 4),
        n2: diskWithTerms([...Array(3).fill(1), ...Array(50).fill(2), ...Array(50).fill(3)], 4),
        n3: diskWithTerms([...Array(3).fill(1), ...Array(50).fill(4)], 4),
      },
    });
    cluster.isolate('n2');
    cluster.elect('n1');
    cluster.heal();
    cluster.tick(10);
    expect(cluster.node('n2').log).toEqual(cluster.node('n1').log);
    const refusals = cluster
      .node('n1')
      .events.filter((event) => event.type === 'appendRefused' && event.peer === 'n2');
    expect(refusals.length).toBeLessThanOrEqual(2);
  });
});

describe('§5.4.2 and figure 8: an entry of an earlier term is never committed by counting replicas', () => {
  it('a leader commits it only together with an entry of its own term', () => {
    // As figure 8 (c): S1 leads term 4, and its entry of term 2 reaches a majority.
    const ids = ['s1', 's2', 's3', 's4', 's5'];
    const cluster = new TestCluster({
      ids,
      disks: {
        s1: diskWithTerms([1, 2], 3),
        s2: diskWithTerms([1, 2], 3),
        s3: diskWithTerms([1], 3),
        s4: diskWithTerms([1], 3),
        s5: diskWithTerms([1, 3], 3),
      },
    });
    cluster.crash('s5');
    cluster.autoSave = false;
    cluster.step('s1', { type: 'campaign' });
    const s1 = cluster.node('s1');
    for (let hop = 0; hop < 8 && s1.role !== 'leader'; hop++) {
      for (const id of ids) cluster.save(id);
      for (const message of cluster.network.splice(0)) cluster.deliver(message);
    }
    expect(s1.role).toBe('leader');
    // Its own no-op of term 4 is on no other disk yet; entry 2 of term 2 is on s1 and s2, and now on s3 as well.
    cluster.network = [];
    for (const from of ['s2', 's3']) {
      cluster.step('s1', {
        type: 'receive',
        message: { type: 'appendAccepted', from, to: 's1', term: s1.term, matchIndex: 2 },
      });
    }
    cluster.save('s1');
    expect(s1.engine.status().commitIndex).toBe(0);
    // As figure 8 (e): an entry of the leader's own term on a majority commits all before it.
    for (const from of ['s2', 's3']) {
      cluster.step('s1', {
        type: 'receive',
        message: { type: 'appendAccepted', from, to: 's1', term: s1.term, matchIndex: 3 },
      });
    }
    expect(s1.engine.status().commitIndex).toBe(3);
  });
});

describe('§8: a new leader learns what is committed by a no-op of its own', () => {
  it('entries left by the leader before it commit without a new command', () => {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.propose('n1', 'left behind');
    // It reaches n2's disk, but n1 never hears of that.
    for (const message of cluster.network.filter((each) => each.to === 'n2')) cluster.deliver(message);
    cluster.crash('n1');
    cluster.network = [];
    cluster.tick(60);
    expect(cluster.leaders()).toEqual(['n2']);
    expect(cluster.node('n2').commands).toEqual(['left behind']);
    expect(cluster.node('n3').commands).toEqual(['left behind']);
  });
});

describe('what becomes of proposals when the leader changes', () => {
  function deposedWithOneProposal(): TestCluster {
    const cluster = new TestCluster();
    cluster.elect('n1');
    cluster.isolate('n1');
    cluster.step('n1', { type: 'propose', commands: [{ proposal: 5, data: encodeUtf8('mine') }] });
    cluster.settle();
    cluster.tick(60);
    return cluster;
  }

  it('is told as definitely lost once another entry is committed at its index', () => {
    const cluster = deposedWithOneProposal();
    cluster.heal();
    cluster.tick(60);
    expect(cluster.node('n1').refused).toContainEqual(
      expect.objectContaining({
        code: 'SUPERSEDED',
        effect: 'none',
        subject: { type: 'proposal', proposal: 5 },
      }),
    );
    expect(cluster.node('n1').commands).not.toContain('mine');
  });

  it('is not told lost while the entry may still be committed', () => {
    const cluster = deposedWithOneProposal();
    expect(cluster.node('n1').role).not.toBe('leader');
    expect(cluster.node('n1').refused).toEqual([]);
  });
});

describe('a disk that went back', () => {
  function clusterWithOldCopy(): TestCluster {
    const cluster = new TestCluster();
    cluster.elect('n1');
    for (let time = 1; time <= 10; time++) cluster.propose('n1', String(time));
    cluster.settle();
    cluster.tick(3);
    cluster.crash('n3');
    const { disk } = cluster.node('n3');
    for (let index = 6; index <= 11; index++) disk.entries.delete(index);
    disk.hardState = diskWithTerms([], 1, 'n1').hardState;
    cluster.restart('n3');
    return cluster;
  }

  it('is found by the first heartbeat: the node takes no part any more and says why', () => {
    const cluster = clusterWithOldCopy();
    cluster.tick(5);
    expect(cluster.node('n3').events).toContainEqual(
      expect.objectContaining({
        type: 'dataLossFound',
        reason: expect.stringContaining('its log ends at 5'),
      }),
    );
    expect(cluster.node('n3').engine.status().explanation).toContain('takes no part any more');
    cluster.network = [];
    cluster.step('n3', {
      type: 'receive',
      message: {
        type: 'requestVote',
        from: 'n2',
        to: 'n3',
        term: 9,
        preVote: false,
        lastLogIndex: 99,
        lastLogTerm: 8,
      },
    });
    expect(cluster.network).toEqual([]);
  });

  it('is not committed to: nothing after the old copy is applied from it', () => {
    const cluster = clusterWithOldCopy();
    cluster.tick(20);
    expect(cluster.node('n3').engine.status().commitIndex).toBeLessThanOrEqual(5);
  });

  it('costs the leader no endless exchange of messages, and the others go on', () => {
    const cluster = clusterWithOldCopy();
    cluster.propose('n1', 'goes on');
    cluster.settle(); // comes to rest
    const before = cluster.node('n1').events.length;
    cluster.tick(50);
    expect(cluster.node('n2').commands).toContain('goes on');
    expect(cluster.node('n1').events.length - before).toBeLessThan(50);
  });
});

describe('receipts (asynchronous storage)', () => {
  it('a receipt for entries that were overwritten meanwhile proves nothing about what replaced them', () => {
    const cluster = new TestCluster({
      disks: { n1: diskWithTerms([1], 1), n2: diskWithTerms([1], 1), n3: diskWithTerms([1], 1) },
    });
    cluster.autoSave = false;
    for (const id of ['n1', 'n2', 'n3']) cluster.save(id);
    cluster.network = [];
    const append = {
      type: 'appendEntries',
      from: 'n1',
      to: 'n3',
      prevLogIndex: 1,
      prevLogTerm: 1,
      commitIndex: 0,
    } as const;
    const entry = (term: number) =>
      ({ index: 2, term, kind: 'command', data: encodeUtf8(`of ${term}`) }) as const;
    cluster.step('n3', { type: 'receive', message: { ...append, term: 2, entries: [entry(2)] } });
    cluster.step('n3', { type: 'receive', message: { ...append, from: 'n2', term: 3, entries: [entry(3)] } });
    cluster.save('n3', false); // the save of term 2's entry arrives late
    expect(cluster.node('n3').engine.status().durableIndex).toBe(1);
    cluster.save('n3', false);
    expect(cluster.node('n3').engine.status().durableIndex).toBe(2);
    expect(cluster.node('n3').log).toEqual(['1:1.1', '3:of 3']);
  });

  it('an acknowledgement that waits is taken back when its entries are overwritten, and no other is', () => {
    const cluster = new TestCluster({ disks: { n1: diskWithTerms([1], 1), n3: diskWithTerms([1], 1) } });
    const { engine } = cluster.node('n3');
    const append = {
      type: 'appendEntries',
      to: 'n3',
      prevLogIndex: 1,
      prevLogTerm: 1,
      commitIndex: 0,
    } as const;
    const command = (index: number, term: number) =>
      ({ index, term, kind: 'command', data: encodeUtf8(`${index} of ${term}`) }) as const;
    engine.step({ type: 'receive', message: { ...append, from: 'n1', term: 2, entries: [command(2, 2)] } });
    engine.step({
      type: 'receive',
      message: { ...append, from: 'n1', term: 2, prevLogIndex: 2, prevLogTerm: 2, entries: [command(3, 2)] },
    });
    engine.step({
      type: 'receive',
      message: { ...append, from: 'n2', term: 3, prevLogIndex: 2, prevLogTerm: 2, entries: [command(3, 3)] },
    });
    const effects = engine.takeEffects();
    const told = effects?.sendAfterSave.map((message) =>
      message.type === 'appendAccepted' ? [message.to, message.term, message.matchIndex] : message.type,
    );
    expect(effects?.save?.entries.map(({ term }) => term)).toEqual([2, 3]);
    expect(told).toEqual([
      ['n1', 2, 2],
      ['n2', 3, 3],
    ]);
  });
});
