import { createMembership, isSynodError } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ballotOf, decodeSynodRecord, nextBallot, type QuorumRule, SynodNode } from '../src/index.js';
import { SynodOnStage } from './synod-on-stage.js';

const membership = createMembership(['n1', 'n2', 'n3']);
const makeNode = () => new SynodNode({ id: 'n2', membership, seed: 1 });

describe('a Synod', () => {
  it('chooses a proposed value in two round trips, and everybody learns it', () => {
    const { stage, decisions, ...synod } = new SynodOnStage(1, 3);
    stage.act('n1', (node) => node.step({ type: 'propose', value: Uint8Array.of(7) }));
    stage.settle();
    expect(decisions).toEqual([7, 7, 7]);
    // To each of two others: prepare, promise, accept, vote, decision.
    expect(stage.sent).toBe(10);
    expect(synod.ids.map((id) => stage.node(id).status().decided)).toEqual(
      synod.ids.map(() => Uint8Array.of(7)),
    );
  });

  it('keeps its decision through restarts of all, and tells it to whoever proposes later', () => {
    const synod = new SynodOnStage(2, 3);
    synod.propose('n1', 7);
    synod.stage.settle();
    for (const id of synod.ids) synod.stage.crash(id);
    synod.propose('n3', 8);
    synod.stage.settle();
    expect(new Set(synod.decisions)).toEqual(new Set([7]));
    expect(synod.decisions).toHaveLength(4);
  });

  it('tells a learner that nothing is chosen, and does not choose anything for it', () => {
    const synod = new SynodOnStage(3, 3);
    synod.learn('n2');
    synod.stage.settle();
    expect(synod.nothings).toBe(1);
    synod.propose('n3', 5);
    synod.stage.settle();
    expect(new Set(synod.decisions)).toEqual(new Set([5]));
  });

  it.each<readonly [string, number, QuorumRule]>([
    ['majorities of 3', 3, { type: 'majority' }],
    ['majorities of 5', 5, { type: 'majority' }],
    ['4 and 2 of 5', 5, { type: 'sizes', phase1: 4, phase2: 2 }],
    [
      'a grid of 2 by 2',
      4,
      {
        type: 'grid',
        rows: [
          ['n1', 'n2'],
          ['n3', 'n4'],
        ],
      },
    ],
  ])(
    'agrees in any weather with %s, and everybody who wants it is told once it is fair',
    (_, nodes, quorums) => {
      fc.assert(
        fc.property(fc.nat(), fc.nat(60), fc.nat(60), fc.nat(20), (seed, loss, duplicates, crash) => {
          const synod = new SynodOnStage(seed, nodes, quorums);
          const { stage, ids } = synod;
          const weather = { loss: loss / 100, duplicates: duplicates / 100, crash: crash / 1000 };
          let value = 0;
          for (let step = 0; step < 300; step++) {
            const id = ids[stage.random.integer(0, ids.length)] ?? '';
            if (stage.random.chance(0.03)) synod.propose(id, ++value);
            else if (stage.random.chance(0.02)) synod.learn(id);
            else stage.happen(weather);
            synod.check();
          }
          for (const id of ids) synod.propose(id, ++value);
          stage.rest(400);
          synod.check();
          for (const id of ids) expect(stage.node(id).status().decided?.[0]).toBe(synod.decisions[0]);
        }),
        { numRuns: 150 },
      );
    },
    60_000,
  );

  it('never issues a ballot twice, whatever is lost of its saves', () => {
    const issued = new Set<number>();
    let recovered: Uint8Array | undefined;
    for (let life = 0; life < 20; life++) {
      const node = new SynodNode({
        id: 'n2',
        membership,
        seed: 1,
        ...(recovered === undefined ? {} : { recovered }),
      });
      node.step({ type: 'learn' });
      const effects = node.takeEffects();
      expect(effects?.sendNow).toEqual([]);
      // Every other life ends before the save: then nothing was sent either.
      if (effects?.save === undefined || life % 2 === 0) continue;
      recovered = effects.save.record;
      for (const message of effects.sendAfterSave) {
        if (message.type !== 'prepare' || message.to !== 'n1') continue;
        expect(issued.has(message.ballot)).toBe(false);
        issued.add(message.ballot);
      }
    }
    expect(issued.size).toBe(10);
  });

  it('gives a promise and a vote only with the save that holds them', () => {
    const node = makeNode();
    const ballot = ballotOf(4, 1);
    node.step({ type: 'receive', message: { from: 'n1', to: 'n2', type: 'prepare', ballot } });
    node.step({
      type: 'receive',
      message: { from: 'n1', to: 'n2', type: 'accept', ballot, value: Uint8Array.of(3) },
    });
    const effects = node.takeEffects();
    expect(effects?.sendNow).toEqual([]);
    expect(effects?.sendAfterSave.map(({ type }) => type)).toEqual(['promise', 'accepted']);
    expect(decodeSynodRecord(effects?.save?.record ?? new Uint8Array(0))).toEqual({
      promised: ballot,
      vote: { ballot, value: Uint8Array.of(3) },
      decided: undefined,
    });
  });

  it('refuses a lower ballot with the one that it promised, and the proposer goes above it', () => {
    const node = makeNode();
    const promised = ballotOf(9, 3);
    node.step({ type: 'receive', message: { from: 'n3', to: 'n2', type: 'prepare', ballot: promised } });
    node.takeEffects();
    node.step({
      type: 'receive',
      message: { from: 'n1', to: 'n2', type: 'prepare', ballot: ballotOf(9, 1) },
    });
    expect(node.takeEffects()?.sendAfterSave).toEqual([
      { from: 'n2', to: 'n1', type: 'refused', ballot: ballotOf(9, 1), promised },
    ]);
    node.step({ type: 'propose', value: Uint8Array.of(1) });
    expect(node.status().ballot).toBe(nextBallot(promised, 2));
  });

  it('waits longer each time that it is outbid, at random, and never longer than it was told', () => {
    const waits = (seed: number) => {
      const node = new SynodNode({ id: 'n2', membership, seed, backOffTicks: 2, backOffTicksMax: 16 });
      node.step({ type: 'propose', value: Uint8Array.of(1) });
      return Array.from({ length: 30 }, () => {
        const { ballot } = node.status();
        const promised = nextBallot(ballot, 3);
        for (const from of ['n1', 'n3'])
          node.step({ type: 'receive', message: { from, to: 'n2', type: 'refused', ballot, promised } });
        expect(node.status().phase).toBe('waiting');
        let ticks = 0;
        for (; node.status().phase === 'waiting'; ticks++) node.step({ type: 'tick' });
        return ticks;
      });
    };
    const first = waits(1);
    expect(waits(1)).toEqual(first);
    expect(waits(2)).not.toEqual(first);
    expect(Math.max(...first.slice(0, 1))).toBeLessThanOrEqual(2);
    expect(Math.max(...first)).toBeGreaterThan(8);
    expect(Math.max(...first)).toBeLessThanOrEqual(16);
  });

  it("takes no ballot that is not the sender's, no value that is too large, and nothing from strangers", () => {
    const node = new SynodNode({ id: 'n2', membership, seed: 1, valueBytesMax: 4 });
    const before = node.fingerprint();
    const ballot = ballotOf(1, 3);
    const large = new Uint8Array(5);
    for (const message of [
      { from: 'n1', to: 'n2', type: 'prepare', ballot },
      { from: 'stranger', to: 'n2', type: 'prepare', ballot },
      { from: 'n3', to: 'n2', type: 'accept', ballot, value: large },
      { from: 'n3', to: 'n2', type: 'decided', value: large },
      { from: 'n3', to: 'n2', type: 'prepare', ballot: Number.MAX_SAFE_INTEGER },
      { from: 'n3', to: 'n2', type: 'refused', ballot, promised: ballot },
      { from: 'n3', to: 'n2', type: 'promise', ballot, vote: { ballot, value: Uint8Array.of(1) } },
    ] as const)
      node.step({ type: 'receive', message });
    expect(node.fingerprint()).toBe(before);
    expect(() => node.step({ type: 'propose', value: large })).toThrow(
      /value has 5 bytes: at most 4 are allowed/,
    );
  });

  it('is one with its copy: same inputs, same effects, same fingerprint', () => {
    const node = makeNode();
    node.step({ type: 'propose', value: Uint8Array.of(1) });
    const copy = node.clone();
    expect(copy.fingerprint()).toBe(node.fingerprint());
    expect(copy.takeEffects()).toEqual(node.takeEffects());
    copy.step({ type: 'saved', sequence: 1 });
    expect(copy.fingerprint()).not.toBe(node.fingerprint());
    node.step({ type: 'saved', sequence: 1 });
    expect(copy.fingerprint()).toBe(node.fingerprint());
  });

  it('refuses to run as nobody, with quorums that miss each other, or on bytes that are no record', () => {
    const codeOf = (make: () => unknown) => {
      try {
        make();
        return undefined;
      } catch (error) {
        return isSynodError(error) ? error.code : error;
      }
    };
    expect(codeOf(() => new SynodNode({ id: 'x', membership, seed: 1 }))).toBe('INVALID_ARGUMENT');
    const quorums = { type: 'sizes', phase1: 1, phase2: 2 } as const;
    expect(codeOf(() => new SynodNode({ id: 'n1', membership, seed: 1, quorums }))).toBe('DISJOINT_QUORUMS');
    const recovered = Uint8Array.of(9, 9, 9);
    expect(codeOf(() => new SynodNode({ id: 'n1', membership, seed: 1, recovered }))).toBe('DECODE_FAILED');
    const node = makeNode();
    expect(codeOf(() => node.step({ type: 'saved', sequence: 1 }))).toBe('INVARIANT_VIOLATION');
  });
});
