/** The whole state of one Multi-Paxos node as one value. All else in this package is functions over it. */
import type {
  GroupId,
  LogIndex,
  Membership,
  NodeId,
  ProposalId,
  ProposedCommand,
  Random,
  Role,
  SnapshotMeta,
  Term,
} from '@synod/core';
import type { QuorumSystem } from '../quorum-system.js';
import type { Lease } from './lease.js';
import type { Memberships } from './memberships.js';
import type { Vote } from './messages.js';
import type { MultiPaxosSettings } from './options.js';
import type { Outbox } from './outbox.js';
import type { Progress } from './progress.js';
import type { QuorumReads } from './quorum-rounds.js';
import type { ReadBarriers } from './read-barriers.js';
import type { SlotRanges } from './slot-ranges.js';
import type { Slots } from './slots.js';

/** A proposal of this node whose value gave way to another in its slot: a third node may still get it decided. */
export interface ReplacedProposal {
  readonly term: Term;
  readonly proposal: ProposalId;
}

/** A leadership on its way to another node. */
export interface Transfer {
  readonly to: NodeId;
  /** Ticks since it began. */
  ticks: number;
  /** Whether the other node was told to stand. */
  told: boolean;
}

/** What a voter said to a probe. */
export interface ProbedVoter {
  readonly willing: boolean;
  readonly decided: LogIndex;
  readonly last: LogIndex;
}

/** How far an acceptor has reported its votes to a proposer. */
export interface Promiser {
  /** First slot that it has not reported yet. */
  position: LogIndex;
  /** Whether it has reported all. */
  complete: boolean;
  /** Through where it knows the decisions. */
  decided: LogIndex;
}

/** Everything that a node is as a proposer of one ballot; blank on other nodes. */
export interface Proposer {
  /** Its ballot; 0 when it proposes nothing. */
  ballot: Term;
  /** Number of the save that makes the ballot durable: 0 once it is, `Infinity` while no save was taken. */
  save: number;
  readonly promisers: Map<NodeId, Promiser>;
  readonly refusers: Set<NodeId>;
  /** By slot: the vote of the highest ballot that was reported (Paxos Made Simple §2.2, P2c). */
  readonly adopted: Map<LogIndex, Vote>;
  /** Whether other members govern than those that were asked for promises. */
  mustAsk: boolean;
  /** Whether a phase-1 quorum of the members that govern has promised and reported all. */
  established: boolean;
  /** Values were found through this slot: a leader knows what is decided once it is decided. */
  adoptedThrough: LogIndex;
  /** Next slot to propose in. */
  nextSlot: LogIndex;
  /** Slot of the undecided membership that was proposed; 0 without one. */
  stopSign: LogIndex;
  /** Commands and memberships that wait for a slot. */
  queue: QueuedValue[];
}

/** What waits for a slot: a command as it came, or a membership. */
export interface QueuedValue extends ProposedCommand {
  /** Absent for commands, so that they can wait as they came. */
  readonly kind?: 'membership';
}

/** Everything a Multi-Paxos node is. */
export interface PaxosState {
  readonly id: NodeId;
  readonly group: GroupId;
  settings: MultiPaxosSettings;
  readonly random: Random;
  readonly life: number;
  /** Why this node takes no part any more, once its disk is known to have lost what it acknowledged. */
  dataLoss: string | undefined;
  /** Whether the disk holds this life's number: only then may it stand in a message. */
  lifeDurable: boolean;
  readonly memberships: Memberships;
  membership: Membership;
  quorums: QuorumSystem;
  /** Voters and learners other than this node. */
  peers: readonly NodeId[];
  role: Role;
  /** Highest ballot promised. */
  promised: Term;
  /** Highest ballot heard of: a proposer's next one is above it. */
  highestHeard: Term;
  leader: NodeId | undefined;
  readonly slots: Slots;
  /** Every slot through this one is decided, and its value stands here or in the snapshot. */
  commitIndex: LogIndex;
  /** Through where decided entries were handed out. */
  emittedIndex: LogIndex;
  appliedIndex: LogIndex;
  snapshot: SnapshotMeta | undefined;
  /** Whether the promise, or anything that must not wait for the next decision, changed since the last save. */
  hardStateChanged: boolean;
  /** Decided index in the last saved hard state. */
  savedDecided: LogIndex;
  /** Ticks since the election clock was last reset. */
  electionElapsed: number;
  heartbeatElapsed: number;
  /** Drawn anew at every change of role: from electionTicks to twice that, and more for a lower priority. */
  electionTimeout: number;
  /** All ticks of this life, those included that were missed. */
  ticks: number;
  /** Ticks since a leader was last heard, whatever became of its ballot. */
  ticksSinceLeader: number;
  /** Oldest save under way at the last tick, and for how many ticks it has been that. */
  stalledSave: number;
  stalledTicks: number;
  /** Number of the latest probe, and what was answered to it. */
  probe: number;
  probed: Map<NodeId, ProbedVoter>;
  /** Whether this node has let a more advanced one stand before it since a leader was last known. */
  yielded: boolean;
  /** Slots voted in that are not acknowledged yet. */
  readonly acknowledgements: SlotRanges;
  /** Whether the leader is to be answered, even if there is no vote to acknowledge. */
  owesAnswer: boolean;
  /** Snapshots that are on their way from here, by peer. */
  readonly offered: Map<NodeId, LogIndex>;
  /** Ticks until decisions may be asked for again. */
  learnPause: number;
  /** Whether a voter that governs said that it knows so: for nodes that are none themselves. */
  votersKnow: boolean;
  proposer: Proposer;
  /** A leader's view of its acceptors; empty on other nodes. */
  progress: Map<NodeId, Progress>;
  /** Ticks until this leader may raise its ballot over one that it heard of. */
  raisePause: number;
  /** A leader's lease; absent on other nodes and where leases are off. */
  lease: Lease | undefined;
  transfer: Transfer | undefined;
  /** Bytes of this leader's undecided commands, with and without a slot. */
  uncommittedBytes: number;
  reads: ReadBarriers;
  quorumReads: QuorumReads;
  /** By slot: own proposals whose value gave way to another. */
  replaced: Map<LogIndex, ReplacedProposal>;
  readonly outbox: Outbox;
}
