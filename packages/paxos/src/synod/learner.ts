/**
 * The learner (Paxos Made Simple §2.3): a value is chosen when a phase-2 quorum voted for it in one and the same ballot.
 * Votes of different ballots add up to nothing, even when they are for the same value.
 */
import type { FingerprintBuilder, FingerprintView, NodeId, Term } from '@synod/core';
import type { QuorumSystem } from '../quorum-system.js';
import type { SynodVote } from './messages.js';
import { namedInOrder } from './named-in-order.js';

/** Counts the votes of one ballot: that of its own node's proposer, which is thereby the distinguished learner. */
export class Learner {
  #counted: SynodVote | undefined;
  #votes = new Set<NodeId>();

  clone(): Learner {
    const copy = new Learner();
    copy.#counted = this.#counted;
    copy.#votes = new Set(this.#votes);
    return copy;
  }

  addTo(digest: FingerprintBuilder, view: FingerprintView): void {
    digest.plain(this.#counted).plain(namedInOrder(this.#votes, view));
  }

  /** From now on counts votes for the value of a ballot. */
  count(counted: SynodVote): void {
    this.#counted = counted;
    this.#votes.clear();
  }

  /** Who has voted in the ballot that is counted. */
  get votes(): ReadonlySet<NodeId> {
    return this.#votes;
  }

  /** Notes a vote, and gives the value when it is chosen with it. */
  voted(from: NodeId, ballot: Term, quorums: QuorumSystem): Uint8Array | undefined {
    if (ballot !== this.#counted?.ballot) return undefined;
    this.#votes.add(from);
    return quorums.isPhase2Quorum(this.#votes) ? this.#counted.value : undefined;
  }
}
