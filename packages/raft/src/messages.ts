/**
 * The messages of Raft (figure 2 and §7 of the extended paper; pre-vote and read index from the dissertation, §9.6 and
 * §6.4). A refusal is an answer like any other, never an error.
 */
import type { EngineMessage, Entry, LogIndex, SnapshotMeta, Term } from '@synod/core';

/** Asks for a vote (§5.2), or, with `preVote`, whether a vote would be given (dissertation §9.6). */
export interface RequestVote extends EngineMessage {
  readonly type: 'requestVote';
  /** Term that the candidate stands in; for a pre-vote the term that it would stand in. */
  readonly term: Term;
  /** Whether nothing is asked for yet but an opinion. */
  readonly preVote: boolean;
  /** Index of the candidate's last entry. */
  readonly lastLogIndex: LogIndex;
  /** Term of that entry. */
  readonly lastLogTerm: Term;
  /** Whether the leader itself asked the candidate to take over: then it does not matter that the leader is alive. */
  readonly transfer?: boolean | undefined;
}

/** Answers {@link RequestVote}. */
export interface Vote extends EngineMessage {
  readonly type: 'vote';
  /** The term voted in when granted; the voter's own term when refused. */
  readonly term: Term;
  /** Whether it answers a pre-vote. */
  readonly preVote: boolean;
  /** Whether the vote was given. */
  readonly granted: boolean;
}

/** Replicates entries (AppendEntries, §5.3). */
export interface AppendEntries extends EngineMessage {
  readonly type: 'appendEntries';
  /** The leader's term. */
  readonly term: Term;
  /** Index just before the entries. */
  readonly prevLogIndex: LogIndex;
  /** Term of the entry at that index. */
  readonly prevLogTerm: Term;
  /** Consecutive entries from `prevLogIndex + 1`; empty to probe or to tell the commit index. */
  readonly entries: readonly Entry[];
  /** The leader's commit index. */
  readonly commitIndex: LogIndex;
  /** Replication session, in which the answer is to be given; absent in those that a leader begins with. */
  readonly session?: number | undefined;
}

/** Says that the log agrees with the leader's through an index, durably. Answers appends and snapshots. */
export interface AppendAccepted extends EngineMessage {
  readonly type: 'appendAccepted';
  /** The follower's term. */
  readonly term: Term;
  /** Last index that is durable here and known to agree with the leader's log. */
  readonly matchIndex: LogIndex;
  /** From the request. An answer from before the follower was removed and added again is told apart by it. */
  readonly session?: number | undefined;
}

/** Says that an append did not fit, and where to look next (§5.3, with the term as a further hint). */
export interface AppendRefused extends EngineMessage {
  readonly type: 'appendRefused';
  /** The follower's term; above the leader's when the leader is deposed. */
  readonly term: Term;
  /** `prevLogIndex` of the refused append. */
  readonly refusedIndex: LogIndex;
  /** Greatest index at which the logs may agree: no later entry here has a term as low as the refused one's. */
  readonly hintIndex: LogIndex;
  /** Term of the entry at that index. */
  readonly hintTerm: Term;
  /** From the request. An answer from before the follower was removed and added again is told apart by it. */
  readonly session?: number | undefined;
}

/** Keeps the leader known, tells the commit index and counts read rounds. Never waits behind entries. */
export interface Heartbeat extends EngineMessage {
  readonly type: 'heartbeat';
  /** The leader's term. */
  readonly term: Term;
  /** The leader's commit index, but no more than what is known to match at the follower. */
  readonly commitIndex: LogIndex;
  /** The latest read round: an answer confirms all reads up to it. */
  readonly round: number;
  /** Replication session, in which the answer is to be given; absent in those that a leader begins with. */
  readonly session?: number | undefined;
}

/** Answers {@link Heartbeat}. */
export interface HeartbeatAnswer extends EngineMessage {
  readonly type: 'heartbeatAnswer';
  /** The follower's term. */
  readonly term: Term;
  /** The round of the heartbeat. */
  readonly round: number;
  /** Least index that a snapshot must cover which the follower asks for, in place of its damaged state machine. */
  readonly snapshotWanted?: LogIndex | undefined;
  /** From the request. An answer from before the follower was removed and added again is told apart by it. */
  readonly session?: number | undefined;
}

/** Offers a snapshot in place of discarded entries (§7). Its bytes travelled before: it is durable at the receiver. */
export interface InstallSnapshot extends EngineMessage {
  readonly type: 'installSnapshot';
  /** The leader's term. */
  readonly term: Term;
  /** What the snapshot covers. */
  readonly meta: SnapshotMeta;
  /** Replication session, in which the answer is to be given; absent in those that a leader begins with. */
  readonly session?: number | undefined;
}

/** A follower's wish for a read barrier (dissertation §6.4). */
export interface ReadRequest extends EngineMessage {
  readonly type: 'readRequest';
  /** The follower's term. */
  readonly term: Term;
  /** Which life of the follower asks, so that an answer to an earlier life is told apart. */
  readonly life: number;
  /** Number of the request in that life. */
  readonly request: number;
}

/** Answers {@link ReadRequest}. */
export interface ReadAnswer extends EngineMessage {
  readonly type: 'readAnswer';
  /** The answerer's term. */
  readonly term: Term;
  /** From the request. */
  readonly life: number;
  /** From the request. */
  readonly request: number;
  /** Index to wait for, or `undefined` when this node cannot confirm that it leads. */
  readonly index: LogIndex | undefined;
}

/** Asks the receiver to campaign at once: the leader hands over (dissertation §3.10). */
export interface TimeoutNow extends EngineMessage {
  readonly type: 'timeoutNow';
  /** The leader's term. */
  readonly term: Term;
}

/** Every message of the engine. */
export type RaftMessage =
  | RequestVote
  | Vote
  | AppendEntries
  | AppendAccepted
  | AppendRefused
  | Heartbeat
  | HeartbeatAnswer
  | InstallSnapshot
  | ReadRequest
  | ReadAnswer
  | TimeoutNow;
