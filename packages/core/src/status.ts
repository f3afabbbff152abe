/** What an engine says of itself: one value for dashboards, metrics and people. */
import type { Role } from './events.js';
import type { EngineKind, GroupId, LogIndex, LogPosition, NodeId, Term } from './ids.js';
import type { Membership } from './membership.js';

/** What a leader knows of one peer's log. */
export interface PeerProgress {
  /** The peer. */
  readonly id: NodeId;
  /** Last index known to be durable there. */
  readonly matchIndex: LogIndex;
  /** Index of the next entry to send. */
  readonly nextIndex: LogIndex;
  /** `probe`: looking for where the logs agree; `replicate`: streaming; `snapshot`: a snapshot is on its way. */
  readonly state: 'probe' | 'replicate' | 'snapshot';
  /** Appends sent and not answered yet. */
  readonly inFlight: number;
  /** Ticks since the peer was last heard. */
  readonly silentTicks: number;
}

/** State of an engine at one moment. */
export interface EngineStatus {
  /** Protocol family. */
  readonly kind: EngineKind;
  /** This node. */
  readonly id: NodeId;
  /** The group. */
  readonly group: GroupId;
  /** Part it plays. */
  readonly role: Role;
  /** Its term (Raft) or the highest ballot it promised (Paxos). */
  readonly term: Term;
  /** The leader it knows in that term. */
  readonly leader: NodeId | undefined;
  /** Greatest index known to be committed. */
  readonly commitIndex: LogIndex;
  /** Greatest index that the state machine is known to have applied. */
  readonly appliedIndex: LogIndex;
  /** Greatest index that is durable here. */
  readonly durableIndex: LogIndex;
  /** First index of the log in memory. */
  readonly firstIndex: LogIndex;
  /** Last index of the log. */
  readonly lastIndex: LogIndex;
  /** Newest snapshot; the start of the log when there is none. */
  readonly snapshot: LogPosition;
  /** Members that govern now. */
  readonly membership: Membership;
  /** What a leader knows of its peers; empty on other nodes. */
  readonly peers: readonly PeerProgress[];
  /** Reads that wait for their barrier. */
  readonly pendingReads: number;
  /** One sentence for people: what this node waits for, or that it waits for nothing. */
  readonly explanation: string;
}
