/** Raft as one engine among others: the cases of the contract that every engine must pass. */
import type { ConsensusEngine, Effects } from '@synod/core';
import { engineCases } from '@synod/core/compliance';
import { describe, expect, it } from 'vitest';
import { createRaftEngine, type RaftMessage, raftMessageCodec } from '../src/index.js';

const cases = engineCases({
  kind: 'raft',
  createEngine: (start, limits) => createRaftEngine({ ...limits, ...start }),
  codec: raftMessageCodec,
});

describe('the contract of engines: raft', () => {
  for (const { name, run } of cases) it(name, run);
});

type Engine = ConsensusEngine<RaftMessage>;
type Bug = readonly [name: string, change: (inner: Engine) => Partial<Engine>];

/** An engine with some of its functions exchanged, also in its copies. */
function withBug(inner: Engine, change: Bug[1]): Engine {
  return {
    kind: inner.kind,
    id: inner.id,
    group: inner.group,
    step: (input) => inner.step(input),
    takeEffects: () => inner.takeEffects(),
    status: () => inner.status(),
    clone: () => withBug(inner.clone(), change),
    fingerprint: (view) => inner.fingerprint(view),
    ...change(inner),
  };
}

/** Other effects than the engine gave. */
function effects(change: (effects: Effects<RaftMessage>) => Partial<Effects<RaftMessage>>): Bug[1] {
  return (inner) => ({
    takeEffects: () => {
      const taken = inner.takeEffects();
      return taken === undefined ? undefined : { ...taken, ...change(taken) };
    },
  });
}

const bugs: readonly Bug[] = [
  [
    'promises before they are durable',
    effects(({ sendNow, sendAfterSave }) => ({ sendNow: [...sendNow, ...sendAfterSave], sendAfterSave: [] })),
  ],
  [
    'commits what is only being saved',
    effects(({ save, committed }) => ({ committed: save?.entries ?? committed })),
  ],
  ['refuses twice', effects(({ refused }) => ({ refused: [...refused, ...refused] }))],
  ['refuses nothing', effects(() => ({ refused: [] }))],
  ['names no leader', effects(({ refused }) => ({ refused: refused.map(({ leader: _, ...rest }) => rest) }))],
  [
    'reads without a barrier',
    (inner) => ({
      step: (input) => inner.step(input),
      takeEffects: () => {
        const taken = inner.takeEffects();
        return taken && { ...taken, reads: taken.reads.map(({ context }) => ({ context, index: 0 })) };
      },
    }),
  ],
  [
    'installs no snapshot',
    effects(({ snapshots }) => ({ snapshots: snapshots.filter(({ type }) => type === 'send') })),
  ],
  [
    'sends no snapshot',
    effects(({ snapshots }) => ({ snapshots: snapshots.filter(({ type }) => type !== 'send') })),
  ],
  ['forgets its hard state', effects(({ save }) => ({ save: save && { ...save, hardState: undefined } }))],
  [
    'loses the numbers of proposals',
    effects(({ committed }) => ({
      committed: committed.map(({ proposal: _, ...entry }) => entry),
    })),
  ],
  ['is its own copy', (inner) => ({ clone: () => inner })],
  ['has the same digest whatever happens', () => ({ fingerprint: () => '0' })],
  [
    'takes any timing',
    (inner) => ({
      step: (input) => {
        if (input.type !== 'retime' || (input.timing.electionTicks ?? 10) >= 10) inner.step(input);
      },
    }),
  ],
  [
    'hears no receipt',
    (inner) => ({ step: (input) => (input.type === 'saved' ? undefined : inner.step(input)) }),
  ],
  [
    'never campaigns when asked',
    (inner) => ({
      step: (input) => (input.type === 'campaign' ? undefined : inner.step(input)),
    }),
  ],
  [
    'counts pauses as silence',
    (inner) => ({
      step: (input) => {
        const times = input.type === 'tick' ? (input.missed ?? 0) + 1 : 1;
        for (let time = 0; time < Math.min(times, 100); time++)
          inner.step(input.type === 'tick' ? { type: 'tick' } : input);
      },
    }),
  ],
  [
    'throws on a term that nobody could have reached',
    (inner) => ({
      step: (input) => {
        if (input.type === 'receive' && input.message.term > 30) throw new RangeError('such a term');
        inner.step(input);
      },
    }),
  ],
  [
    'is another one at every start',
    (inner) => {
      let calls = 0;
      return { fingerprint: () => `${inner.fingerprint()}${calls++}` };
    },
  ],
];

describe('the cases of the contract find an engine that', () => {
  it.each(bugs)('%s', (_name, change) => {
    const broken = engineCases({
      kind: 'raft',
      createEngine: (start, limits) => withBug(createRaftEngine({ ...limits, ...start }), change),
      codec: raftMessageCodec,
    });
    const failed = broken.filter(({ run }) => {
      try {
        run();
        return false;
      } catch {
        return true;
      }
    });
    expect(failed.length).toBeGreaterThan(0);
  });
});
