import type { HelloRefusal } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Handshake, type HandshakeStep, type HandshakeTerms } from './handshake.js';
import { sealHello, sealRefusal, sealWelcome } from './handshake-frames.js';

const incarnation = '0'.repeat(32);
const listener: HandshakeTerms = {
  role: 'listener',
  clusterId: 'c',
  id: 'b',
  incarnation,
  isKnown: (id) => id === 'a',
};
const dialer: HandshakeTerms = {
  ...listener,
  role: 'dialer',
  id: 'a',
  wantedId: 'b',
  isKnown: (id) => id === 'b',
};

class Side {
  readonly handshake: Handshake;
  readonly inbox: Uint8Array[] = [];
  asked = 0;
  up = false;
  refusedBy: ('us' | 'peer')[] = [];
  undecided = false;

  constructor(terms: HandshakeTerms) {
    this.handshake = new Handshake(terms);
  }

  /** Returns whether there was anything to read. */
  readNext(other: Side): boolean {
    const frame = this.inbox.shift();
    if (frame !== undefined) this.follow(this.handshake.receive(frame), other);
    return frame !== undefined;
  }

  /** Returns whether there was anything to decide. */
  decideNow(refusal: HelloRefusal | undefined, other: Side): boolean {
    if (!this.undecided) return false;
    this.undecided = false;
    this.follow(this.handshake.decide(refusal), other);
    return true;
  }

  follow(step: HandshakeStep, other: Side): void {
    other.inbox.push(...step.send);
    if (step.type === 'admit') {
      this.asked++;
      this.undecided = true;
    }
    if (step.type === 'up') this.up = true;
    if (step.type === 'refused') this.refusedBy.push(step.by);
  }
}

describe('two handshakes', () => {
  it('agree whatever the order of frames and decisions: both up, or both know of a refusal', () => {
    const decision = fc.option(fc.constant<HelloRefusal>({ code: 'INCARNATION_LOST', reason: 'wiped' }), {
      nil: undefined,
    });
    fc.assert(
      fc.property(decision, decision, fc.infiniteStream(fc.nat(3)), (ofA, ofB, schedule) => {
        const a = new Side(dialer);
        const b = new Side(listener);
        b.inbox.push(...a.handshake.open());
        a.inbox.push(...b.handshake.open());
        const moves = [
          () => a.readNext(b),
          () => b.readNext(a),
          () => a.decideNow(ofA, b),
          () => b.decideNow(ofB, a),
        ];
        let idle = 0;
        for (const move of schedule) {
          idle = moves[move]?.() === true ? 0 : idle + 1;
          if (idle > 100) break;
        }
        const accepted = ofA === undefined && ofB === undefined;
        expect([a.up, b.up]).toEqual([accepted, accepted]);
        expect(a.refusedBy.length > 0).toBe(!accepted);
        expect(b.refusedBy.length > 0).toBe(!accepted);
        if (ofA !== undefined && ofB === undefined)
          expect([a.refusedBy, b.refusedBy]).toEqual([['us'], ['peer']]);
        expect(a.asked).toBeLessThanOrEqual(1);
        expect(b.asked).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a handshake before any bytes', () => {
  it('neither throws nor comes up without a decision', () => {
    const frame = fc.oneof(
      fc.uint8Array({ maxLength: 1200 }),
      fc.constantFrom(
        sealWelcome(),
        sealRefusal({ code: 'WRONG_NODE', reason: 'x' }),
        sealHello({
          versions: { least: 1, greatest: 1 },
          clusterId: 'c',
          id: 'a',
          wantedId: 'b',
          incarnation,
        }),
        sealHello({
          versions: { least: 1, greatest: 1 },
          clusterId: 'd',
          id: 'a',
          wantedId: 'b',
          incarnation,
        }),
      ),
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), fc.constantFrom(listener, dialer), (frames, terms) => {
        const handshake = new Handshake(terms);
        handshake.open();
        let refusals = 0;
        for (const bytes of frames) {
          const step = handshake.receive(bytes);
          expect(step.type).not.toBe('up');
          if (step.type === 'refused' && step.by === 'us') refusals++;
          if (refusals > 0) expect(step.type).not.toBe('admit');
        }
        expect(refusals).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a hello with any one bit flipped', () => {
    const hello = sealHello({
      versions: { least: 1, greatest: 1 },
      clusterId: 'c',
      id: 'a',
      wantedId: 'b',
      incarnation,
    });
    for (let bit = 0; bit < hello.length * 8; bit++) {
      const damaged = hello.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(new Handshake(listener).receive(damaged)).toMatchObject({
        type: 'refused',
        refusal: { code: 'MALFORMED' },
      });
    }
  });
});
