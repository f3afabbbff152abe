/** Equal fingerprints promise equal behaviour: held against pairs of histories that differ in one input. */
import {
  type ConsensusEngine,
  createMembership,
  type EngineInput,
  isSynodError,
  logStart,
} from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRaftEngine, type RaftMessage } from '../src/index.js';

/** Inputs as a caller gives them; a receipt stands for the oldest save under way. */
type Step = EngineInput<RaftMessage> | { readonly type: 'takeEffects' } | { readonly type: 'receipt' };

const membership = createMembership(['n1', 'n2', 'n3']);
const small = fc.nat(3);
const from = fc.constantFrom('n2', 'n3');
const message: fc.Arbitrary<RaftMessage> = fc.oneof(
  fc.record({
    type: fc.constant('requestVote' as const),
    from,
    to: fc.constant('n1'),
    term: small,
    preVote: fc.boolean(),
    lastLogIndex: small,
    lastLogTerm: small,
  }),
  fc.record({
    type: fc.constant('vote' as const),
    from,
    to: fc.constant('n1'),
    term: small,
    preVote: fc.boolean(),
    granted: fc.boolean(),
  }),
  fc
    .record({ from, term: fc.integer({ min: 1, max: 3 }), prevLogIndex: fc.nat(1), count: fc.nat(2) })
    .map(({ from: sender, term, prevLogIndex, count }) => ({
      type: 'appendEntries' as const,
      from: sender,
      to: 'n1',
      term,
      prevLogIndex,
      prevLogTerm: prevLogIndex === 0 ? 0 : 1,
      commitIndex: 0,
      entries: Array.from({ length: count }, (_, offset) => ({
        index: prevLogIndex + 1 + offset,
        term,
        kind: 'command' as const,
        data: Uint8Array.of(term),
      })),
    })),
  fc.record({
    type: fc.constant('appendAccepted' as const),
    from,
    to: fc.constant('n1'),
    term: small,
    matchIndex: small,
  }),
  fc.record({
    type: fc.constant('appendRefused' as const),
    from,
    to: fc.constant('n1'),
    term: small,
    refusedIndex: small,
    hintIndex: small,
    hintTerm: small,
  }),
  fc.record({
    type: fc.constant('heartbeat' as const),
    from,
    to: fc.constant('n1'),
    term: small,
    commitIndex: fc.constant(0),
    round: small,
  }),
  fc.record({
    type: fc.constant('heartbeatAnswer' as const),
    from,
    to: fc.constant('n1'),
    term: small,
    round: small,
  }),
  fc.record({
    type: fc.constant('readRequest' as const),
    from,
    to: fc.constant('n1'),
    term: small,
    life: fc.constant(1),
    request: small,
  }),
);
const untimedStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: message.map((received) => ({ type: 'receive' as const, message: received })) },
  fc.constant({ type: 'takeEffects' as const }),
  fc.constant({ type: 'receipt' as const }),
  fc.constant({ type: 'campaign' as const }),
  fc.constant({ type: 'propose' as const, commands: [{ proposal: 1, data: Uint8Array.of(7) }] }),
  fc.constant({ type: 'read' as const, context: 1, mode: 'index' as const }),
  fc.constant({ type: 'peerUnreachable' as const, peer: 'n2' }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: untimedStep },
  { weight: 1, arbitrary: fc.constant({ type: 'tick' as const }) },
);

/** One engine with the receipts that it waits for. What it gives back names receipts by their place in line. */
class Driven {
  readonly engine: ConsensusEngine<RaftMessage>;
  readonly #receipts: {
    readonly sequence: number;
    readonly last: { readonly index: number; readonly term: number } | undefined;
  }[] = [];

  constructor() {
    this.engine = createRaftEngine({
      id: 'n1',
      group: 0,
      membership,
      recovered: { discarded: logStart, entries: [] },
      seed: 1,
      electionTicks: 6,
    });
  }

  give(given: Step): unknown {
    try {
      return this.#give(given);
    } catch (error) {
      if (isSynodError(error)) return error.message;
      throw error;
    }
  }

  #give(given: Step): unknown {
    if (given.type === 'receipt') {
      const receipt = this.#receipts.shift();
      if (receipt !== undefined) this.engine.step({ type: 'saved', receipt });
      return undefined;
    }
    if (given.type !== 'takeEffects') return this.engine.step(given);
    const effects = this.engine.takeEffects();
    if (effects?.save === undefined) return effects;
    this.#receipts.push(effects.save.receipt);
    return { ...effects, save: { ...effects.save, receipt: { last: effects.save.receipt.last } } };
  }

  /** The caller's own state: an engine says nothing of the receipts that it did not get back. */
  get pending(): string {
    return JSON.stringify(this.#receipts.map(({ last }) => last ?? null));
  }
}

function behaviour(driven: Driven, steps: readonly Step[]): readonly unknown[] {
  return steps.map((given) => driven.give(given));
}

function pairs(steps: fc.Arbitrary<Step>) {
  return fc.record({
    before: fc.array(steps, { maxLength: 25 }),
    left: fc.array(steps, { maxLength: 3 }),
    right: fc.array(steps, { maxLength: 3 }),
    after: fc.array(steps, { minLength: 5, maxLength: 25 }),
  });
}

describe('fingerprint', () => {
  it.each([
    ['whole', step, {}],
    ['untimed', untimedStep, { untimed: true }],
  ] as const)('engines with equal %s fingerprints do the same from there on', (_, steps, view) => {
    let compared = 0;
    fc.assert(
      fc.property(pairs(steps), ({ before, left, right, after }) => {
        const first = new Driven();
        const second = new Driven();
        behaviour(first, [...before, ...left, { type: 'takeEffects' }]);
        behaviour(second, [...before, ...right, { type: 'takeEffects' }]);
        if (first.engine.fingerprint(view) !== second.engine.fingerprint(view)) return;
        if (first.pending !== second.pending) return;
        compared++;
        const further: Step[] = after.flatMap((given) => [given, { type: 'takeEffects' }]);
        expect(behaviour(second, further)).toEqual(behaviour(first, further));
        expect(second.engine.fingerprint(view)).toBe(first.engine.fingerprint(view));
      }),
      { numRuns: 3000, seed: 11 },
    );
    expect(compared).toBeGreaterThan(300);
  });

  it('a copy has the same fingerprint, and does not change with the original', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), step, (steps, last) => {
        const driven = new Driven();
        behaviour(driven, steps);
        const copy = driven.engine.clone();
        const seen = driven.engine.fingerprint();
        expect(copy.fingerprint()).toBe(seen);
        driven.give(last);
        expect(copy.fingerprint()).toBe(seen);
      }),
      { numRuns: 500, seed: 12 },
    );
  });
});
