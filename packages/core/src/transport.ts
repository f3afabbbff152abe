/**
 * The contract of a transport: carries bytes between the nodes of one cluster. It may lose, repeat, reorder or delay
 * what it is given; what it delivers came from the peer that it names and is whole. Consensus needs no more.
 */
import type { GroupId, Incarnation, NodeId } from './ids.js';

/** A node and where it listens. */
export interface PeerAddress {
  /** The node. */
  readonly id: NodeId;
  /** Where to reach it, in the transport's own form, such as `ws://127.0.0.1:7001`. */
  readonly address: string;
}

/**
 * How urgent a payload is. A full queue of one kind never holds up the kinds before it.
 *
 * - `protocol`: engine messages.
 * - `snapshot`: bulk data.
 */
export type Lane = 'protocol' | 'snapshot';

/** What a peer says of itself when a connection opens, before any payload. */
export interface PeerHello {
  /** Who it claims to be. */
  readonly id: NodeId;
  /** Its storage's incarnation. */
  readonly incarnation: Incarnation;
}

/** Stable reasons for refusing a peer. */
export type HelloRefusalCode =
  /** No common protocol version. */
  | 'VERSION_MISMATCH'
  /** It belongs to another cluster. */
  | 'WRONG_CLUSTER'
  /** It is not a known member. */
  | 'UNKNOWN_NODE'
  /** It looked for another node at this address. */
  | 'WRONG_NODE'
  /** Its certificate names another node than it claims to be. */
  | 'WRONG_CERTIFICATE'
  /** It did not prove that it holds the cluster's token, or one side has a token and the other has none. */
  | 'UNAUTHENTICATED'
  /** It is known under another incarnation: its disk was lost. */
  | 'INCARNATION_LOST'
  /** Its first frame was no hello. */
  | 'MALFORMED';

/** Why a peer refused us, or we refused it. */
export interface HelloRefusal {
  /** For programs. */
  readonly code: HelloRefusalCode;
  /** For people: what was wrong and what would be right. */
  readonly reason: string;
}

/** What a transport calls. Calls never overlap for one peer and must not throw. */
export interface TransportHandler {
  /**
   * Decides on a peer that said hello. The transport answers it only after this settles, and a `undefined` answer
   * tells the peer that its incarnation is on durable record here.
   *
   * @param hello - Who it claims to be.
   * @returns `undefined` to accept, or why not.
   */
  admit(hello: PeerHello): Promise<HelloRefusal | undefined>;
  /**
   * A connection to a peer is open in both directions: it accepted us and we accepted it.
   *
   * @param peer - The peer.
   */
  onPeerUp(peer: NodeId): void;
  /**
   * The connection to a peer is gone. Everything in flight may be lost.
   *
   * @param peer - The peer.
   * @param reason - Why, for people.
   */
  onPeerDown(peer: NodeId, reason: string): void;
  /**
   * A peer refused our hello. The transport tries again later all the same.
   *
   * @param peer - The peer.
   * @param refusal - Why.
   */
  onRefused(peer: NodeId, refusal: HelloRefusal): void;
  /**
   * A payload arrived.
   *
   * @param from - The peer, as established by the hello.
   * @param group - The group it is for.
   * @param payload - The bytes; a view that is valid for the length of the call, copy what you keep.
   */
  onPayload(from: NodeId, group: GroupId, payload: Uint8Array): void;
}

/** Carries payloads between the nodes of one cluster. */
export interface Transport {
  /** This node. */
  readonly local: NodeId;
  /**
   * Starts listening and connecting.
   *
   * @param handler - Whom to tell.
   * @param incarnation - This node's incarnation, said in every hello.
   */
  start(handler: TransportHandler, incarnation: Incarnation): Promise<void>;
  /**
   * Sends a payload, or drops it: never waits, never throws for a peer's sake. Payloads sent in one turn of the event
   * loop leave together.
   *
   * @param to - The peer.
   * @param group - The group it is for.
   * @param payload - The bytes. They may be changed or reused after the call returns.
   * @param lane - How urgent it is. Default `protocol`.
   * @returns `false` when it was dropped at once: no connection, or the lane's queue is full.
   */
  send(to: NodeId, group: GroupId, payload: Uint8Array, lane?: Lane): boolean;
  /** Peers with an open connection. */
  connected(): readonly NodeId[];
  /** Stops listening, closes all connections, and resolves when nothing more will be called. */
  close(): Promise<void>;
}
