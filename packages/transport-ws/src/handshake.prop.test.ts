import type { HelloRefusal } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Handshake, type HandshakeStep, type HandshakeTerms } from './handshake.js';
import { sealHello, sealProof, sealRefusal, sealWelcome } from './handshake-frames.js';
import { parseTokens, TokenProof } from './token-proof.js';

const incarnation = '0'.repeat(32);
const nonce = new Uint8Array(0);
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

/** Lets both read and decide in the order of a schedule, until a hundred moves in a row have had nothing to do. */
function play(schedule: Iterable<number>, a: Side, b: Side, ofA?: HelloRefusal, ofB?: HelloRefusal): void {
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
        play(schedule, a, b, ofA, ofB);
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

describe('two handshakes with tokens', () => {
  const token = fc.constantFrom('a token of enough bytes', 'another, just as long', undefined);
  const withToken = (terms: HandshakeTerms, text: string | undefined): HandshakeTerms =>
    text === undefined ? terms : { ...terms, authentication: new TokenProof(parseTokens(text)) };

  it('come up exactly when both hold the same, and ask for no admission before it is proved', () => {
    fc.assert(
      fc.property(token, token, fc.infiniteStream(fc.nat(3)), (ofA, ofB, schedule) => {
        const a = new Side(withToken(dialer, ofA));
        const b = new Side(withToken(listener, ofB));
        b.inbox.push(...a.handshake.open());
        play(schedule, a, b);
        const same = ofA === ofB;
        expect([a.up, b.up, a.asked, b.asked]).toEqual([same, same, Number(same), Number(same)]);
        expect([a.refusedBy.length > 0, b.refusedBy.length > 0]).toEqual([!same, !same]);
      }),
      { numRuns: 200 },
    );
  });

  it('go on while a token is changed: the old one and the new one are accepted, whichever proves first', () => {
    const old = 'the token of last year';
    const young = 'the token of this year';
    const steps = [[old], [old, young], [young, old], [young]];
    for (const [step, ofA] of steps.entries()) {
      for (const ofB of steps.slice(Math.max(0, step - 1), step + 2)) {
        const a = new Side({ ...dialer, authentication: new TokenProof(parseTokens(ofA)) });
        const b = new Side({ ...listener, authentication: new TokenProof(parseTokens(ofB)) });
        b.inbox.push(...a.handshake.open());
        for (let round = 0; round < 10; round++) {
          for (const [one, other] of [
            [a, b],
            [b, a],
          ] as const) {
            one.readNext(other);
            one.decideNow(undefined, other);
          }
        }
        expect([a.up, b.up], `${ofA} and ${ofB}`).toEqual([true, true]);
      }
    }
  });

  it('are worth nothing recorded: every frame of a dialer that was let in is refused the next time', () => {
    const held = 'a token of enough bytes';
    const recorded: Uint8Array[] = [];
    const a = new Side(withToken(dialer, held));
    const b = new Side(withToken(listener, held));
    b.inbox.push(...a.handshake.open());
    for (let round = 0; round < 10; round++) {
      recorded.push(...b.inbox);
      for (const [one, other] of [
        [b, a],
        [a, b],
      ] as const) {
        one.readNext(other);
        one.decideNow(undefined, other);
      }
    }
    expect([a.up, b.up]).toEqual([true, true]);
    const again = new Handshake(withToken(listener, held));
    const types = recorded.map((frame) => again.receive(frame));
    expect(types.some(({ type }) => type === 'admit' || type === 'up')).toBe(false);
    expect(types).toContainEqual(
      expect.objectContaining({ refusal: expect.objectContaining({ code: 'UNAUTHENTICATED' }) }),
    );
  });

  it('cannot be turned around: a listener does not accept its own nonce and proof back', () => {
    const held = 'a token of enough bytes';
    const b = new Handshake(withToken(listener, held));
    const hello = new Handshake(withToken(dialer, held)).open()[0] ?? new Uint8Array(0);
    const [answer = new Uint8Array(0)] = b.receive(hello).send;
    // What the listener itself would prove for these very hellos.
    const own = new TokenProof(parseTokens(held)).prove('listener', hello, answer);
    expect(b.receive(sealProof(own))).toMatchObject({ refusal: { code: 'UNAUTHENTICATED' } });
  });

  it('refuse a proof with any one bit flipped', () => {
    const held = 'a token of enough bytes';
    const authentication = new TokenProof(parseTokens(held));
    const hello = new Handshake({ ...dialer, authentication }).open()[0] ?? new Uint8Array(0);
    for (let bit = 0; bit < 256; bit++) {
      const b = new Handshake(withToken(listener, held));
      const [answer = new Uint8Array(0)] = b.receive(hello).send;
      const proof = authentication.prove('dialer', hello, answer);
      proof[bit >> 3] = (proof[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(b.receive(sealProof(proof))).toMatchObject({ refusal: { code: 'UNAUTHENTICATED' } });
    }
  });
});

describe('two versions', () => {
  it('agree on the newest that both speak, also with a peer that knows the first one only', () => {
    const b = new Handshake(listener);
    const old = {
      versions: { least: 1, greatest: 1 },
      clusterId: 'c',
      id: 'a',
      wantedId: 'b',
      incarnation,
      nonce,
    };
    expect(b.receive(sealHello(old)).type).toBe('admit');
    b.decide(undefined);
    expect(b.receive(sealWelcome())).toMatchObject({ type: 'up', version: 1 });
    const young = new Handshake(listener);
    young.receive(sealHello({ ...old, versions: { least: 1, greatest: 9 } }));
    young.decide(undefined);
    expect(young.receive(sealWelcome())).toMatchObject({ type: 'up', version: 2 });
  });

  it('are not played off against each other: with a token, a peer of the first version is refused', () => {
    const b = new Handshake({
      ...listener,
      authentication: new TokenProof(parseTokens('a token of enough bytes')),
    });
    const old = {
      versions: { least: 1, greatest: 1 },
      clusterId: 'c',
      id: 'a',
      wantedId: 'b',
      incarnation,
      nonce,
    };
    expect(b.receive(sealHello(old))).toMatchObject({ refusal: { code: 'UNAUTHENTICATED' } });
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
          nonce,
        }),
        sealHello({
          versions: { least: 1, greatest: 1 },
          clusterId: 'd',
          id: 'a',
          wantedId: 'b',
          incarnation,
          nonce,
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
      nonce,
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
