/**
 * What happened inside an engine and why: one stream that metrics, traces, dashboards and checks all read. Events are
 * plain data without time; whoever takes them off the engine knows when that was.
 */
import type { LogIndex, LogPosition, NodeId, Term } from './ids.js';
import type { Membership } from './membership.js';

/**
 * Part a node plays. Raft: `follower`, `pre-candidate`, `candidate`, `leader`. Paxos: `follower` (an acceptor that
 * follows a leader's ballots), `candidate` (a proposer in phase 1), `leader` (phase 1 is done). `learner` has no vote.
 */
export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader' | 'learner';

/** One thing that an engine did or decided, with its reason. */
export type EngineEvent =
  /** The node plays another part. */
  | {
      readonly type: 'roleChanged';
      readonly from: Role;
      readonly to: Role;
      readonly term: Term;
      readonly reason: string;
    }
  /** The node adopted a newer term or ballot. */
  | { readonly type: 'termChanged'; readonly from: Term; readonly to: Term; readonly reason: string }
  /** The node knows another leader, or none. */
  | { readonly type: 'leaderChanged'; readonly leader: NodeId | undefined; readonly term: Term }
  /** The node asks for votes (or promises). */
  | {
      readonly type: 'campaignStarted';
      readonly term: Term;
      readonly preVote: boolean;
      readonly reason: string;
    }
  /** The node answered a request for its vote (or promise). */
  | {
      readonly type: 'voteAnswered';
      readonly candidate: NodeId;
      readonly term: Term;
      readonly preVote: boolean;
      readonly granted: boolean;
      readonly reason: string;
    }
  /** A vote came in. */
  | {
      readonly type: 'voteReceived';
      readonly voter: NodeId;
      readonly term: Term;
      readonly preVote: boolean;
      readonly granted: boolean;
    }
  /** Entries were put at the end of the log (or accepted in slots). */
  | { readonly type: 'entriesAppended'; readonly from: LogIndex; readonly to: LogIndex; readonly term: Term }
  /** Entries that conflicted with the leader's were dropped. */
  | { readonly type: 'logTruncated'; readonly from: LogIndex; readonly reason: string }
  /** A follower refused an append and said where to look. */
  | {
      readonly type: 'appendRefused';
      readonly peer: NodeId;
      readonly at: LogPosition;
      readonly hint: LogPosition;
    }
  /** A peer's replication went into another state. */
  | {
      readonly type: 'progressChanged';
      readonly peer: NodeId;
      readonly state: 'probe' | 'replicate' | 'snapshot';
      readonly nextIndex: LogIndex;
      readonly reason: string;
    }
  /** More of the log is committed (or chosen without a gap). */
  | { readonly type: 'commitAdvanced'; readonly from: LogIndex; readonly to: LogIndex }
  /** A read barrier was passed, or given up. */
  | { readonly type: 'readConfirmed'; readonly index: LogIndex; readonly reads: number }
  /** A snapshot is offered to a peer that needs entries which are discarded here. */
  | { readonly type: 'snapshotOffered'; readonly peer: NodeId; readonly index: LogIndex }
  /**
   * A peer asks for a snapshot that covers an index, and the one stored here does not: whoever drives the engine should
   * take one, if its state machine has come so far. Told again with every answer of the peer until there is one.
   */
  | { readonly type: 'snapshotWanted'; readonly peer: NodeId; readonly index: LogIndex }
  /** A snapshot takes the place of this node's log, or only of its state machine when that asked for it. */
  | { readonly type: 'snapshotInstalled'; readonly at: LogPosition; readonly from: NodeId }
  /** The log was shortened at its start. */
  | { readonly type: 'logDiscarded'; readonly through: LogPosition }
  /** This node found that its own disk went back or contradicts what is committed: it takes no part any more. */
  | { readonly type: 'dataLossFound'; readonly reason: string }
  /**
   * Other members govern from an index on: at once when the entry is in the log, committed or not (Raft §6). With
   * outgoing voters the change is under way; a lower index than before means that an entry was dropped again.
   */
  | {
      readonly type: 'membershipChanged';
      readonly membership: Membership;
      readonly index: LogIndex;
      readonly reason: string;
    }
  /** A leader begins to hand its leadership over. */
  | { readonly type: 'transferStarted'; readonly to: NodeId; readonly reason: string }
  /** That has ended: this node stopped leading, or leads on because nothing came of it. */
  | {
      readonly type: 'transferEnded';
      readonly to: NodeId;
      readonly stillLeads: boolean;
      readonly reason: string;
    }
  /** A message was put aside; says why. */
  | {
      readonly type: 'messageIgnored';
      readonly from: NodeId;
      readonly message: string;
      readonly reason: string;
    };

/** Names of all engine events. */
export type EngineEventType = EngineEvent['type'];
