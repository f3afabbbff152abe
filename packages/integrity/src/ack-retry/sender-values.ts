/** What goes into a sender, what comes out, and what can be seen of it. All of it plain data. */
import type { Segment } from './segments.js';

/** Everything that can happen to a sender. `nowMs` is read from a clock that never goes back. */
export type SenderInput =
  /** A link to the receiver is up: at the start, and after each loss of the link. */
  | { readonly type: 'connect'; readonly nowMs: number }
  /** The link is down: nothing is sent and no timeout runs until the next `connect`. */
  | { readonly type: 'disconnect'; readonly nowMs: number }
  /** Blocks to deliver, all or none of them. They are not copied: leave them as they are until acknowledged. */
  | { readonly type: 'offer'; readonly nowMs: number; readonly blocks: readonly Uint8Array[] }
  /** No more blocks will be offered: the last one is acknowledged at once. */
  | { readonly type: 'finish'; readonly nowMs: number }
  /** Bytes came over the link: one or more segments. */
  | { readonly type: 'receive'; readonly nowMs: number; readonly bytes: Uint8Array }
  /** The moment that `wakeAtMs` named has come. */
  | { readonly type: 'tick'; readonly nowMs: number };

/** Why blocks were not taken. */
export interface OfferRefusal {
  /**
   * - `WINDOW_FULL`: try again after `writable`.
   * - `TOO_LARGE`: a block is above `blockBytesMax`, or the offer above the window: it can never be taken.
   * - `FINISHED`: `finish` was stepped before.
   * - `SESSION_LOST`: the session has ended; make another sender.
   */
  readonly code: 'WINDOW_FULL' | 'TOO_LARGE' | 'FINISHED' | 'SESSION_LOST';
  /** What was wrong, and what would be right. */
  readonly message: string;
  /** What was offered. */
  readonly blocks: readonly Uint8Array[];
}

/** Something that happened in a sender, and why. */
export type SenderEvent =
  /** The receiver answered; `next` is the block that it wants. */
  | {
      readonly type: 'opened';
      readonly receiverEpoch: number;
      readonly next: number;
      readonly resumed: boolean;
    }
  /** The retransmission timer ran out (RFC 6298 section 5). */
  | { readonly type: 'timedOut'; readonly timeoutMs: number; readonly inARow: number }
  /** Later transmissions arrived before these blocks: they are sent again. */
  | { readonly type: 'lossFound'; readonly blocks: number }
  /** A block was repeated though it had arrived: losses are believed later from now on. */
  | { readonly type: 'needlessRepetition'; readonly sequence: number; readonly reorderBlocks: number }
  /** Repetitions wait for the retry budget. */
  | { readonly type: 'budgetSpent'; readonly waiting: number }
  /** There is room again after an offer was refused. */
  | { readonly type: 'writable'; readonly blocks: number; readonly bytes: number }
  /** All blocks are acknowledged after `finish`. */
  | { readonly type: 'finished' }
  /** The peer is called dead. Nothing is lost: `connect` tries again. */
  | { readonly type: 'peerDead'; readonly silentMs: number }
  /**
   * The session cannot go on. Blocks before `acknowledged` were delivered; of those from there on nobody knows which.
   */
  | { readonly type: 'sessionLost'; readonly acknowledged: number; readonly reason: string }
  /** A segment was dropped though its check held. */
  | { readonly type: 'segmentRefused'; readonly reason: string };

/** What is to be done since effects were last taken. */
export interface SenderEffects {
  /** Segments to send, in this order. */
  readonly send: readonly Segment[];
  /** All blocks before this number are delivered and may be forgotten; absent when that is not news. */
  readonly acknowledged: number | undefined;
  /** Offers that were not taken. */
  readonly refused: readonly OfferRefusal[];
  /** What happened. At most 64 a turn. */
  readonly events: readonly SenderEvent[];
}

/** Where a sender stands. */
export type SenderState = 'disconnected' | 'opening' | 'open' | 'dead' | 'lost';

/** What can be seen of a sender. Counters count from its making. */
export interface SenderStatus {
  readonly state: SenderState;
  readonly epoch: number;
  /** 0 when no receiver has answered yet. */
  readonly receiverEpoch: number;
  /** Number of the first block that is not acknowledged. */
  readonly acknowledged: number;
  /** Number of the block that is offered next. */
  readonly nextSequence: number;
  readonly heldBlocks: number;
  readonly heldBytes: number;
  readonly inFlight: number;
  /** Data segments, repetitions included. */
  readonly sent: number;
  readonly retransmitted: number;
  /** Repetitions that had not been needed, as far as is known. */
  readonly needless: number;
  readonly timeouts: number;
  /** Acknowledgements that were taken. */
  readonly acknowledgements: number;
  /** Bytes whose check failed. */
  readonly corrupt: number;
  /** Segments that were sound, and yet could not be true. */
  readonly refused: number;
  /** Segments of an earlier link, life or session, and acknowledgements that a later one overtook. */
  readonly stale: number;
  /** Undefined before the first sample. */
  readonly smoothedRoundTripMs: number | undefined;
  readonly roundTripVariationMs: number;
  /** Without doubling. */
  readonly timeoutMs: number;
  /** Later arrivals after which a block counts as lost, at present. */
  readonly reorderBlocks: number;
  /** Repetitions that are free at present. */
  readonly retryTokens: number;
}
