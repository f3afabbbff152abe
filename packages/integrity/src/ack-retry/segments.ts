/** What sender and receiver say to each other. Numbers of blocks and transmissions are serials of 32 bits (RFC 1982). */

/** Sender to receiver: a link is up; where are we? Repeated until it is answered. */
export interface OpenSegment {
  readonly type: 'open';
  /** The sender's epoch. */
  readonly epoch: number;
  /** Epoch of the receiver that the sender knows, 0 when it never heard of one. */
  readonly receiverEpoch: number;
  /** Number of the link, greater for each later one, so that late segments of an earlier one are told apart. */
  readonly connection: number;
  /** Serial of the oldest block that the sender still holds. */
  readonly first: number;
  /** Serial of the latest transmission before this link. */
  readonly transmission: number;
  /** Most blocks that the sender has under way: it never waits for more before an acknowledgement. */
  readonly inFlightBlocks: number;
}

/** What every answer of a receiver says. */
export interface ReceiverAnswer {
  /** The sender's epoch. */
  readonly epoch: number;
  /** The receiver's epoch. */
  readonly receiverEpoch: number;
  /** Number of the link. */
  readonly connection: number;
  /** Serial of the block that comes next in order: all before it were delivered (cumulative acknowledgement). */
  readonly next: number;
  /**
   * What was received beyond, as pairs in ascending order: how many blocks are missing since what was named before,
   * then how many are there; each from 1 (selective acknowledgement, RFC 2018).
   */
  readonly ranges: readonly number[];
  /** Whether more was received than `ranges` has room to name. */
  readonly hasMore: boolean;
}

/** Receiver to sender: an answer to `open`. */
export interface AcceptSegment extends ReceiverAnswer {
  readonly type: 'accept';
  /** Blocks from `next` on that the receiver has room for. */
  readonly windowBlocks: number;
  /** Bytes that the receiver has room for. */
  readonly windowBytes: number;
  /** Longest that it holds an acknowledgement back, in milliseconds. */
  readonly acknowledgeDelayMs: number;
  /** Whether it keeps blocks that come before their turn. */
  readonly selective: boolean;
}

/** Receiver to sender: what was received. */
export interface AcknowledgementSegment extends ReceiverAnswer {
  readonly type: 'acknowledgement';
  /** Serial of the highest transmission that came over this link. */
  readonly transmission: number;
}

/** Sender to receiver: a block. */
export interface DataSegment {
  readonly type: 'data';
  readonly epoch: number;
  readonly connection: number;
  /** Serial of the block. */
  readonly sequence: number;
  /** Serial of this transmission: a block that is sent again has another one. */
  readonly transmission: number;
  /** Whether no block follows: it is acknowledged at once. */
  readonly isLast: boolean;
  /** The block. */
  readonly block: Uint8Array;
}

/** Why a receiver cannot take what it was sent. */
export type ResetReason =
  /** It remembers nothing of this session: it lost its memory. */
  | 'unknownSession'
  /** A newer life of the sender is at work. */
  | 'superseded'
  /** It came back with its memory, or knows a later link: the session must be opened again over a new one. */
  | 'reopen';

/** Receiver to sender: nothing of this can be taken. */
export interface ResetSegment {
  readonly type: 'reset';
  readonly epoch: number;
  readonly receiverEpoch: number;
  readonly connection: number;
  readonly reason: ResetReason;
  /** The highest number of a link that the receiver knows: the next one must be greater. */
  readonly known: number;
}

/** Anything that is sent. {@link encodeSegment} makes bytes of it. */
export type Segment = OpenSegment | AcceptSegment | DataSegment | AcknowledgementSegment | ResetSegment;

/** What a receiver hears. */
export type SegmentToReceiver = OpenSegment | DataSegment;

/** What a sender hears. */
export type SegmentToSender = AcceptSegment | AcknowledgementSegment | ResetSegment;
