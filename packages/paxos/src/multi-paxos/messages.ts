/**
 * The messages of Multi-Paxos (Paxos Made Simple §2.2 and §3). A refusal is an answer like any other, never an error.
 * The term of an entry is the ballot in which its value was first proposed: together with the slot it names the value,
 * whatever ballots it is voted for in.
 */
import type { EngineMessage, Entry, LogIndex, SnapshotMeta, Term } from '@synod/core';
import type { SlotRange } from './slot-ranges.js';

/** Asks whether a node would promise a ballot: nothing is promised yet, so nobody is disturbed. */
export interface Probe extends EngineMessage {
  readonly type: 'probe';
  /** Highest ballot that the asker promised. */
  readonly ballot: Term;
  /** Number of the probe in the asker's life. */
  readonly probe: number;
  /** Through where the asker knows the decisions. */
  readonly decided: LogIndex;
}

/** Answers {@link Probe}. */
export interface ProbeAnswer extends EngineMessage {
  readonly type: 'probeAnswer';
  /** Highest ballot promised here: a proposer needs a higher one. */
  readonly ballot: Term;
  /** From the request. */
  readonly probe: number;
  /** Whether it would promise: no leader was heard lately. */
  readonly willing: boolean;
  /** Through where decisions are known here. */
  readonly decided: LogIndex;
  /** Last slot that holds a vote here. */
  readonly last: LogIndex;
}

/** Asks the receiver to stand: it is better placed, or the leader hands over to it. */
export interface Nominate extends EngineMessage {
  readonly type: 'nominate';
  /** Highest ballot that the sender promised: its own when it leads. */
  readonly ballot: Term;
  /** Whether the leader itself hands over: then it does not matter that it is alive. */
  readonly transfer: boolean;
}

/** Phase 1a, for all slots from one on and without an end: "do not vote below this ballot, and say what you voted". */
export interface Prepare extends EngineMessage {
  readonly type: 'prepare';
  /** The proposer's ballot. */
  readonly ballot: Term;
  /** First slot that it asks about. */
  readonly slot: LogIndex;
  /**
   * Ballot of the leader that asked the proposer to take over, 0 without one: its own lease is given up by that, and
   * those of earlier ballots are over, but not what the leader of a later ballot may hold.
   */
  readonly handedOver: Term;
}

/** One acceptor's vote in one slot. */
export interface Vote {
  /** The value; its term is the ballot in which it was first proposed. */
  readonly entry: Entry;
  /** Ballot of the vote. */
  readonly ballot: Term;
}

/** Phase 1b: a promise, with a part of the votes at or above the slot that was asked about. */
export interface PromiseGiven extends EngineMessage {
  readonly type: 'promise';
  /** The ballot that is promised. */
  readonly ballot: Term;
  /** The slot that was asked about. */
  readonly slot: LogIndex;
  /** First slot that can be reported: above `slot` when slots before it are only in a snapshot. */
  readonly first: LogIndex;
  /** Every slot through this one is decided: what is reported there is a decision and no mere vote. */
  readonly decided: LogIndex;
  /** Ascending by slot; without holes through `decided`. */
  readonly votes: readonly Vote[];
  /** Where to go on asking; absent when all is reported. */
  readonly next: LogIndex | undefined;
}

/** Refuses a ballot. */
export interface Nack extends EngineMessage {
  readonly type: 'nack';
  /** Highest ballot promised here. */
  readonly ballot: Term;
  /** The ballot that is refused. */
  readonly refused: Term;
}

/** Phase 2a for any number of slots of one ballot, and news of what is decided. */
export interface Accept extends EngineMessage {
  readonly type: 'accept';
  /** The proposer's ballot. */
  readonly ballot: Term;
  /** Values to vote for, ascending by slot. */
  readonly entries: readonly Entry[];
  /** Every slot through this one is decided; a vote of this ballot there is for the decided value. */
  readonly decided: LogIndex;
}

/** Phase 2b: durable votes of one ballot. */
export interface Accepted extends EngineMessage {
  readonly type: 'accepted';
  /** Ballot of the votes. */
  readonly ballot: Term;
  /** Through where decisions are known and durable here: such slots need no votes any more. */
  readonly decided: LogIndex;
  /** Slots of the votes. */
  readonly ranges: readonly SlotRange[];
}

/** Keeps the leader known, tells what is decided and counts read rounds. Never waits behind values. */
export interface Heartbeat extends EngineMessage {
  readonly type: 'heartbeat';
  /** The leader's ballot. */
  readonly ballot: Term;
  /** Every slot through this one is decided. */
  readonly decided: LogIndex;
  /** Through where the receiver said that it holds everything durably. */
  readonly held: LogIndex;
  /** The latest read round: an answer confirms all reads up to it. */
  readonly round: number;
}

/** Answers {@link Heartbeat}: no higher ballot was promised here. */
export interface HeartbeatAnswer extends EngineMessage {
  readonly type: 'heartbeatAnswer';
  /** The leader's ballot. */
  readonly ballot: Term;
  /** Through where decisions are known and durable here. */
  readonly decided: LogIndex;
  /** Through where the slots after `decided` have a durable vote of this ballot. */
  readonly accepted: LogIndex;
  /** Through where values have arrived, durable or not: what was sent beyond may be lost. */
  readonly received: LogIndex;
  /** The round of the heartbeat. */
  readonly round: number;
}

/** Offers a snapshot in place of discarded slots. Its bytes travelled before: it is durable at the receiver. */
export interface InstallSnapshot extends EngineMessage {
  readonly type: 'installSnapshot';
  /** Highest ballot that the sender promised. */
  readonly ballot: Term;
  /** What the snapshot covers. */
  readonly meta: SnapshotMeta;
}

/** Asks anybody who knows more for decisions. */
export interface Learn extends EngineMessage {
  readonly type: 'learn';
  /** Highest ballot that the asker promised. */
  readonly ballot: Term;
  /** First slot whose decision is not known. */
  readonly slot: LogIndex;
}

/** Answers {@link Learn}: decisions, which hold in any ballot. */
export interface Learned extends EngineMessage {
  readonly type: 'learned';
  /** Highest ballot that the sender promised. */
  readonly ballot: Term;
  /** Decided values, without holes. */
  readonly entries: readonly Entry[];
  /** Through where the sender knows the decisions. */
  readonly decided: LogIndex;
}

/** A follower's wish for a read barrier. */
export interface ReadRequest extends EngineMessage {
  readonly type: 'readRequest';
  /** Highest ballot that the follower promised. */
  readonly ballot: Term;
  /** Which life of the follower asks, so that an answer to an earlier life is told apart. */
  readonly life: number;
  /** Number of the request in that life. */
  readonly request: number;
}

/** Answers {@link ReadRequest}. */
export interface ReadAnswer extends EngineMessage {
  readonly type: 'readAnswer';
  /** Highest ballot that the sender promised. */
  readonly ballot: Term;
  /** From the request. */
  readonly life: number;
  /** From the request. */
  readonly request: number;
  /** Index to wait for, or `undefined` when this node cannot confirm that it leads. */
  readonly index: LogIndex | undefined;
}

/** Asks for the last slot that holds a vote: a read goes by quorum. */
export interface VotesRequest extends EngineMessage {
  readonly type: 'votesRequest';
  /** Highest ballot that the sender promised. */
  readonly ballot: Term;
  /** Which life of the sender asks, so that an answer to an earlier life is told apart. */
  readonly life: number;
  /** Number of the request in that life. */
  readonly request: number;
}

/** Answers {@link VotesRequest}. */
export interface VotesAnswer extends EngineMessage {
  readonly type: 'votesAnswer';
  /** Highest ballot that the sender promised. */
  readonly ballot: Term;
  /** From the request. */
  readonly life: number;
  /** From the request. */
  readonly request: number;
  /** Last slot that holds a vote here. */
  readonly last: LogIndex;
}

/** Every message of the engine. */
export type MultiPaxosMessage =
  | Probe
  | ProbeAnswer
  | Nominate
  | Prepare
  | PromiseGiven
  | Nack
  | Accept
  | Accepted
  | Heartbeat
  | HeartbeatAnswer
  | InstallSnapshot
  | Learn
  | Learned
  | ReadRequest
  | ReadAnswer
  | VotesRequest
  | VotesAnswer;
