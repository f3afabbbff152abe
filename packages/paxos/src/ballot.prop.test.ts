import { isSynodError } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ballotOf, formatBallot, isBallot, nextBallot, ordinalOf, roundMax, roundOf } from './ballot.js';

const rounds = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: roundMax }));
const ordinals = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 1023 }));
const ballots = fc.tuple(rounds, ordinals).map(([round, ordinal]) => ballotOf(round, ordinal));

describe('ballots', () => {
  it('hold their round and ordinal, and are printed so', () => {
    fc.assert(
      fc.property(rounds, ordinals, (round, ordinal) => {
        const ballot = ballotOf(round, ordinal);
        expect(isBallot(ballot)).toBe(true);
        expect([roundOf(ballot), ordinalOf(ballot)]).toEqual([round, ordinal]);
        expect(formatBallot(ballot)).toBe(`${round}.${ordinal}`);
      }),
    );
    expect(formatBallot(0)).toBe('none');
  });

  it('are ordered by round, then by ordinal', () => {
    fc.assert(
      fc.property(rounds, ordinals, rounds, ordinals, (round, ordinal, otherRound, otherOrdinal) => {
        const order = round - otherRound || ordinal - otherOrdinal;
        const packed = ballotOf(round, ordinal) - ballotOf(otherRound, otherOrdinal);
        expect(Math.sign(packed)).toBe(Math.sign(order));
      }),
    );
  });

  it('come next above any ballot: the lowest one of that proposer, and never the same again', () => {
    const seen = fc.oneof(ballots, fc.constant(0)).filter((ballot) => roundOf(ballot) < roundMax);
    fc.assert(
      fc.property(seen, ordinals, (above, ordinal) => {
        const next = nextBallot(above, ordinal);
        expect(next).toBeGreaterThan(above);
        expect(ordinalOf(next)).toBe(ordinal);
        if (roundOf(next) > 1) expect(ballotOf(roundOf(next) - 1, ordinal)).toBeLessThanOrEqual(above);
        expect(nextBallot(next, ordinal)).toBeGreaterThan(next);
      }),
    );
  });

  it('end before numbers lose their precision, and say so', () => {
    const last = ballotOf(roundMax, 1023);
    expect(isBallot(last)).toBe(true);
    expect(Number.isSafeInteger(last)).toBe(true);
    expect(() => nextBallot(last, 1)).toThrow(/round is 8796093022207: it must be an integer from 1 to/);
  });

  it.each([
    [0, 1, /round is 0/],
    [1, 0, /ordinal is 0/],
    [1, 1024, /ordinal is 1024: it must be an integer from 1 to 1023/],
    [1.5, 1, /round is 1.5/],
  ])('refuse round %s of ordinal %s', (round, ordinal, message) => {
    expect(() => ballotOf(round, ordinal)).toThrow(message);
    try {
      ballotOf(round, ordinal);
    } catch (error) {
      expect(isSynodError(error) && error.code).toBe('INVALID_ARGUMENT');
    }
  });

  it('are told from other numbers', () => {
    for (const value of [
      0,
      1,
      1023,
      1024,
      2048,
      -1025,
      1025.5,
      Number.MAX_SAFE_INTEGER + 1,
      '1025',
      undefined,
    ])
      expect(isBallot(value)).toBe(false);
    expect(isBallot(1025)).toBe(true);
  });
});
