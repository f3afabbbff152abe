/** What the runtime itself does, in the same stream as the engine's events, stamped with time and place. */
import type { EngineEvent, GroupId, HelloRefusal, LogIndex, LogPosition, NodeId } from '@synod/core';

/** One thing that the runtime did, beside what the engine decided. */
export type RuntimeEvent =
  /** A write became durable. */
  | {
      readonly type: 'saved';
      /** Number of the write. */
      readonly sequence: number;
      /** Entries in it. */
      readonly entries: number;
      /** Milliseconds from asking to durable. */
      readonly durationMs: number;
    }
  /** The state machine applied entries, up to and including an index. */
  | { readonly type: 'applied'; readonly from: LogIndex; readonly to: LogIndex }
  /** A snapshot of the state machine is being written. */
  | { readonly type: 'snapshotStarted'; readonly at: LogPosition }
  /** It is durable. */
  | { readonly type: 'snapshotSaved'; readonly at: LogPosition; readonly bytes: number }
  /** It was given up; says why. */
  | { readonly type: 'snapshotAbandoned'; readonly at: LogPosition; readonly reason: string }
  /** The state machine was restored from a snapshot. */
  | { readonly type: 'snapshotRestored'; readonly at: LogPosition; readonly bytes: number }
  /** A stored snapshot is being carried to a peer. */
  | {
      readonly type: 'snapshotSendStarted';
      readonly peer: NodeId;
      readonly at: LogPosition;
      readonly bytes: number;
    }
  /** The peer holds its first bytes from before: it goes on behind them. */
  | { readonly type: 'snapshotSendResumed'; readonly peer: NodeId; readonly offset: number }
  /** It reached the peer's disk, or was given up. */
  | {
      readonly type: 'snapshotSendEnded';
      readonly peer: NodeId;
      readonly delivered: boolean;
      readonly reason: string;
    }
  /** A peer's snapshot is coming in. */
  | {
      readonly type: 'snapshotReceiveStarted';
      readonly peer: NodeId;
      readonly at: LogPosition;
      readonly bytes: number;
    }
  /** It is durable here, or was given up. */
  | {
      readonly type: 'snapshotReceiveEnded';
      readonly peer: NodeId;
      readonly complete: boolean;
      readonly reason: string;
    }
  /** The disk of this node is full: proposals are refused here until there is room. */
  | { readonly type: 'storageFull' }
  /** There is room again. */
  | { readonly type: 'storageHasRoom' }
  /** The group is idle: it gets no ticks until something happens. Says where it rests. */
  | { readonly type: 'slept'; readonly leader: NodeId; readonly at: LogPosition }
  /** It gets ticks again; says why. */
  | { readonly type: 'woke'; readonly reason: string }
  /** A peer's payload was put aside; says why. */
  | { readonly type: 'payloadDropped'; readonly peer: NodeId; readonly reason: string }
  /** A connection to a peer is open. */
  | { readonly type: 'peerUp'; readonly peer: NodeId }
  /** It is gone; says why. */
  | { readonly type: 'peerDown'; readonly peer: NodeId; readonly reason: string }
  /** A peer has this node's incarnation on record; `welcomes` of `needed` are there. */
  | { readonly type: 'welcomed'; readonly peer: NodeId; readonly welcomes: number; readonly needed: number }
  /** This node was admitted, durably, and takes part from now on. */
  | { readonly type: 'admitted' }
  /** A peer refused this node. */
  | { readonly type: 'refusedByPeer'; readonly peer: NodeId; readonly refusal: HelloRefusal }
  /** This node refused a peer. */
  | { readonly type: 'peerRefused'; readonly peer: NodeId; readonly refusal: HelloRefusal }
  /** Something failed after which going on would be unsafe: the replica, or the whole host, stopped. */
  | { readonly type: 'failed'; readonly reason: string; readonly cause: unknown }
  /** The replica, or the whole host, was closed. */
  | { readonly type: 'closed' };

/** An event with its time and place. */
export interface HostEvent {
  /** When, by the host's clock. */
  readonly atMs: number;
  /** The node. */
  readonly node: NodeId;
  /** The group, or `undefined` for what concerns the whole node. */
  readonly group: GroupId | undefined;
  /** What happened. */
  readonly event: EngineEvent | RuntimeEvent;
}

/**
 * Hears events, as they happen.
 *
 * @remarks Called from within the replica's turn: be quick. What it throws does not reach the replica: it is thrown
 * again from the event loop, where the platform reports it.
 */
export type HostEventListener = (event: HostEvent) => void;
