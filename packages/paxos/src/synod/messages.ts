/** The messages of single-decree Synod (Paxos Made Simple §2.2, §2.3). */
import type { EngineMessage, Term } from '@synod/core';

/** An acceptor's vote: the value of a ballot. */
export interface SynodVote {
  /** Ballot in which it was given. */
  readonly ballot: Term;
  /** The value voted for. Not copied: treat as frozen. */
  readonly value: Uint8Array;
}

/** Phase 1a: "promise to vote in no ballot below this one, and say what you voted for last". */
export interface SynodPrepare extends EngineMessage {
  readonly type: 'prepare';
  /** The proposer's ballot. */
  readonly ballot: Term;
}

/** Phase 1b: the promise. */
export interface SynodPromise extends EngineMessage {
  readonly type: 'promise';
  /** The ballot that is promised. */
  readonly ballot: Term;
  /** The acceptor's last vote, of a lower ballot. */
  readonly vote: SynodVote | undefined;
}

/** Phase 2a: "vote for this value". */
export interface SynodAccept extends EngineMessage {
  readonly type: 'accept';
  /** The proposer's ballot. */
  readonly ballot: Term;
  /** The one value of the ballot. */
  readonly value: Uint8Array;
}

/** Phase 2b: the vote. */
export interface SynodAccepted extends EngineMessage {
  readonly type: 'accepted';
  /** Ballot of the vote: a ballot has one value, so it names the value. */
  readonly ballot: Term;
}

/** Refuses either phase: a higher ballot was promised. */
export interface SynodRefused extends EngineMessage {
  readonly type: 'refused';
  /** The ballot that is refused. */
  readonly ballot: Term;
  /** The ballot that was promised: the proposer needs one above it. */
  readonly promised: Term;
}

/** Tells what was chosen: true for ever, whoever says it. */
export interface SynodDecided extends EngineMessage {
  readonly type: 'decided';
  /** The chosen value. */
  readonly value: Uint8Array;
}

/** Every message of a Synod. */
export type SynodMessage =
  | SynodPrepare
  | SynodPromise
  | SynodAccept
  | SynodAccepted
  | SynodRefused
  | SynodDecided;
