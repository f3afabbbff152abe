/** What goes into a receiver, what comes out, and what can be seen of it. All of it plain data. */
import type { Segment } from './segments.js';

/** Everything that can happen to a receiver. `nowMs` is read from a clock that never goes back. */
export type ReceiverInput =
  /** Bytes came over the link: one or more segments. */
  | { readonly type: 'receive'; readonly nowMs: number; readonly bytes: Uint8Array }
  /** The moment that `wakeAtMs` named has come. */
  | { readonly type: 'tick'; readonly nowMs: number };

/** Something that happened in a receiver, and why. */
export type ReceiverEvent =
  /** A sender opened a session for the first time, or another one than before; `lost` blocks of that one never came. */
  | {
      readonly type: 'sessionOpened';
      readonly senderEpoch: number;
      readonly first: number;
      readonly previousEpoch: number;
      readonly lost: number;
    }
  /** The same sender came back: it goes on from `next`. */
  | { readonly type: 'sessionResumed'; readonly senderEpoch: number; readonly next: number }
  /** The last block of the session was delivered. */
  | { readonly type: 'ended'; readonly next: number }
  /** A segment was dropped though its check held. */
  | { readonly type: 'segmentRefused'; readonly reason: string };

/**
 * What is to be done since effects were last taken, in this order: deliver, make durable what must survive, and only then
 * send. An acknowledgement that leaves before its blocks are safe loses them in a crash.
 */
export interface ReceiverEffects {
  /** Blocks, each once. Those that came in their turn are views of the bytes that were stepped. */
  readonly deliver: readonly Uint8Array[];
  /** Segments to send, in this order. */
  readonly send: readonly Segment[];
  /** What happened. At most 64 a turn. */
  readonly events: readonly ReceiverEvent[];
}

/** What can be seen of a receiver. Counters count from its making. */
export interface ReceiverStatus {
  readonly epoch: number;
  /** 0 when no sender has come yet. */
  readonly senderEpoch: number;
  /** Number of the block that comes next in order. */
  readonly next: number;
  /** Blocks that came before their turn. */
  readonly heldBlocks: number;
  readonly heldBytes: number;
  readonly delivered: number;
  /** Blocks that had come before. */
  readonly duplicates: number;
  /** Blocks that came before their turn. */
  readonly outOfOrder: number;
  /** Blocks that were dropped because the window had no room for them, or because nothing is kept out of order. */
  readonly unheld: number;
  readonly acknowledgements: number;
  /** Bytes whose check failed. */
  readonly corrupt: number;
  /** Segments that were sound, and yet could not be true. */
  readonly refused: number;
  /** Segments of another session, or of one that must be opened first. */
  readonly stale: number;
}
