import { createMembership, encodeUtf8, logStart } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { createRaftEngine, type RaftLimits } from '../src/index.js';
import { TestCluster } from './test-cluster.js';

describe('priorities', () => {
  it('a node of higher priority is elected though all wake at once, again and again', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const cluster = new TestCluster({ seed, limitsOf: { n1: { priority: 8 }, n2: { priority: 6 } } });
      cluster.tick(60);
      expect(cluster.leaders()).toEqual(['n3']);
    }
  });

  it('one of lower priority leads when no better one is there, and is not deposed when it comes back', () => {
    const cluster = new TestCluster({ limitsOf: { n1: { priority: 0 }, n2: { priority: 0 } } });
    cluster.crash('n3');
    cluster.tick(120);
    expect(cluster.leaders()).toHaveLength(1);
    const [leader] = cluster.leaders();
    cluster.restart('n3');
    cluster.tick(120);
    expect(cluster.leaders()).toEqual([leader]);
  });
});

describe('timing that changes while the engine runs', () => {
  it('holds from then on', () => {
    const cluster = new TestCluster({ electionTicks: 1000, heartbeatTicks: 100 });
    cluster.tick(100);
    expect(cluster.leaders()).toEqual([]);
    for (const id of cluster.nodes.keys())
      cluster.step(id, { type: 'retime', timing: { electionTicks: 10, heartbeatTicks: 2 } });
    cluster.tick(40);
    expect(cluster.leaders()).toHaveLength(1);
  });

  it('is refused by name when it is out of range, and then nothing has changed', () => {
    const cluster = new TestCluster();
    const { engine } = cluster.node('n1');
    const before = engine.fingerprint();
    expect(() => engine.step({ type: 'retime', timing: { electionTicks: 5 } })).toThrow(
      /electionTicks is 5: it must be at least 3 times heartbeatTicks \(2\)/,
    );
    expect(engine.fingerprint()).toBe(before);
  });
});

describe('limits', () => {
  const start = {
    id: 'n1',
    group: 0,
    seed: 1,
    membership: createMembership(['n1']),
    recovered: { discarded: logStart, entries: [] },
  };
  const most = Number.MAX_SAFE_INTEGER;
  /** Least and greatest value of each, with the timing that they need. */
  const ranges: [name: keyof RaftLimits, least: number, greatest: number, timing: RaftLimits][] = [
    ['electionTicks', 3, 100_000, { heartbeatTicks: 1 }],
    ['electionSpreadTicks', 1, 100_000, {}],
    ['heartbeatTicks', 1, 33_333, { electionTicks: 99_999 }],
    ['entryBytesMax', 1, 2 ** 30, {}],
    ['appendBytesMax', 1, 2 ** 30, {}],
    ['appendsInFlightMax', 1, 100_000, {}],
    ['bytesInFlightMax', 1, most, {}],
    ['uncommittedBytesMax', 1, most, {}],
    ['pendingReadsMax', 1, most, {}],
    ['retainedEntries', 0, most, {}],
    ['promotionLagEntriesMax', 0, most, {}],
    ['priority', 0, 10, {}],
    ['saveTicksMax', 1, most, {}],
  ];

  it.each(ranges)('%s lies from %d to %d', (name, least, greatest, timing) => {
    const make = (value: unknown) => createRaftEngine({ ...start, ...timing, [name]: value });
    expect(make(least).id).toBe('n1');
    expect(make(greatest).id).toBe('n1');
    for (const value of [least - 1, greatest + 1, least + 0.5, Number.NaN, '5']) {
      expect(() => make(value)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
      expect(() => make(value)).toThrow(name);
    }
  });

  it('preVote is a switch', () => {
    const preVote: unknown = 'off';
    // @ts-expect-error what a caller in plain JavaScript can do
    expect(() => createRaftEngine({ ...start, preVote })).toThrow(/preVote is off: it must be true or false/);
  });
});

describe('the window of a follower', () => {
  it('counts bytes too: one append may always be under way, and more only below the limit', () => {
    const cluster = new TestCluster({ bytesInFlightMax: 250, appendBytesMax: 100 });
    cluster.elect('n1');
    cluster.network = [];
    for (let time = 0; time < 10; time++) cluster.propose('n1', 'x'.repeat(84));
    const sent = cluster.network.filter(
      (message) => message.type === 'appendEntries' && message.to === 'n2' && message.entries.length > 0,
    );
    expect(sent).toHaveLength(3);
    const peer = cluster
      .node('n1')
      .engine.status()
      .peers.find(({ id }) => id === 'n2');
    expect(peer).toMatchObject({ inFlight: 3, inFlightBytes: 300 });
    cluster.settle();
    expect(cluster.node('n2').commands).toHaveLength(10);
  });

  it('a new leader counts what its predecessor left uncommitted against its own bound', () => {
    const cluster = new TestCluster({ uncommittedBytesMax: 200 });
    cluster.elect('n1');
    cluster.propose('n1', 'x'.repeat(150));
    // n2 gets the entry, and leads without anybody to commit it with.
    for (const message of cluster.network.splice(0)) if (message.to === 'n2') cluster.deliver(message);
    cluster.crash('n1');
    cluster.network = [];
    cluster.autoSave = false;
    cluster.tick(30);
    for (let hop = 0; hop < 12 && cluster.node('n2').role !== 'leader'; hop++) {
      for (const id of ['n2', 'n3']) if (cluster.node('n2').role !== 'leader') cluster.save(id);
      for (const message of cluster.network.splice(0)) cluster.deliver(message);
    }
    expect(cluster.leaders()).toEqual(['n2']);
    cluster.step('n2', { type: 'propose', commands: [{ proposal: 4, data: encodeUtf8('y'.repeat(100)) }] });
    expect(cluster.node('n2').refused).toContainEqual(
      expect.objectContaining({
        subject: { type: 'proposal', proposal: 4 },
        code: 'OVERLOADED',
        effect: 'none',
      }),
    );
  });
});
