/** The messages of registers (Rystsov, CASPaxos, 2018, §2.2): those of Synod, for one key each. */
import type { EngineMessage, Term } from '@synod/core';

/** An acceptor's vote: the state of a register in one ballot. */
export interface RegisterVote {
  /** Ballot in which it was given. */
  readonly ballot: Term;
  /** The register's value; absent while it is empty. Not copied: treat as frozen. */
  readonly value: Uint8Array | undefined;
}

/** Phase 1a. */
export interface RegisterPrepare extends EngineMessage {
  readonly type: 'prepare';
  /** The register. */
  readonly key: string;
  /** The proposer's ballot. */
  readonly ballot: Term;
}

/** Phase 1b. */
export interface RegisterPromise extends EngineMessage {
  readonly type: 'promise';
  /** The register. */
  readonly key: string;
  /** The ballot that is promised. */
  readonly ballot: Term;
  /** The acceptor's last vote, of a lower ballot. */
  readonly vote: RegisterVote | undefined;
}

/** Phase 2a, and phase 1a of the same proposer's next ballot in one message (CASPaxos §2.2.1). */
export interface RegisterAccept extends EngineMessage {
  readonly type: 'accept';
  /** The register. */
  readonly key: string;
  /** The proposer's ballot. */
  readonly ballot: Term;
  /** The register's new value; absent to empty it. */
  readonly value: Uint8Array | undefined;
  /** The ballot to promise together with the vote. */
  readonly next: Term;
}

/** Phase 2b: the vote, and with it the promise of the next ballot. */
export interface RegisterAccepted extends EngineMessage {
  readonly type: 'accepted';
  /** The register. */
  readonly key: string;
  /** Ballot of the vote. */
  readonly ballot: Term;
}

/** Refuses either phase: a higher ballot was promised. */
export interface RegisterRefused extends EngineMessage {
  readonly type: 'refused';
  /** The register. */
  readonly key: string;
  /** The ballot that is refused. */
  readonly ballot: Term;
  /** The ballot that was promised. */
  readonly promised: Term;
}

/** Every message of registers. */
export type RegisterMessage =
  | RegisterPrepare
  | RegisterPromise
  | RegisterAccept
  | RegisterAccepted
  | RegisterRefused;
