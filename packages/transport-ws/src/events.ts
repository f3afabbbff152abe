/** What happens in a transport and why: plain data for logs and metrics, without time. */
import type { HelloRefusal, Lane, NodeId } from '@synod/core';
import type { TurnAwayReason } from './turn-away-reason.js';

/**
 * Why a payload was dropped.
 *
 * - `not-connected`: no connection to that node is up, or it is no peer.
 * - `lane-full`: the lane's queue has no room: the peer takes less than it is sent.
 * - `too-large`: it does not fit into a frame, now or later: raise `frameBytesMax` on all nodes or send less at once.
 */
export type DropReason = 'not-connected' | 'lane-full' | 'too-large';

/** One thing that happened in a transport. Texts are for people and hold no control characters. */
export type TransportEvent =
  /** It listens. */
  | { readonly type: 'listening'; readonly host: string; readonly port: number }
  /** The socket it listens on failed; it goes on as far as it can. */
  | { readonly type: 'listenerFailed'; readonly reason: string }
  /** It dials a peer. */
  | { readonly type: 'connecting'; readonly peer: NodeId; readonly address: string }
  /** An attempt to reach a peer came to nothing, or the peer was lost; the next one is `delayMs` milliseconds away. */
  | { readonly type: 'retrying'; readonly peer: NodeId; readonly reason: string; readonly delayMs: number }
  /** A connection is up. `dialed` tells whether this node opened it, `version` what both speak. */
  | {
      readonly type: 'up';
      readonly peer: NodeId;
      readonly dialed: boolean;
      readonly remote: string;
      readonly version: number;
    }
  /** A connection that was up is gone. */
  | { readonly type: 'down'; readonly peer: NodeId; readonly reason: string }
  /** A hello was refused: this node's by a peer, or another's by this node. `peer` is who that one is or claims to be. */
  | {
      readonly type: 'refused';
      readonly by: 'us' | 'peer';
      readonly peer: NodeId | undefined;
      readonly remote: string;
      readonly refusal: HelloRefusal;
    }
  /**
   * Connections were turned away before, or without, judging a hello: `times` of them since this was last told for that
   * reason. Told at most once a second for each reason; the counts are in the statistics.
   */
  | {
      readonly type: 'turnedAway';
      readonly reason: TurnAwayReason;
      readonly remote: string;
      readonly times: number;
    }
  /** A connection that another node opened ended before it was up, for another reason than a refusal. */
  | { readonly type: 'handshakeFailed'; readonly remote: string; readonly reason: string }
  /** A peer sent bytes that are no whole frame or no batch; its connection was closed. */
  | { readonly type: 'damaged'; readonly peer: NodeId; readonly reason: string }
  /**
   * Payloads are being dropped. Told once for each spell of drops with one reason on one lane; the counts are in the
   * statistics.
   */
  | { readonly type: 'dropped'; readonly peer: NodeId; readonly lane: Lane; readonly reason: DropReason };
