/**
 * The acceptor (Paxos Made Simple §2.2): promises a ballot unless it promised a higher one, votes in a ballot unless it
 * promised a higher one. Its two variables are all that Paxos has to remember (§2.5).
 */
import type { Term } from '@synod/core';
import type { SynodVote } from './messages.js';

/** One acceptor. What it answers must be durable before the answer leaves. */
export class Acceptor {
  /** Highest ballot promised; 0 for none. It never falls. */
  promised: Term;
  /** The last vote. */
  vote: SynodVote | undefined;

  /** As it was, or new. */
  constructor(promised: Term = 0, vote?: SynodVote) {
    this.promised = promised;
    this.vote = vote;
  }

  clone(): Acceptor {
    return new Acceptor(this.promised, this.vote);
  }

  /** Phase 1: tells whether the ballot is promised. A repeated request is granted again. */
  prepare(ballot: Term): boolean {
    if (ballot < this.promised) return false;
    this.promised = ballot;
    return true;
  }

  /** Phase 2: tells whether the vote is given. A ballot has one value, so a repeated request changes nothing. */
  accept(ballot: Term, value: Uint8Array): boolean {
    if (ballot < this.promised) return false;
    this.promised = ballot;
    if (this.vote?.ballot !== ballot) this.vote = { ballot, value };
    return true;
  }
}
