/**
 * Vote arithmetic, kept apart and small so that it can be checked against a slow oracle: a majority of the voters,
 * and, while a joint change is under way, a majority of the outgoing voters too (Raft §6).
 */
import type { LogIndex, NodeId } from './ids.js';
import { type Membership, votersOf } from './membership.js';

/** State of a vote: won, lost, or still open. */
export type VoteResult = 'won' | 'lost' | 'pending';

/**
 * Number of votes that is more than half.
 *
 * @param voters - Number of voters, at least 1.
 */
export function majority(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/**
 * The majorities that a decision needs, precomputed from one membership.
 *
 * @example
 * ```ts
 * const quorum = new MajorityQuorum(createMembership(['n1', 'n2', 'n3']));
 * quorum.voteResult((id) => (id === 'n3' ? undefined : true)); // 'won'
 * ```
 */
export class MajorityQuorum {
  /** The voter sets of which each must give a majority: one, or two during a joint change. */
  readonly configurations: readonly (readonly NodeId[])[];
  readonly #sorted: number[] = [];

  /** @param membership - The membership that governs. */
  constructor(membership: Membership) {
    const incoming = votersOf(membership);
    this.configurations =
      membership.outgoingVoters.length === 0 ? [incoming] : [incoming, membership.outgoingVoters];
  }

  /**
   * Counts a vote.
   *
   * @param voteOf - The vote of a node: granted, refused, or `undefined` while unknown.
   * @returns `won` when every configuration has a majority of granted votes, `lost` when one no longer can.
   */
  voteResult(voteOf: (id: NodeId) => boolean | undefined): VoteResult {
    let result: VoteResult = 'won';
    for (const voters of this.configurations) {
      const needed = majority(voters.length);
      let granted = 0;
      let refused = 0;
      for (const id of voters) {
        const vote = voteOf(id);
        if (vote === true) granted++;
        else if (vote === false) refused++;
      }
      if (voters.length - refused < needed) return 'lost';
      if (granted < needed) result = 'pending';
    }
    return result;
  }

  /**
   * Greatest value that a majority of every configuration has reached: the index that is safely replicated.
   *
   * @param progressOf - The value that a node has reached, such as its match index; 0 when unknown.
   */
  reachedByMajority(progressOf: (id: NodeId) => LogIndex): LogIndex {
    let reached = Number.POSITIVE_INFINITY;
    for (const voters of this.configurations) {
      const value = this.#reachedByMajorityOf(voters, progressOf);
      if (value < reached) reached = value;
    }
    return reached === Number.POSITIVE_INFINITY ? 0 : reached;
  }

  /** Sorts by insertion, in place: voters are few, and this runs for every acknowledgement. */
  #reachedByMajorityOf(voters: readonly NodeId[], progressOf: (id: NodeId) => LogIndex): LogIndex {
    const sorted = this.#sorted;
    let count = 0;
    for (const id of voters) {
      const value = progressOf(id);
      let at = count++;
      for (; at > 0; at--) {
        const before = sorted[at - 1] ?? 0;
        if (before <= value) break;
        sorted[at] = before;
      }
      sorted[at] = value;
    }
    return sorted[voters.length - majority(voters.length)] ?? 0;
  }

  /**
   * Tells whether a node's vote counts.
   *
   * @param id - The node.
   */
  isVoter(id: NodeId): boolean {
    return this.configurations.some((voters) => voters.includes(id));
  }
}
