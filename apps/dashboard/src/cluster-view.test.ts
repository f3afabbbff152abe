import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitIndexOf, leaderOf, parseCluster, parseFeedEvent, parseLogTail } from './cluster-view.js';

const engine = {
  kind: 'raft',
  role: 'leader',
  term: 4,
  leader: 'n1',
  commitIndex: 12,
  appliedIndex: 11,
  durableIndex: 13,
  firstIndex: 6,
  lastIndex: 13,
  snapshot: { index: 5, term: 2 },
  peers: [{ id: 'n2', matchIndex: 10, nextIndex: 14, state: 'replicate', inFlight: 1, silentTicks: 0 }],
  explanation: 'leads',
};

const document = {
  cluster: 'demo',
  leader: 'n1',
  term: 4,
  nodes: [
    {
      id: 'n1',
      url: 'http://127.0.0.1:8711',
      reachable: true,
      healthy: true,
      picks: 7,
      inFlight: 0,
      process: { state: 'running', pid: 4711, startedAtMs: 5000 },
      status: { id: 'n1', pid: 4711, uptimeMs: 1000, state: 'running', engine },
    },
    {
      id: 'n2',
      url: 'http://127.0.0.1:8712',
      reachable: false,
      reason: 'connect ECONNREFUSED',
      process: {
        state: 'stopped',
        startedAtMs: 5000,
        exit: { signal: 'SIGKILL', message: 'ended by SIGKILL' },
      },
    },
  ],
  gateway: { strategy: 'round-robin', faultsEnabled: true },
};

describe('reading GET v1/cluster', () => {
  it('gives every node its role, indexes, peers and process', () => {
    const view = parseCluster(document, 6000);
    expect(view).toMatchObject({
      name: 'demo',
      engine: 'raft',
      faultsEnabled: true,
      strategy: 'round-robin',
    });
    expect(view?.nodes[0]).toMatchObject({
      id: 'n1',
      reachable: true,
      state: 'running',
      pid: 4711,
      startedAtMs: 5000,
      picks: 7,
    });
    expect(view?.nodes[0]?.status).toMatchObject({
      role: 'leader',
      term: 4,
      snapshotIndex: 5,
      firstIndex: 6,
      lastIndex: 13,
    });
    expect(view?.nodes[0]?.status?.peers).toEqual([
      { id: 'n2', matchIndex: 10, nextIndex: 14, state: 'replicate' },
    ]);
    expect(view?.nodes[1]).toMatchObject({
      reachable: false,
      problem: 'connect ECONNREFUSED',
      process: { state: 'stopped', exit: 'ended by SIGKILL' },
      status: undefined,
    });
  });

  it('dates a process that only told its uptime', () => {
    const [first] = document.nodes;
    const view = parseCluster({ nodes: [{ ...first, process: undefined }] }, 6000);
    expect(view?.nodes[0]?.startedAtMs).toBe(5000);
  });

  it('reads fields of a wrong type as unknown and keeps the rest', () => {
    const view = parseCluster(
      {
        nodes: [
          { id: 'n1', reachable: 'yes', status: { engine: { role: 'emperor', term: -1, commitIndex: 3 } } },
          7,
          {},
        ],
      },
      0,
    );
    expect(view?.faultsEnabled).toBe(false);
    expect(view?.nodes).toHaveLength(1);
    expect(view?.nodes[0]).toMatchObject({ id: 'n1', reachable: false });
    expect(view?.nodes[0]?.status).toMatchObject({ role: undefined, term: 0, commitIndex: 3, lastIndex: 3 });
  });

  it('is no cluster without a list of nodes', () => {
    expect(parseCluster({ nodes: 3 }, 0)).toBeUndefined();
    expect(parseCluster([], 0)).toBeUndefined();
    expect(parseCluster(null, 0)).toBeUndefined();
  });

  it('survives any JSON whatever, in any place', () => {
    const place = fc.constantFrom(
      'nodes',
      'status',
      'engine',
      'process',
      'peers',
      'snapshot',
      'gateway',
      'id',
      'term',
      'exit',
    );
    fc.assert(
      fc.property(fc.jsonValue(), place, (value, name) => {
        const damaged: unknown = JSON.parse(
          JSON.stringify(document, (key, old) => (key === name ? value : old)),
        );
        const view = parseCluster(damaged, 0);
        if (view === undefined) return;
        leaderOf(view);
        expect(view.nodes.every(({ id }) => typeof id === 'string' && id !== '')).toBe(true);
      }),
    );
  });

  it('bounds what a hostile answer can make it hold', () => {
    const nodes = Array.from({ length: 500 }, (_, at) => ({ id: `n${at}`, reason: 'x'.repeat(10_000) }));
    const view = parseCluster({ nodes }, 0);
    expect(view?.nodes).toHaveLength(64);
    expect(view?.nodes[0]?.problem).toHaveLength(500);
  });
});

describe('who leads', () => {
  function leading(id: string, term: number, reachable = true): unknown {
    return { id, reachable, status: { state: 'running', engine: { ...engine, term } } };
  }

  it('is the one of the greatest term when an old leader has not noticed yet', () => {
    const view = parseCluster({ nodes: [leading('n1', 4), leading('n2', 5)] }, 0);
    expect(view && leaderOf(view)?.id).toBe('n2');
  });

  it('is nobody when the last leader does not answer', () => {
    const view = parseCluster({ nodes: [leading('n1', 4, false)] }, 0);
    expect(view && leaderOf(view)).toBeUndefined();
    expect(view && commitIndexOf(view)).toBeUndefined();
  });
});

describe('reading the log and the events', () => {
  it('puts the newest entry first, whatever the order it came in', () => {
    const entries = [
      { index: 4, term: 2, kind: 'noop', summary: 'the first entry of a new leader', timeMs: 10 },
      { index: 6, term: 2, kind: 'command', summary: 'put "a" = "1"', timeMs: 12 },
      { index: 5, kind: 'strange', timeMs: 'noon' },
      { term: 3 },
    ];
    const tail = parseLogTail({ node: 'n1', entries });
    expect(tail?.node).toBe('n1');
    expect(tail?.entries.map(({ index }) => index)).toEqual([6, 5, 4]);
    expect(tail?.entries[1]).toEqual({
      index: 5,
      term: undefined,
      kind: undefined,
      summary: undefined,
      timeMs: undefined,
    });
  });

  it('reads an event with its node and time, and puts aside what is none', () => {
    const event = { id: 9, node: 'n1', timeMs: 100, event: { type: 'leaderChanged', leader: 'n2', term: 3 } };
    expect(parseFeedEvent(JSON.stringify(event))).toMatchObject({
      id: 9,
      node: 'n1',
      timeMs: 100,
      type: 'leaderChanged',
    });
    expect(parseFeedEvent('{"node":')).toBeUndefined();
    expect(parseFeedEvent('{"event":{"type":7}}')).toBeUndefined();
    expect(parseFeedEvent('"text"')).toBeUndefined();
  });
});
