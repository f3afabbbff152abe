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
import { createMultiPaxosEngine, type MultiPaxosMessage } from '../src/index.js';

/** Inputs as a caller gives them; a receipt stands for the oldest save under way. */
type Step = EngineInput<MultiPaxosMessage> | { readonly type: 'takeEffects' } | { readonly type: 'receipt' };

const membership = createMembership(['n1', 'n2', 'n3']);
const ballots = [1025, 1026, 1027, 2049, 2050, 2051] as const;
const ballot = fc.constantFrom(...ballots);
const small = fc.nat(3);
const address = fc.record({ from: fc.constantFrom('n2', 'n3'), to: fc.constant('n1') });
const entries = fc
  .record({ term: fc.constantFrom(1025, 1026), slots: fc.subarray([1, 2, 3]) })
  .map(({ term, slots }) =>
    slots.map((index) => ({ index, term, kind: 'command' as const, data: Uint8Array.of(term % 256) })),
  );
/** The whole message is one value of one type, whatever its parts were drawn from. */
function message<Body extends object>(body: fc.Arbitrary<Body>) {
  return fc
    .tuple(address, ballot, body)
    .map(([addresses, of, rest]) => ({ ballot: of, ...addresses, ...rest }));
}
const received: fc.Arbitrary<MultiPaxosMessage> = fc.oneof(
  message(fc.record({ type: fc.constant('probe' as const), probe: small, decided: small })),
  message(
    fc.record({
      type: fc.constant('probeAnswer' as const),
      probe: fc.integer({ min: 0x100001, max: 0x100003 }),
      willing: fc.boolean(),
      decided: small,
      last: small,
    }),
  ),
  message(fc.record({ type: fc.constant('nominate' as const), transfer: fc.boolean() })),
  message(
    fc.record({
      type: fc.constant('prepare' as const),
      slot: fc.integer({ min: 1, max: 3 }),
      handedOver: small,
    }),
  ),
  message(
    entries.map((values) => ({
      type: 'promise' as const,
      slot: 1,
      first: 1,
      decided: 0,
      votes: values.map((entry) => ({ entry, ballot: entry.term })),
      next: undefined,
    })),
  ),
  message(fc.record({ type: fc.constant('nack' as const), refused: ballot })),
  message(fc.record({ type: fc.constant('accept' as const), entries, decided: fc.nat(2) })),
  message(
    fc.record({
      type: fc.constant('accepted' as const),
      decided: fc.constant(0),
      ranges: fc.constantFrom([], [{ from: 1, through: 1 }], [{ from: 1, through: 2 }]),
    }),
  ),
  message(
    fc.record({
      type: fc.constant('heartbeat' as const),
      decided: fc.nat(2),
      held: fc.constant(0),
      round: small,
    }),
  ),
  message(
    fc.record({
      type: fc.constant('heartbeatAnswer' as const),
      decided: fc.constant(0),
      accepted: fc.nat(2),
      received: fc.nat(2),
      round: small,
    }),
  ),
  message(fc.record({ type: fc.constant('learn' as const), slot: fc.integer({ min: 1, max: 3 }) })),
  message(fc.record({ type: fc.constant('learned' as const), entries, decided: fc.constant(3) })),
  message(
    fc.record({
      type: fc.constant('votesAnswer' as const),
      life: fc.constant(1),
      request: fc.integer({ min: 1, max: 2 }),
      last: small,
    }),
  ),
  message(fc.record({ type: fc.constant('readRequest' as const), life: fc.constant(1), request: small })),
);
const untimedStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: received.map((given) => ({ type: 'receive' as const, message: given })) },
  fc.constant({ type: 'takeEffects' as const }),
  fc.constant({ type: 'receipt' as const }),
  fc.constant({ type: 'campaign' as const }),
  fc.constant({ type: 'propose' as const, commands: [{ proposal: 1, data: Uint8Array.of(7) }] }),
  fc.constant({ type: 'read' as const, context: 1, mode: 'index' as const }),
  fc.constant({ type: 'read' as const, context: 2, mode: 'quorum' as const }),
  fc.constant({ type: 'peerUnreachable' as const, peer: 'n2' }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: untimedStep },
  { weight: 1, arbitrary: fc.constant({ type: 'tick' as const }) },
);

/** One engine with the receipts that it waits for. What it gives back names receipts by their place in line. */
class Driven {
  readonly engine: ConsensusEngine<MultiPaxosMessage>;
  readonly #receipts: {
    readonly sequence: number;
    readonly last: { readonly index: number; readonly term: number } | undefined;
  }[] = [];

  constructor() {
    this.engine = createMultiPaxosEngine({
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
