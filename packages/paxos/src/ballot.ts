/**
 * Ballots (Paxos Made Simple §2.2): pairs of a round and the ordinal of the proposer that they belong to, ordered by
 * round first and packed into one number. 0 stands before every ballot.
 *
 * A proposer owns the ballots of its ordinal and must never use one for two proposals. Whoever takes the next ballot
 * above the highest that it has issued or seen, and keeps that one durable before a message leaves with it, can be
 * restarted at any moment and still issues none twice.
 */
import { type Member, membersMax, parseInteger, type Term } from '@synod/core';

const ordinals = membersMax + 1;

/** Greatest round of a ballot: 2^43 - 2. At a thousand rounds a second it lasts for 278 years. */
export const roundMax = Math.floor(Number.MAX_SAFE_INTEGER / ordinals) - 1;

/** Greatest ballot that there is. */
const ballotMax: Term = roundMax * ordinals + membersMax;

/**
 * The ballot of a member in a round.
 *
 * @param round - 1 to {@link roundMax}.
 * @param ordinal - The member's ordinal, 1 to 1023.
 * @throws InvalidArgumentError when one of them is out of its range.
 */
export function ballotOf(round: number, ordinal: Member['ordinal']): Term {
  parseInteger(round, 'round', 1, roundMax);
  parseInteger(ordinal, 'ordinal', 1, membersMax);
  return round * ordinals + ordinal;
}

/**
 * The round of a ballot; 0 of none.
 *
 * @param ballot - A ballot, or 0.
 */
export function roundOf(ballot: Term): number {
  return Math.floor(ballot / ordinals);
}

/**
 * The ordinal of the proposer that a ballot belongs to; 0 of none.
 *
 * @param ballot - A ballot, or 0.
 */
export function ordinalOf(ballot: Term): number {
  return ballot % ordinals;
}

/**
 * The lowest ballot of a proposer that is above a given one.
 *
 * @param above - The highest ballot issued or heard of so far; 0 for none.
 * @param ordinal - The proposer's ordinal, 1 to 1023.
 * @returns A ballot that no other proposer has. It must be durable as the highest one issued before it is used.
 * @throws InvalidArgumentError when the ordinal is out of its range, or no round is left.
 *
 * @example
 * ```ts
 * const first = nextBallot(0, 2); // round 1 of ordinal 2
 * const second = nextBallot(nextBallot(first, 3), 2); // round 2: it was outbid in round 1
 * ```
 */
export function nextBallot(above: Term, ordinal: Member['ordinal']): Term {
  const round = roundOf(above);
  return ballotOf(ordinalOf(above) < ordinal && round > 0 ? round : round + 1, ordinal);
}

/**
 * Tells whether a number is a ballot: of a round from 1 and an ordinal from 1.
 *
 * @param value - Anything.
 */
export function isBallot(value: unknown): value is Term {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value > ballotMax) return false;
  return value >= ordinals && value % ordinals !== 0;
}

/**
 * Tells whether a ballot that a peer names may be believed: it is one, and not so high that ballots above it run out.
 * Nobody gets that far by counting, so whoever names it is wrong.
 *
 * @param ballot - What the peer named.
 */
export function isPlausibleBallot(ballot: Term): boolean {
  return isBallot(ballot) && roundOf(ballot) <= roundMax / 2;
}

/**
 * A ballot for people: round and ordinal, as `7.2`; `none` for 0.
 *
 * @param ballot - A ballot, or 0.
 */
export function formatBallot(ballot: Term): string {
  return ballot === 0 ? 'none' : `${roundOf(ballot)}.${ordinalOf(ballot)}`;
}
