import type { ConsensusEngine, EngineStart, NodeId } from '@synod/core';
import {
  createRaftEngine,
  decodeHardState,
  encodeHardState,
  type RaftMessage,
  raftMessageCodec,
} from '@synod/raft';
import { describe, expect, it } from 'vitest';
import { type ClusterBudget, clusterModel, type ExploredEngine, explore } from '../src/index.js';

function createSmall(start: EngineStart): ConsensusEngine<RaftMessage> {
  const limits = { electionTicks: 100_000, heartbeatTicks: 1, appendBytesMax: 1, appendsInFlightMax: 1 };
  return createRaftEngine({ ...start, ...limits });
}

const raft: ExploredEngine<RaftMessage> = {
  create: createSmall,
  codec: raftMessageCodec,
  electsByLog: true,
  claim: (message) => {
    if (message.type === 'appendAccepted')
      return { type: 'holds', term: message.term, through: message.matchIndex };
    if (message.type !== 'vote' || message.preVote || !message.granted) return undefined;
    return { type: 'vote', term: message.term, candidate: message.to };
  },
  readHardState: decodeHardState,
};

function renameHardState(hardState: Uint8Array, rename: (id: NodeId) => string): Uint8Array {
  const state = decodeHardState(hardState);
  const { votedFor } = state;
  return encodeHardState({ ...state, votedFor: votedFor === undefined ? undefined : rename(votedFor) });
}

const symmetric: ExploredEngine<RaftMessage> = { ...raft, renameHardState };

function wrapped(
  change: (inner: ConsensusEngine<RaftMessage>) => Partial<Pick<ConsensusEngine<RaftMessage>, 'takeEffects'>>,
): ExploredEngine<RaftMessage> {
  const wrap = (inner: ConsensusEngine<RaftMessage>): ConsensusEngine<RaftMessage> => ({
    kind: inner.kind,
    id: inner.id,
    group: inner.group,
    step: (input) => inner.step(input),
    takeEffects: () => inner.takeEffects(),
    status: () => inner.status(),
    clone: () => wrap(inner.clone()),
    fingerprint: (view) => inner.fingerprint(view),
    ...change(inner),
  });
  return { ...symmetric, create: (start) => wrap(createSmall(start)) };
}

function run(engine: ExploredEngine<RaftMessage>, budget: ClusterBudget) {
  const model = clusterModel(engine, budget);
  const exploration = explore(model, { statesMax: 120_000 });
  const steps = exploration.counterexample?.actions.map((action) => model.describe(action)) ?? [];
  return { ...exploration, steps };
}

describe('a cluster of raft engines, explored whole', () => {
  it('three nodes, two commands, a lost message and every order of saves: every rule holds in every state', () => {
    const { complete, counterexample, uniqueStates, unreached } = run(symmetric, {
      commands: 2,
      drops: 1,
      network: 'links',
    });
    expect(counterexample).toBeUndefined();
    expect(complete).toBe(true);
    expect(unreached).toEqual([]);
    expect(uniqueStates).toBeGreaterThan(10_000);
  }, 60_000);

  it.each<[string, ClusterBudget]>([
    ['messages in any order', { commands: 1, network: 'unordered', saves: 'atOnce' }],
    ['a message that arrives twice', { commands: 0, duplicates: 1, network: 'unordered', saves: 'atOnce' }],
    ['a crash at any moment', { commands: 0, crashes: 1, network: 'links' }],
    ['two campaigns', { commands: 0, campaigns: 2, network: 'links', saves: 'atOnce' }],
    ['heartbeats', { commands: 0, heartbeats: 1, network: 'links' }],
    ['a cluster of one', { nodes: 1, commands: 3, crashes: 2, campaigns: 3 }],
    ['a cluster of five', { nodes: 5, commands: 0, network: 'links', saves: 'atOnce' }],
  ])(
    '%s: every rule holds',
    (_, budget) => {
      const { complete, counterexample } = run(symmetric, budget);
      expect(counterexample).toBeUndefined();
      expect(complete).toBe(true);
    },
    60_000,
  );

  it('takes states that differ only in who is who for one', () => {
    const budget: ClusterBudget = { commands: 0, network: 'unordered' };
    const all = run(raft, budget);
    const folded = run(symmetric, budget);
    expect(folded.complete && all.complete).toBe(true);
    expect(folded.depth).toBe(all.depth);
    expect(folded.uniqueStates).toBeLessThan(all.uniqueStates / 5);
    expect(folded.uniqueStates * 6).toBeGreaterThanOrEqual(all.uniqueStates);
  }, 60_000);

  it('finds a promise that leaves before its save, in the fewest steps that can show it', () => {
    const hasty = wrapped((inner) => ({
      takeEffects: () => {
        const effects = inner.takeEffects();
        if (effects === undefined) return undefined;
        return { ...effects, sendNow: [...effects.sendNow, ...effects.sendAfterSave], sendAfterSave: [] };
      },
    }));
    const { counterexample, steps } = run(hasty, { network: 'unordered' });
    expect(counterexample?.property).toBe('durable before promised');
    expect(counterexample?.message).toContain('its disk holds term 0');
    expect(steps).toEqual([
      'n1 hears no leader and campaigns',
      'n2 gets requestVote from n1: term 1, preVote true, lastLogIndex 0, lastLogTerm 0',
      'n1 gets vote from n2: term 1, preVote true, granted true',
      'n2 gets requestVote from n1: term 1, preVote false, lastLogIndex 0, lastLogTerm 0',
    ]);
  });

  it('finds a node that forgets its disk at a restart', () => {
    const forgetful: ExploredEngine<RaftMessage> = {
      ...symmetric,
      create: ({ recovered: { discarded }, ...start }) =>
        createSmall({ ...start, recovered: { discarded, entries: [] } }),
    };
    const { counterexample, steps } = run(forgetful, { crashes: 1, network: 'links' });
    expect(counterexample?.property).toBe('monotone');
    expect(steps[steps.length - 1]).toContain('dies and restarts');
  });

  it('refuses a budget that is none', () => {
    expect(() => clusterModel(raft, { nodes: 0 })).toThrow(/nodes is 0/);
    expect(() => clusterModel(raft, { crashes: -1 })).toThrow(/crashes is -1/);
  });
});
