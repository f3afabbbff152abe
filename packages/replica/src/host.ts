/** What a caller sees of a host: one node of a cluster, which carries the replicas of any number of groups. */
import type {
  Clock,
  Defer,
  EngineMessage,
  GroupId,
  HelloRefusal,
  Incarnation,
  NodeId,
  NodeStorage,
  Transport,
} from '@synod/core';
import type { HostEventListener } from './events.js';
import type { GroupOptions, Replica } from './replica.js';

/** What a host is made from. */
export interface HostOptions {
  /** This node. */
  readonly id: NodeId;
  /** The voters of the cluster, the same set on every node; their order does not matter. */
  readonly membershipIds: readonly NodeId[];
  /** Where state is durable. The host closes it at its own end. */
  readonly storage: NodeStorage;
  /** How peers are reached. Not started yet; the host starts it, and closes it at its own end. */
  readonly transport: Transport;
  /** Time. Default: the platform's. */
  readonly clock?: Clock;
  /** How a turn is put off until the inputs of this one are in. Default: `setImmediate`, or what comes near it. */
  readonly defer?: Defer;
  /** Length of the engines' unit of time, in milliseconds. Default 50. */
  readonly tickMs?: number;
  /**
   * Ticks in which nothing but heartbeats happens in a group, after which it falls asleep: its engine gets no ticks, and
   * so sends no heartbeats, until something happens. Saves nearly all that idle groups cost; worth it from some dozens
   * of groups on. All members must be there and agree, so give all nodes the same. At most 100 000. Default 0: never.
   */
  readonly quiesceAfterTicks?: number;
  /**
   * Most bytes of snapshots that leave this node a second, all groups and peers together: so that a peer that catches
   * up does not slow down those that work. Pieces leave whole, so the bound holds over the time of one piece. Default:
   * no bound but the transport's and the peers' own pace.
   */
  readonly snapshotBytesPerSecond?: number;
  /** Seed of the engines' randomness, different on each node. Default: the storage's incarnation. */
  readonly seed?: number | string;
  /** Hears everything that happens in the host and its groups, from the start. */
  readonly onEvent?: HostEventListener;
}

/** How far this node is with being admitted. */
export interface AdmissionStatus {
  /** Whether it takes part. */
  readonly admitted: boolean;
  /** Peers that have its incarnation on record, as far as heard in this life of the process; ascending. */
  readonly welcomedBy: readonly NodeId[];
  /** How many of them it needs before it takes part for the first time. */
  readonly welcomesNeeded: number;
  /** Peers that refused it when last heard, with their reasons. */
  readonly refusedBy: readonly { readonly peer: NodeId; readonly refusal: HelloRefusal }[];
}

/** State of a host at one moment. */
export interface HostStatus {
  /** This node. */
  readonly id: NodeId;
  /** Its storage's incarnation. */
  readonly incarnation: Incarnation;
  /** Whether it runs, failed or is closed. */
  readonly state: 'running' | 'failed' | 'closed';
  /** How far it is with being admitted. */
  readonly admission: AdmissionStatus;
  /** Peers with an open connection. */
  readonly connected: readonly NodeId[];
  /** How many of the groups sleep. */
  readonly asleep: number;
  /** Groups that are open. */
  readonly groups: readonly GroupId[];
}

/** One node of a cluster. Made by {@link openReplicaHost}. */
export interface ReplicaHost {
  /** This node. */
  readonly id: NodeId;
  /** Resolves when this node takes part; rejects with the reason when it never will. */
  readonly admitted: Promise<void>;
  /**
   * Never resolves; rejects when the host or the first of its groups stops by itself, with the
   * {@link IncarnationLostError} or {@link ReplicaFailedError} that says why.
   */
  readonly failed: Promise<never>;

  /**
   * Opens this node's replica of one group. It recovers from storage and takes part as soon as the node is admitted.
   *
   * @param options - Engine, codec and state machine.
   * @throws InvalidArgumentError when the group is open already or an option is out of range.
   * @throws {@link ClosedError} or {@link ReplicaFailedError} when the host is closed or failed.
   */
  openGroup<Message extends EngineMessage, Result>(options: GroupOptions<Message, Result>): Replica<Result>;

  /** State of this host. */
  status(): HostStatus;

  /**
   * Hears what happens in the host and all its groups, from now on.
   *
   * @param listener - Whom to tell.
   * @returns Ends the subscription.
   */
  onEvent(listener: HostEventListener): () => void;

  /** Closes all replicas, then the transport, then the storage. Resolves when nothing of it is left. */
  close(): Promise<void>;
}
