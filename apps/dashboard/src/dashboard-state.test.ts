import { describe, expect, it } from 'vitest';
import type { ClusterView, FeedEvent, NodeView, StatusView } from './cluster-view.js';
import {
  type DashboardAction,
  type DashboardState,
  initialState,
  linkOf,
  reduce,
} from './dashboard-state.js';

function status(overrides: Partial<StatusView> = {}): StatusView {
  return {
    role: 'follower',
    term: 4,
    leader: 'n1',
    commitIndex: 10,
    appliedIndex: 10,
    firstIndex: 1,
    lastIndex: 10,
    snapshotIndex: 0,
    peers: [],
    explanation: undefined,
    ...overrides,
  };
}

function node(id: string, overrides: Partial<NodeView> = {}): NodeView {
  return {
    id,
    url: undefined,
    reachable: true,
    state: 'running',
    problem: undefined,
    pid: 1,
    startedAtMs: 0,
    picks: 0,
    balance: undefined,
    process: { state: 'running', exit: undefined },
    status: status(id === 'n1' ? { role: 'leader' } : {}),
    ...overrides,
  };
}

function cluster(...nodes: readonly NodeView[]): ClusterView {
  return { name: 'demo', engine: 'raft', faultsEnabled: true, strategy: undefined, strategies: [], nodes };
}

function down(id: string): NodeView {
  return node(id, {
    reachable: false,
    status: undefined,
    process: { state: 'stopped', exit: 'ended by SIGKILL' },
  });
}

function play(...actions: readonly DashboardAction[]): DashboardState {
  return actions.reduce(reduce, initialState);
}

function look(atMs: number, ...nodes: readonly NodeView[]): DashboardAction {
  return { type: 'clusterRead', view: cluster(...nodes), atMs };
}

function texts(state: DashboardState): readonly string[] {
  return state.timeline.map(({ nodes, sentence }) => `${nodes.join('+')} ${sentence.text}`);
}

const whole = [node('n1'), node('n2'), node('n3')] as const;
const leaderless = [down('n1'), node('n2', { status: status({ leader: undefined }) })] as const;
const reelected = [down('n1'), node('n2', { status: status({ role: 'leader', term: 5 }) })] as const;

describe('how the page hears', () => {
  it('connects, polls, is live with a stream, and says when the gateway is lost', () => {
    expect(linkOf(initialState)).toBe('connecting');
    expect(linkOf(play(look(0, ...whole)))).toBe('polling');
    expect(linkOf(play(look(0, ...whole), { type: 'streamOpened' }))).toBe('live');
    const lost = play(look(0, ...whole), { type: 'streamOpened' }, { type: 'clusterLost', problem: 'gone' });
    expect(linkOf(lost)).toBe('lost');
    expect(lost.cluster?.nodes).toHaveLength(3);
    expect(linkOf(reduce(lost, look(500, ...whole)))).toBe('live');
  });
});

describe('a node that falls silent', () => {
  it('keeps what it said last', () => {
    const state = play(look(0, ...whole), look(500, down('n1'), node('n2'), node('n3')));
    expect(state.cluster?.nodes[0]).toMatchObject({
      reachable: false,
      status: { role: 'leader', commitIndex: 10 },
    });
  });

  it('is told in the timeline by the looks alone while there is no stream', () => {
    const state = play(
      look(0, ...whole),
      look(500, ...leaderless),
      look(1000, ...reelected),
      look(1500, ...whole),
    );
    expect(texts(state)).toEqual([
      'n1 becomes leader of term 4',
      'n1 answers again',
      'n2 becomes leader of term 5',
      'n1 does not answer: ended by SIGKILL',
    ]);
  });

  it('is left to the stream to tell when there is one', () => {
    const state = play({ type: 'streamOpened' }, look(0, ...whole), look(500, ...leaderless));
    expect(state.timeline).toEqual([]);
  });
});

describe('the announcement for those who cannot see the page', () => {
  it('tells who leads, that nobody does, and who leads next', () => {
    const first = play(look(0, ...whole));
    expect(first.announcement).toBe('n1 leads in term 4.');
    const second = reduce(first, look(500, ...leaderless));
    expect(second.announcement).toBe('n1 does not answer. There is no leader.');
    expect(reduce(second, look(1000, ...reelected)).announcement).toBe('n2 leads in term 5.');
  });

  it('stays as it is while nothing changes', () => {
    const first = play(look(0, ...whole));
    expect(reduce(first, look(500, ...whole)).announcement).toBe(first.announcement);
  });
});

describe('a fault that was ordered', () => {
  const kill: DashboardAction = {
    type: 'faultOrdered',
    node: 'n1',
    order: { fault: 'kill', orderedAtMs: 100 },
  };
  const restart: DashboardAction = {
    type: 'faultOrdered',
    node: 'n1',
    order: { fault: 'restart', orderedAtMs: 700 },
  };

  it('is open until its effect is seen', () => {
    const ordered = play(look(0, ...whole), kill);
    expect(reduce(ordered, look(200, ...whole)).orders.has('n1')).toBe(true);
    const killed = reduce(ordered, look(500, ...leaderless));
    expect(killed.orders.size).toBe(0);
    const starting = reduce(reduce(killed, restart), look(800, ...leaderless));
    expect(starting.orders.get('n1')?.fault).toBe('restart');
    expect(reduce(starting, look(1000, ...whole)).orders.size).toBe(0);
  });

  it('is given up when its effect does not come', () => {
    expect(play(look(0, ...whole), kill, look(20_000, ...whole)).orders.size).toBe(0);
  });

  it('that is refused is closed with the reason, which the next order clears', () => {
    const refused = play(look(0, ...whole), kill, {
      type: 'faultRefused',
      node: 'n1',
      problem: 'FAULTS_DISABLED: no',
    });
    expect(refused.orders.size).toBe(0);
    expect(refused.refusedOrders.get('n1')).toBe('FAULTS_DISABLED: no');
    expect(reduce(refused, kill).refusedOrders.size).toBe(0);
  });
});

describe('events', () => {
  function event(type: string, details: Readonly<Record<string, unknown>>, from = 'n2'): DashboardAction {
    const told: FeedEvent = { id: 1, node: from, timeMs: 50, type, details: { type, ...details } };
    return { type: 'eventArrived', event: told, atMs: 60 };
  }

  it('become lines under the node they are about', () => {
    const state = play(
      event('voteAnswered', {
        candidate: 'n3',
        term: 5,
        preVote: false,
        granted: false,
        reason: 'its log is older',
      }),
      event('nodeUnhealthy', { peer: 'n1', reason: 'connect ECONNREFUSED' }, 'gateway'),
    );
    expect(texts(state)).toEqual([
      'n1 does not answer the gateway: connect ECONNREFUSED',
      'n2 refuses n3 its vote in term 5: its log is older',
    ]);
  });

  it('that come with every write leave the page as it is', () => {
    const before = play(look(0, ...whole));
    expect(reduce(before, event('commitAdvanced', { from: 1, to: 2 }))).toBe(before);
  });
});
