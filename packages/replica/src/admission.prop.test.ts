import type { Incarnation, NodeId } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Admission, answerHello, welcomesNeeded } from './admission.js';

const node = 'x';
const lives = ['1'.repeat(32), '2'.repeat(32)] as const;

/** Peers with their records, and two lives of one node that ask them in any order. */
class World {
  readonly peers: readonly NodeId[];
  readonly #records = new Map<NodeId, Incarnation>();
  readonly #admissions: readonly Admission[];

  constructor(voters: number) {
    this.peers = Array.from({ length: voters - 1 }, (_, position) => `p${position}`);
    this.#admissions = lives.map(() => new Admission(node, [node, ...this.peers], false));
  }

  /** One life says hello to one peer, unless it was admitted or lost. */
  meet(life: number, peer: NodeId): void {
    const admission = this.#admissions[life];
    const incarnation = lives[life];
    if (admission === undefined || incarnation === undefined || this.#lost.has(life)) return;
    const answer = answerHello({ id: node, incarnation }, this.#records.get(peer));
    if (answer === 'record') this.#records.set(peer, incarnation);
    if (typeof answer === 'string') {
      admission.welcomedBy(peer);
      if (admission.isEarned) admission.admit();
    } else if (admission.refusedBy(peer, answer) === 'lost') {
      this.#lost.add(life);
    }
  }

  readonly #lost = new Set<number>();

  admitted(life: number): boolean {
    return this.#admissions[life]?.admitted === true;
  }

  /** The peer loses its disk, and its record with it. */
  forget(peer: NodeId): void {
    this.#records.delete(peer);
  }
}

const meetings = fc.array(fc.tuple(fc.nat({ max: 1 }), fc.nat({ max: 20 })), { maxLength: 60 });

describe('admission by incarnation', () => {
  it('never admits two lives of one node, in whatever order they ask whom', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), meetings, (voters, steps) => {
        const world = new World(voters);
        for (const [life, who] of steps) world.meet(life, world.peers[who % world.peers.length] ?? '');
        expect(world.admitted(0) && world.admitted(1)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('bears that one peer more loses its record, in a cluster of five or more with an odd number', () => {
    fc.assert(
      fc.property(fc.constantFrom(5, 7, 9), fc.nat(), meetings, meetings, (voters, who, before, after) => {
        const world = new World(voters);
        for (const [, peer] of before) world.meet(0, world.peers[peer % world.peers.length] ?? '');
        world.forget(world.peers[who % world.peers.length] ?? '');
        for (const [, peer] of after) world.meet(1, world.peers[peer % world.peers.length] ?? '');
        expect(world.admitted(0) && world.admitted(1)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('admits a first life that reaches a majority of the others, and one that is alone at once', () => {
    for (let voters = 1; voters <= 9; voters++) {
      const needed = welcomesNeeded(voters - 1, true);
      const admission = new Admission(node, [node, ...new World(voters).peers], false);
      for (const peer of new World(voters).peers.slice(0, needed)) {
        expect(admission.isEarned).toBe(false);
        admission.welcomedBy(peer);
      }
      expect(admission.isEarned).toBe(true);
    }
  });

  it('needs min(majority, others) welcomes', () => {
    expect([1, 2, 3, 4, 5, 6, 7].map((voters) => welcomesNeeded(voters - 1, true))).toEqual([
      0, 1, 2, 3, 3, 4, 4,
    ]);
    expect(welcomesNeeded(3, false)).toBe(2);
  });
});
