/** The quorums of one membership, by the rule that the group was set up with. */
import { isSynodError, type Membership, votersOf } from '@synod/core';
import { type QuorumRule, QuorumSystem } from '../quorum-system.js';

/**
 * Quorums of the voters of a membership.
 *
 * @throws InvalidArgumentError or DisjointQuorumsError when the rule does not fit them.
 */
export function quorumsOf(membership: Membership, rule: QuorumRule): QuorumSystem {
  return new QuorumSystem(votersOf(membership), rule);
}

/** Why a rule does not fit the voters of a membership, if it does not. */
export function reasonUnfit(membership: Membership, rule: QuorumRule): string | undefined {
  try {
    quorumsOf(membership, rule);
    return undefined;
  } catch (error) {
    if (isSynodError(error)) return error.message;
    throw error;
  }
}
