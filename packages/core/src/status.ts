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
  /** Bytes of the entries in them. */
  readonly inFlightBytes?: number;
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
  /** Members that govern now: voters, learners and, while a change is under way, outgoing voters. */
  readonly membership: Membership;
  /** Index of the entry that they stand in; 0 for the members that the group began with. */
  readonly membershipIndex?: LogIndex;
  /** Members that govern just behind the applied index: those that a snapshot taken there carries. */
  readonly appliedMembership?: Membership;
  /**
   * Whether a leader can decide nothing yet: other members govern since it was elected, and too few of them have promised
   * it their votes. Absent on other nodes, and of engines whose elections hold for later members too.
   */
  readonly awaitsPromises?: boolean;
  /** Whom a leader hands its leadership to at the moment. */
  readonly transferTo?: NodeId;
  /** Ticks for which a leader's lease lasts yet; absent without leases, 0 when it has run out. */
  readonly leaseTicksLeft?: number;
  /** What a leader knows of its peers; empty on other nodes. */
  readonly peers: readonly PeerProgress[];
  /** Reads that wait for their barrier. */
  readonly pendingReads: number;
  /** One sentence for people: what this node waits for, or that it waits for nothing. */
  readonly explanation: string;
}
