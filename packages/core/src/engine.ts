/**
 * The contract of a consensus engine: one door in, one door out. Every input is a value, so that it can be recorded,
 * replayed, enumerated by an explorer and sent over a wire. Every effect is a value, with its order in the data. An
 * engine never waits, never sees a clock, a socket, a file or a random source that it was not given.
 *
 * Raft and Multi-Paxos stand behind it alike. A term here is a Raft term or a packed Paxos ballot; an index is a Raft
 * index or a Paxos slot.
 */

import type { ByteReader, ByteWriter } from './bytes.js';
import type { DurableWrite, RecoveredState, SaveReceipt, SnapshotMeta } from './durable.js';
import type { Entry, ProposalId } from './entry.js';
import type { Effect } from './errors.js';
import type { EngineEvent } from './events.js';
import type { Fingerprint, FingerprintView } from './fingerprint.js';
import type { EngineKind, GroupId, LogIndex, NodeId } from './ids.js';
import type { Membership } from './membership.js';
import type { EngineStatus } from './status.js';

/** What every engine's messages have in common. */
export interface EngineMessage {
  /** The node that sends it. */
  readonly from: NodeId;
  /** The node it is for. */
  readonly to: NodeId;
}

/** A command that a caller wants in the log. */
export interface ProposedCommand {
  /** The caller's own number for it, unique while pending. Comes back on the committed entry or in a refusal. */
  readonly proposal: ProposalId;
  /** The command's bytes. Not copied: the caller must not change them any more. */
  readonly data: Uint8Array;
}

/** Number by which a caller knows its own read again; unique while pending. */
export type ReadContext = number;

/**
 * How a read is made linearizable.
 *
 * - `index`: a quorum confirms, after the read arrived, that the leader still leads (Raft §8; dissertation §6.4).
 * - `lease`: the leader trusts its clock bound instead. An engine without leases treats it as `index`.
 * - `quorum`: the node asks a quorum itself, without the leader (Paxos quorum reads, HotStorage 2019). An engine without
 *   such reads treats it as `index`.
 */
export type ReadMode = 'index' | 'lease' | 'quorum';

/** A wish to change the members of a group. */
export interface MembershipChange {
  /**
   * Members as they shall be when the change is complete, with no outgoing voters. Any number of nodes may come, go or
   * change their part at once. Whoever stays keeps the ordinal; whoever comes gets one that nobody has.
   */
  readonly target: Membership;
  /**
   * Whether a node may become a voter before its log has caught up. Then commands may wait until it has. Default
   * `false`: such a change is refused with `NOT_READY`; add the node as a learner first.
   */
  readonly admitLagging?: boolean;
  /**
   * Only if the members that govern stand in the entry of this index, as `membershipIndex` of the status says (0 for
   * those that the group began with): so that of two who change what they saw, one does not undo the other. Otherwise
   * the change is refused with `CONFLICT`. Take the index from a status whose commit index has reached it.
   */
  readonly ifMembershipIndex?: LogIndex;
}

/** Protocol timing that can be changed while an engine runs. */
export interface EngineTiming {
  /** Least election timeout in ticks. */
  readonly electionTicks?: number;
  /** Ticks between a leader's signs of life. */
  readonly heartbeatTicks?: number;
}

/** Everything that can happen to an engine. */
export type EngineInput<Message extends EngineMessage> =
  /**
   * One unit of logical time passed. The caller decides how long it is. `missed` says how many more passed before it
   * while the process stood still: they move no timeout, so that a pause starts no election, but they end a leader's
   * lease.
   */
  | { readonly type: 'tick'; readonly missed?: number }
  /**
   * A message arrived. Its sender was authenticated as `message.from` and it is for this node. A message that offers
   * a snapshot is stepped only after that snapshot is durable here.
   */
  | { readonly type: 'receive'; readonly message: Message }
  /** Commands to put into the log. */
  | { readonly type: 'propose'; readonly commands: readonly ProposedCommand[] }
  /**
   * A barrier for a linearizable read. Before one of mode `lease` the caller steps a `tick` for all the time that has
   * passed, as its clock says: a lease is no better than the time that its engine is told.
   */
  | { readonly type: 'read'; readonly context: ReadContext; readonly mode: ReadMode }
  /** A {@link DurableWrite} is on disk. Receipts come in the order of the writes. */
  | { readonly type: 'saved'; readonly receipt: SaveReceipt }
  /** The state machine has applied everything through an index. */
  | { readonly type: 'applied'; readonly through: LogIndex }
  /** A snapshot of the state machine that this node took itself is durable: the log before it may be discarded. */
  | { readonly type: 'snapshotSaved'; readonly meta: SnapshotMeta }
  /** Whether the snapshot of a `send` effect reached the peer's disk. */
  | { readonly type: 'snapshotSent'; readonly peer: NodeId; readonly delivered: boolean }
  /** Change who takes part. */
  | { readonly type: 'changeMembership'; readonly change: MembershipChange; readonly proposal: ProposalId }
  /**
   * Hand the leadership to another voter, or to the most advanced one. Commands are refused meanwhile. When another
   * node leads, that shows as an event; when nothing came of it within an election timeout, a refusal says so.
   */
  | { readonly type: 'transferLeadership'; readonly to?: NodeId }
  /** Try to become leader now, without waiting for the election timeout. For operators and tests. */
  | { readonly type: 'campaign' }
  /**
   * Whoever drives the engine knows that the leader is gone, sooner than its silence tells: this node stays in its term
   * and its election timeout goes on, but it gives its vote to whoever may have it. A leader, a candidate, and a node that may
   * break no lease take no notice. For when a quorum of nodes knows it, as by a failure detector: then an election need
   * not wait until each has heard nothing for an election timeout.
   */
  | { readonly type: 'forgetLeader' }
  /**
   * The state machine here is damaged, and a peer's snapshot shall take its place although the log would do. Nothing more
   * is handed out as committed until a snapshot has come that covers more than was handed out before; an `install` in the
   * effects says so. The log, votes and acknowledgements go on meanwhile. A leader takes no notice, and a node that becomes
   * leader gives the wish up and hands out what is committed: hand the leadership over first, and ask again. An engine
   * that does not have this takes no notice.
   */
  | { readonly type: 'requestSnapshot' }
  /** The transport lost the way to a peer, or dropped messages for it. */
  | { readonly type: 'peerUnreachable'; readonly peer: NodeId }
  /**
   * Change the timing from now on. One that is out of its range throws {@link InvalidArgumentError} and changes
   * nothing.
   */
  | { readonly type: 'retime'; readonly timing: EngineTiming };

/** Why an engine refused something. */
export type RefusalCode =
  /** Another node leads; `leader` names it. */
  | 'NOT_LEADER'
  /** Nobody is known to lead. */
  | 'NO_LEADER'
  /** Too much is waiting already. */
  | 'OVERLOADED'
  /** Too large for one entry. */
  | 'TOO_LARGE'
  /** Not possible now, but later it may be: `reason` says what to wait for. */
  | 'NOT_READY'
  /** Never possible as it was asked: `reason` says what would be. */
  | 'INVALID'
  /** The condition that it was asked under does not hold: `reason` says what does. */
  | 'CONFLICT'
  /** Begun and given up. */
  | 'ABORTED'
  /** Another entry was committed at the index that this proposal had: it never takes effect. */
  | 'SUPERSEDED'
  /** This node lost track of it, by a snapshot that covers its index: nobody here knows its fate. */
  | 'OUTCOME_UNKNOWN'
  /** This engine cannot do that. */
  | 'UNSUPPORTED';

/** A definite or unknown end of something a caller asked for, in place of success. */
export interface Refusal {
  /** What was refused. */
  readonly subject:
    | { readonly type: 'proposal'; readonly proposal: ProposalId }
    | { readonly type: 'read'; readonly context: ReadContext }
    | { readonly type: 'transfer' };
  /** Why, for programs. */
  readonly code: RefusalCode;
  /** Whether it may have taken effect. */
  readonly effect: Effect;
  /** Whom to try instead, if known. */
  readonly leader?: NodeId;
  /** Why, for people. */
  readonly reason: string;
}

/** A read barrier that is through. */
export interface ReadReady {
  /** The read. */
  readonly context: ReadContext;
  /** The read may be answered once everything through this index is applied. */
  readonly index: LogIndex;
}

/** Snapshot work for the caller. */
export type SnapshotWork<Message extends EngineMessage> =
  /**
   * Carry the stored snapshot to a peer; when it is durable there, step `message` there as a `receive`. Then step
   * `snapshotSent` here, in either case. `meta` says the least it must cover: a newer one serves too, and then
   * `message` is made anew by {@link MessageCodec.withSnapshot}.
   */
  | { readonly type: 'send'; readonly to: NodeId; readonly meta: SnapshotMeta; readonly message: Message }
  /**
   * Restore the state machine from the stored snapshot. Later commits follow on from it. An engine that is made from
   * a recovered snapshot asks for this first.
   */
  | { readonly type: 'install'; readonly meta: SnapshotMeta };

/**
 * Everything to be done since effects were last taken. The order is law:
 * 1. `save`, and at the same time `sendNow`;
 * 2. when the save, and every save taken before it, is durable: step `saved`, and send `sendAfterSave`. Effects
 *    without a `save` wait for the earlier ones all the same;
 * 3. `snapshots` of type `install`, then apply `committed`, then answer `reads` that wait for the applied index.
 *
 * `committed` never runs ahead of what is durable here. An engine that starts from a recovered snapshot gives an
 * `install` in its first effects, so a caller restores its state machine in one way only.
 */
export interface Effects<Message extends EngineMessage> {
  /** What must become durable. */
  readonly save?: DurableWrite | undefined;
  /** Messages that may leave in parallel with the save, such as a leader's appends (Raft dissertation §10.2.1). */
  readonly sendNow: readonly Message[];
  /** Votes, promises, acknowledgements: only once `save` and all earlier saves are durable. */
  readonly sendAfterSave: readonly Message[];
  /** Entries to apply: contiguous, ascending, each once. */
  readonly committed: readonly Entry[];
  /** Reads whose barrier is through. */
  readonly reads: readonly ReadReady[];
  /** What was refused. */
  readonly refused: readonly Refusal[];
  /** Snapshots to send or install. */
  readonly snapshots: readonly SnapshotWork<Message>[];
  /** What happened and why. */
  readonly events: readonly EngineEvent[];
}

/**
 * A consensus protocol as a pure, deterministic state machine. Many inputs may be stepped before effects are taken:
 * one save and one message a peer then serve them all.
 */
export interface ConsensusEngine<Message extends EngineMessage> {
  /** Which protocol it is. */
  readonly kind: EngineKind;
  /** This node. */
  readonly id: NodeId;
  /** The group it decides for. */
  readonly group: GroupId;
  /**
   * Feeds one input; the only way anything changes. Never waits and never throws on a peer's message.
   *
   * @param input - What happened.
   * @throws {@link InvariantViolation} when the caller broke the contract or the engine is wrong: the node must stop.
   */
  step(input: EngineInput<Message>): void;
  /** Takes everything to be done, or `undefined` when there is nothing. */
  takeEffects(): Effects<Message> | undefined;
  /** What the engine knows of itself and its peers, for people and programs. */
  status(): EngineStatus;
  /** An independent copy, for explorers and time travel. Effects that were not taken are copied too. */
  clone(): ConsensusEngine<Message>;
  /**
   * Digest of everything that can influence what the engine ever does, effects that were not taken included: engines
   * with equal digests do the same for the same inputs.
   *
   * @param view - What to leave out, and under which names. Without it nothing, and their own.
   */
  fingerprint(view?: FingerprintView): Fingerprint;
}

/** Turns an engine's messages into bytes and back. Provided by each engine package. */
export interface MessageCodec<Message extends EngineMessage> {
  /**
   * Writes one message, without `from` and `to`: the connection knows them.
   *
   * @param message - What to write.
   * @param writer - Where to write.
   */
  encode(message: Message, writer: ByteWriter): void;
  /**
   * Reads one message.
   *
   * @param reader - Where to read.
   * @param from - The authenticated sender.
   * @param to - This node.
   * @throws {@link DecodeError} when the bytes are no message. Byte arrays in the result are views into the source.
   */
  decode(reader: ByteReader, from: NodeId, to: NodeId): Message;
  /**
   * The same offer for another snapshot: for when a newer one is stored than the engine asked to send.
   *
   * @param message - A message of a `send` effect.
   * @param meta - The snapshot that is really sent.
   */
  withSnapshot(message: Message, meta: SnapshotMeta): Message;
  /**
   * The snapshot that a message offers, or `undefined` when it offers none. The receiver must hold it durably before
   * the message is stepped.
   *
   * @param message - Any message.
   */
  offeredSnapshot(message: Message): SnapshotMeta | undefined;
  /**
   * Whether a message brings entries to be saved. A node whose disk is full passes over such messages, as if they had
   * been lost, and so keeps what room it has for votes. Without this method it passes over none.
   *
   * @param message - Any message.
   */
  carriesEntries?(message: Message): boolean;
}

/** What an engine is made from, whatever its kind. */
export interface EngineStart {
  /** This node. */
  readonly id: NodeId;
  /** The group. */
  readonly group: GroupId;
  /** Members of a new group, the same on every node. Ignored once the log or a snapshot says otherwise. */
  readonly membership: Membership;
  /** What the storage found. */
  readonly recovered: RecoveredState;
  /** Seed of all the engine's randomness; different on each node. */
  readonly seed: number | string;
}
