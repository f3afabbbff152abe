/** What a caller sees of a replica: one node's member of one group, with promises in place of inputs and effects. */
import type {
  ConsensusEngine,
  EngineMessage,
  EngineStart,
  EngineStatus,
  EngineTiming,
  GroupId,
  LogIndex,
  Membership,
  MessageCodec,
  NodeId,
  ReadMode,
  SnapshotMeta,
  StateMachine,
  Term,
} from '@synod/core';
import type { HostEventListener } from './events.js';
import type { ReplicaLimits } from './limits.js';

/** What a replica of one group is made from. */
export interface GroupOptions<Message extends EngineMessage, Result> {
  /** The group's number, 0 to 2^32 - 2. Default 0. */
  readonly group?: GroupId;
  /**
   * Makes the engine from what the storage recovered, such as `(start) => createRaftEngine(start)`. Called once.
   *
   * @param start - Who it is and what is durable.
   */
  readonly createEngine: (start: EngineStart) => ConsensusEngine<Message>;
  /** Turns the engine's messages into bytes and back; comes with the engine. */
  readonly codec: MessageCodec<Message>;
  /** Where committed commands go. Must be new and empty: its state comes from the snapshot and the log. */
  readonly stateMachine: StateMachine<Result>;
  /** Entries applied since the last snapshot after which another is taken. Default 10 000. */
  readonly snapshotEveryEntries?: number;
  /** Bytes of commands applied since the last snapshot after which another is taken. Default 64 MiB. */
  readonly snapshotEveryBytes?: number;
  /** Bounds. */
  readonly limits?: ReplicaLimits;
}

/** How long a call may take, and how its caller can end it. */
export interface CallOptions {
  /** Ends the call when aborted. */
  readonly signal?: AbortSignal;
  /** Milliseconds until the call is given up, rounded up to a tick. Default {@link ReplicaLimits.callTimeoutMs}. */
  readonly timeoutMs?: number;
}

/** How a read is made linearizable, and how long it may take. */
export interface ReadOptions extends CallOptions {
  /** The barrier. Default `index`. */
  readonly mode?: ReadMode;
}

/** How stale an answer may be, and what to do when the state here is staler. */
export interface BoundedReadOptions extends ReadOptions {
  /**
   * Milliseconds by which the answer may be behind, from 0. With `Infinity` any state will do: the read never waits for
   * anybody, and its answer says how stale it may be.
   */
  readonly maxStalenessMs: number;
}

/** The answer of a read that need not be up to date. */
export interface BoundedAnswer<Value> {
  /** What the query returned. */
  readonly value: Value;
  /**
   * By how much it may be behind: it reflects every command that was answered anywhere at least so many milliseconds
   * before the call. 0 for an answer that is linearizable; `Infinity` when this node has never been told.
   */
  readonly stalenessMs: number;
  /** Last index of the log that it reflects. */
  readonly appliedIndex: LogIndex;
}

/** How a change of membership is made, and how long it may take. */
export interface ChangeOptions extends CallOptions {
  /**
   * Whether a node may become a voter before its log has caught up; commands may then wait until it has. Default
   * `false`: such a change is refused, and the node is to be a learner first.
   */
  readonly admitLagging?: boolean;
  /**
   * Only if the members that govern stand in the entry of this index: `membershipIndex` of the engine's status, taken
   * together with the members that the caller saw, when its `commitIndex` had reached it. So that of two operators who
   * change what they saw, the second does not undo the first.
   */
  readonly ifMembershipIndex?: LogIndex;
}

/** A command that was committed and applied here. */
export interface Applied<Result> {
  /** Its index in the log. */
  readonly index: LogIndex;
  /** Term or ballot of its entry. */
  readonly term: Term;
  /** What the state machine answered. */
  readonly result: Result;
}

/** Where a replica is in its life. */
export type ReplicaState =
  /** It does not take part yet: too few peers have put this node's incarnation on record. */
  | 'waitingForAdmission'
  /** It takes part. */
  | 'running'
  /** It met an error after which going on would be unsafe. */
  | 'failed'
  /** It was closed. */
  | 'closed';

/** State of a replica at one moment, for people and programs. */
export interface ReplicaStatus {
  /** Where it is in its life. */
  readonly state: ReplicaState;
  /** One sentence for people: what it waits for, or that it waits for nothing. */
  readonly explanation: string;
  /** What the engine says of itself. */
  readonly engine: EngineStatus;
  /** Greatest index that the state machine has applied. */
  readonly appliedIndex: LogIndex;
  /**
   * What a snapshot of the state machine taken at this very moment describes: for backups taken in the query of a
   * read. Absent while the state is being replaced by a snapshot.
   */
  readonly applied: SnapshotMeta | undefined;
  /** Whether the group sleeps here: nothing is pending, and its engine gets no ticks until something happens. */
  readonly asleep: boolean;
  /** Proposals whose outcome is open. */
  readonly pendingProposals: number;
  /** Reads that wait. */
  readonly pendingReads: number;
  /** Saves under way. */
  readonly savesInFlight: number;
  /** Peers to which a snapshot is being carried. */
  readonly sendingSnapshotTo: readonly NodeId[];
  /** Peer from which one is coming in. */
  readonly receivingSnapshotFrom: NodeId | undefined;
}

/** Counters of a replica since it was opened; all but `appliedIndex` and the pending ones only grow. */
export interface ReplicaMetrics {
  /** Calls of `propose` and `changeMembership` that were taken in. */
  readonly proposals: number;
  /** Inputs by which they were handed to the engine: `proposals / proposalBatches` shared one. */
  readonly proposalBatches: number;
  /** Calls of `read` that were taken in. */
  readonly reads: number;
  /** Barriers asked of the engine for them. */
  readonly readBarriers: number;
  /** Calls of `readBounded` that were answered from the state here, without a barrier. */
  readonly boundedReadsLocal: number;
  /** Writes that became durable. */
  readonly saves: number;
  /** Entries in them. */
  readonly entriesSaved: number;
  /** Payloads handed to the transport. */
  readonly payloadsSent: number;
  /** Engine messages in them. */
  readonly messagesSent: number;
  /** Engine messages received. */
  readonly messagesReceived: number;
  /** Peers' payloads put aside. */
  readonly payloadsDropped: number;
  /** Entries given to the state machine, or passed over because they carry no command. */
  readonly entriesApplied: number;
  /** Times that the group fell asleep here. */
  readonly sleeps: number;
  /** Snapshots of the state machine made durable. */
  readonly snapshotsSaved: number;
  /** Snapshots that reached a peer's disk. */
  readonly snapshotsSent: number;
  /** Peers' snapshots made durable here. */
  readonly snapshotsReceived: number;
  /** Greatest index applied. */
  readonly appliedIndex: LogIndex;
  /** Proposals whose outcome is open. */
  readonly pendingProposals: number;
  /** Reads that wait. */
  readonly pendingReads: number;
}

/**
 * One node's member of one group. Made by `ReplicaHost.openGroup`.
 *
 * @remarks Every promise settles: with a value, with a definite error (`effect: 'none'`), or with an
 * {@link OutcomeUnknownError}.
 */
export interface Replica<Result> {
  /** This node. */
  readonly id: NodeId;
  /** The group. */
  readonly group: GroupId;
  /** The leader that this node knows, which may be itself. */
  readonly leader: NodeId | undefined;
  /** Whether this node leads, as far as it knows. */
  readonly isLeader: boolean;
  /** Never resolves; rejects with a {@link ReplicaFailedError} when the replica stops by itself. */
  readonly failed: Promise<never>;

  /**
   * Puts a command into the log, and resolves when this node has applied it.
   *
   * @param command - Its bytes. Not copied: do not change them any more.
   * @param options - Time and signal.
   * @returns Where it stands in the log and what the state machine answered.
   * @throws {@link NotLeaderError} naming the leader, {@link OverloadedError}, {@link CommandTooLargeError},
   * {@link SupersededError}, {@link NotAdmittedError}, {@link ClosedError}, {@link ReplicaFailedError}, and before it
   * was handed to the engine {@link TimedOutError} and {@link AbortedError}: it never takes effect, unless `effect` of
   * the error says otherwise.
   * @throws {@link OutcomeUnknownError} when time, signal or shutdown ended the wait after that: it may take effect.
   *
   * @example
   * ```ts
   * const { index, result } = await replica.propose(new Uint8Array([1]), { timeoutMs: 1000 });
   * ```
   */
  propose(command: Uint8Array, options?: CallOptions): Promise<Applied<Result>>;

  /**
   * Reads linearizably, on any node: the answer reflects every command whose proposal was answered anywhere before
   * this call.
   *
   * @param query - Reads from the state machine, synchronously. Runs once the barrier is through and this node has
   * applied as far.
   * @param options - Barrier, time and signal.
   * @returns What `query` returned; rejects with what it threw.
   * @throws {@link NotLeaderError}, {@link OverloadedError}, {@link TimedOutError}, {@link AbortedError},
   * {@link NotAdmittedError}, {@link ClosedError} or {@link ReplicaFailedError}; a read has no effect.
   *
   * @example
   * ```ts
   * const total = await replica.read(() => counter.total);
   * ```
   */
  read<Value>(query: () => Value, options?: ReadOptions): Promise<Value>;

  /**
   * Reads what may be old, but no older than a bound, on any node: from the state here when it is known to be fresh
   * enough, which costs nothing and asks nobody; otherwise linearizably, like {@link Replica.read}, which also makes it
   * fresh for the next reads. Not linearizable, and never called so: two such reads on two nodes can see the newer state
   * first and the older after.
   *
   * @param query - Reads from the state machine, synchronously.
   * @param options - The bound; barrier, time and signal for when the state here is too old.
   * @returns What `query` returned and how stale it may be; rejects with what it threw.
   * @throws InvalidArgumentError for a bound below 0; when the state here is too old, the errors of
   * {@link Replica.read}: nobody can confirm that it is fresh enough.
   *
   * @remarks How fresh the state is, is known from the last barrier that went through here, by this node's clock alone:
   * it reflects all that was committed before that barrier was asked for. No clock of another node is trusted.
   *
   * @example
   * ```ts
   * const { value, stalenessMs } = await replica.readBounded(() => counter.total, { maxStalenessMs: 500 });
   * ```
   */
  readBounded<Value>(query: () => Value, options: BoundedReadOptions): Promise<BoundedAnswer<Value>>;

  /**
   * Waits until this node knows a leader.
   *
   * @param options - Time and signal.
   * @returns The leader, which may be this node.
   * @throws {@link TimedOutError}, {@link AbortedError}, {@link ClosedError} or {@link ReplicaFailedError}.
   */
  waitForLeader(options?: CallOptions): Promise<NodeId>;

  /**
   * Hands the leadership over, and resolves when another node is known to lead.
   *
   * @param to - The node that shall lead; without it the engine picks the best one.
   * @param options - Time and signal.
   * @returns The new leader: possibly another than asked for, when an election came between.
   * @throws {@link NotLeaderError}, {@link UnsupportedError}, {@link TimedOutError}, {@link AbortedError},
   * {@link ClosedError} or {@link ReplicaFailedError}.
   */
  transferLeadership(to?: NodeId, options?: CallOptions): Promise<NodeId>;

  /**
   * Changes who takes part, and resolves when the change is committed and known here.
   *
   * @param target - Members as they shall be.
   * @param options - Time and signal, and whether voters may lag.
   * @throws the same errors as {@link Replica.propose}; {@link NotReadyError} while another change is under way or a
   * new voter has not caught up; {@link ConflictError} when `ifMembershipIndex` is not where the members stand;
   * InvalidArgumentError for a target that can never be; {@link UnsupportedError}.
   */
  changeMembership(target: Membership, options?: ChangeOptions): Promise<Applied<undefined>>;

  /** Tries to become leader now, without waiting for an election timeout. For operators and tests. */
  campaign(): void;

  /**
   * Says that the leader is gone, sooner than its silence tells: this node gives its vote to whoever asks, in the same
   * term. For operators and failure detectors that know it on a quorum of nodes. A leader, and a node of a group with
   * leases, take no notice; a leader that lives is known again by its next heartbeat.
   */
  forgetLeader(): void;

  /**
   * Has a snapshot of the leader's state machine take the place of the one here, although the log would do: for a node that
   * found its own damaged, as by a hash that differs from the others'. Nothing more is applied here until then, so calls
   * wait; the log goes on, and this node votes and acknowledges as before. The leader sends a snapshot that covers more
   * than was applied here, so in an idle group it comes with the next command. A leader takes no notice: hand the
   * leadership over first. The wish ends when this node becomes leader or is opened anew.
   */
  requestSnapshot(): void;

  /**
   * Changes the protocol's timing from now on, until the replica is opened anew. Do it on all nodes. Its unit, the tick,
   * stays as long as it is for the life of the host.
   *
   * @param timing - What shall change, in ticks.
   * @throws InvalidArgumentError for timing that is out of its range, or that leases forbid; then nothing has changed.
   */
  retime(timing: EngineTiming): void;

  /** State of this replica and its engine. */
  status(): ReplicaStatus;

  /** Counters of this replica. */
  metrics(): ReplicaMetrics;

  /**
   * Hears what happens to this replica, from now on.
   *
   * @param listener - Whom to tell.
   * @returns Ends the subscription.
   */
  onEvent(listener: HostEventListener): () => void;

  /**
   * Stops taking part: refuses what was not handed to the engine, finishes the saves under way, ends all other calls
   * with {@link OutcomeUnknownError} or {@link ClosedError}. The host and its other groups go on.
   */
  close(): Promise<void>;
}
