/** Counters of a transport. */
import type { Lane, NodeId } from '@synod/core';
import type { DropReason } from './events.js';
import type { RefusalReason } from './refusals.js';

/** Counts since the transport was made, and what is there at this moment. */
export interface TransportStats {
  /** Frames of messages, calls and streams handed to sockets; handshakes and pings are not counted. */
  readonly framesSent: number;
  /** Whole frames that came from peers. */
  readonly framesReceived: number;
  /** Messages in the frames sent. Where there are no calls, `payloadsSent / framesSent` is what batching gains. */
  readonly payloadsSent: number;
  /** Payloads handed to the handler. */
  readonly payloadsReceived: number;
  /** Bytes of the frames sent, WebSocket headers not counted. */
  readonly bytesSent: number;
  /** Bytes of the frames that came from peers. */
  readonly bytesReceived: number;
  /** Payloads that still waited here when their connection ended. What was in the socket by then is not known. */
  readonly payloadsLost: number;
  /** Messages of peers that were no whole frame or no batch; each cost its connection. */
  readonly framesDamaged: number;
  /** Payloads that `send` returned `false` for, by lane and reason. */
  readonly dropped: Readonly<Record<Lane, Readonly<Record<DropReason, number>>>>;
  /** Connections open now that have not said an acceptable hello. */
  readonly strangers: number;
  /** Connections that were closed to make room for another stranger: `refusals.CROWDED_OUT`. */
  readonly strangersTurnedAway: number;
  /** Connections that this node refused, by reason; every reason is there. */
  readonly refusals: Readonly<Record<RefusalReason, number>>;
  /** Times that a peer refused this node. */
  readonly refusedByPeers: number;
  /** The configured peers. */
  readonly peers: readonly PeerStats[];
}

/** What is there of one peer at this moment. */
export interface PeerStats {
  /** The peer. */
  readonly peer: NodeId;
  /** Whether a connection is up. */
  readonly connected: boolean;
  /** Bytes that wait, by lane. */
  readonly queuedBytes: Readonly<Record<Lane, number>>;
  /** Bytes in the socket that the operating system has not taken. */
  readonly socketBytes: number;
}

/** The counters themselves. */
export class TransportCounters {
  framesSent = 0;
  framesReceived = 0;
  payloadsSent = 0;
  payloadsReceived = 0;
  bytesSent = 0;
  bytesReceived = 0;
  payloadsLost = 0;
  framesDamaged = 0;
  refusedByPeers = 0;
  readonly dropped: Record<Lane, Record<DropReason, number>> = { protocol: noDrops(), snapshot: noDrops() };

  /** A copy of the counts. */
  snapshot(): Omit<TransportStats, 'strangers' | 'strangersTurnedAway' | 'refusals' | 'peers'> {
    return {
      ...this,
      dropped: { protocol: { ...this.dropped.protocol }, snapshot: { ...this.dropped.snapshot } },
    };
  }
}

function noDrops(): Record<DropReason, number> {
  return { 'not-connected': 0, 'lane-full': 0, 'too-large': 0 };
}
