/** What the suite must be told of a transport, and what it gives back. */
import type { Incarnation, NodeId } from '../../ids.js';
import type { Transport, TransportHandler } from '../../transport.js';

/** Nodes that know each other, without a connection to those of other cases. */
export interface TransportClusterUnderTest {
  /**
   * Makes a node's transport and starts it. All nodes of the cluster find each other, also those that come later, and
   * one that comes again after it was closed.
   *
   * @param id - The node.
   * @param handler - Whom to tell.
   * @param incarnation - What it says of its storage.
   */
  startNode(id: NodeId, handler: TransportHandler, incarnation: Incarnation): Promise<Transport>;
}

/** A transport, as the suite needs it. */
export interface TransportUnderTest {
  /** Makes a cluster without nodes. */
  openCluster(): TransportClusterUnderTest;
  /** Resolves after a moment, in which what is under way goes on: a millisecond on a network, a microtask in memory. */
  pause(): Promise<void>;
}

/** One thing that a transport must do. */
export interface TransportCase {
  /** What it must do, as the end of a sentence that begins with the transport. */
  readonly name: string;
  /** Tries it; rejects with a {@link ComplianceError} that says what went wrong. Closes what it opened. */
  readonly run: () => Promise<void>;
}
