/** What can be set about both ends, with the range and the reason of every limit. */
import { InvalidArgumentError, parseInteger } from '@synod/core';
import type { RetryBudgetOptions } from './retry-budget.js';
import type { TimeoutBounds } from './round-trip-time.js';
import type { SegmentLimits } from './segment-codec.js';

/** What a sender needs to go on with its session after it came back. Plain data: keep it beside your blocks. */
export interface SenderCheckpoint {
  /** The sender's epoch: the session is that of this life. */
  readonly epoch: number;
  /** Epoch of the receiver, 0 when none has answered yet. */
  readonly receiverEpoch: number;
  /** Number of the first block that is not acknowledged: the next one to offer. */
  readonly acknowledged: number;
  /** Number of its latest link. Notes that lag behind cost one round trip. */
  readonly connection: number;
}

/** What a receiver needs to go on with a session after it came back. Save it with what the blocks did. */
export interface ReceiverCheckpoint {
  /** The receiver's epoch: it names this memory. */
  readonly epoch: number;
  /** Epoch of the sender, 0 when none has come yet. */
  readonly senderEpoch: number;
  /** Number of the latest link. */
  readonly connection: number;
  /** Number of the block that comes next in order. */
  readonly next: number;
  /** Unordered: blocks beyond that were delivered, as pairs: how many are missing, then how many there are. */
  readonly ranges: readonly number[];
}

/** Limits of both ends. Give both the same. */
export interface DeliveryLimits {
  /** Greatest block in bytes; over UDP about 1100. From 1 to 2^30. Default 64 KiB. */
  readonly blockBytesMax?: number;
  /** Most blocks between the oldest that is not acknowledged and the newest: 1 to 2^20. Default 1024. */
  readonly windowBlocks?: number;
  /** Most bytes of them, at least `blockBytesMax`. Default 16 MiB. */
  readonly windowBytes?: number;
  /** Most ranges of a selective acknowledgement, 1 to 4096. Default 256. */
  readonly rangesMax?: number;
}

/** What a {@link DeliverySender} is made from. */
export interface SenderOptions extends DeliveryLimits {
  /**
   * Names this life of the sender: an integer from 1, greater in each later life, such as a counter kept on disk or
   * the milliseconds since 1970 at its start. A receiver takes a greater one for a new session.
   */
  readonly epoch: number;
  /** Where jitter and the names of links are drawn from: another one for each life. */
  readonly seed: number | string;
  /** Goes on with the session of an earlier life under its epoch: offer blocks from `acknowledged` on, as they were. */
  readonly restored?: SenderCheckpoint;
  /** Number of the first block of a new session, 0 to 2^52. Default 0. */
  readonly firstSequence?: number;
  /**
   * Most blocks on their way at once. Somewhat above bandwidth times round trip keeps a link busy without a queue in
   * front of it; the rest of the window is for those that wait behind a lost one. From 1. Default `windowBlocks`.
   */
  readonly inFlightBlocks?: number;
  /**
   * A block is lost when so many later transmissions arrived (fast retransmit, RFC 5681 3.2, RFC 9002 6.1.1). 1 to
   * 2^20. Default 3.
   */
  readonly reorderBlocks?: number;
  /** As far as that grows when repetitions prove needless, from `reorderBlocks`. Default 128, at least that. */
  readonly reorderBlocksMax?: number;
  /** Timeout before a round trip was measured, in ms (RFC 6298 2.1). From 1. Default 1000. */
  readonly initialTimeoutMs?: number;
  /** Least timeout, in ms (RFC 6298 2.4). From 1. Default 1000. */
  readonly timeoutMinMs?: number;
  /** Greatest timeout, in ms (RFC 6298 2.5). Default 60 000. */
  readonly timeoutMaxMs?: number;
  /** Granularity of the clock that `nowMs` is read from, in ms (RFC 6298 2.3). 0 to 1000. Default 1. */
  readonly clockGranularityMs?: number;
  /** Each doubled timeout is longer by a random share up to this, so that many senders do not meet. 0 to 1. Default 0.25. */
  readonly jitter?: number;
  /** How much may be repeated. */
  readonly retryBudget?: RetryBudgetOptions;
  /**
   * The peer is called dead when it owes an answer, nothing came for this long and three timeouts in a row ran out, in
   * ms. From 1. Default 60 000.
   */
  readonly deadAfterMs?: number;
}

/** What a {@link DeliveryReceiver} is made from. */
export interface ReceiverOptions extends DeliveryLimits {
  /**
   * Names this memory of the receiver: an integer from 1, greater whenever it starts without the memory of an earlier
   * life. A sender that knew the earlier one is told that its session is lost.
   */
  readonly epoch: number;
  /** Goes on with the memory of an earlier life, under its epoch. */
  readonly restored?: ReceiverCheckpoint;
  /** Acknowledges every so many blocks: 1 to 2^20. Default 8. */
  readonly acknowledgeEvery?: number;
  /** An acknowledgement is held back at most so long for more blocks, in ms. 0 to 10 000. Default 25. */
  readonly acknowledgeDelayMs?: number;
  /** Whether blocks are delivered in the order in which they were offered. Default `true`. */
  readonly ordered?: boolean;
  /**
   * Whether blocks that came too early are kept. Without it the pair does go-back-N: the receiver needs no memory, and
   * each loss costs a window. Default `true`.
   */
  readonly selective?: boolean;
}

/** Options of a sender with every default filled in. */
export interface SenderSettings extends Required<DeliveryLimits>, TimeoutBounds {
  readonly epoch: number;
  readonly firstSequence: number;
  readonly inFlightBlocks: number;
  readonly reorderBlocks: number;
  readonly reorderBlocksMax: number;
  readonly jitter: number;
  readonly deadAfterMs: number;
  readonly retryBudget: Required<RetryBudgetOptions>;
}

/** Options of a receiver with every default filled in. */
export interface ReceiverSettings extends Required<DeliveryLimits>, SegmentLimits {
  readonly epoch: number;
  readonly acknowledgeEvery: number;
  readonly acknowledgeDelayMs: number;
  readonly ordered: boolean;
  readonly selective: boolean;
}

const numberMax = 2 ** 52;
const windowBlocksMax = 2 ** 20;

/** Checks the options of a sender. */
export function settleSender(options: SenderOptions): SenderSettings {
  const limits = settleLimits(options);
  const epoch = settleEpoch(options.epoch, options.restored?.epoch);
  const { windowBlocks } = limits;
  const reorderBlocks = parseInteger(options.reorderBlocks ?? 3, 'reorderBlocks', 1, windowBlocksMax);
  const timeoutMinMs = parseInteger(options.timeoutMinMs ?? 1000, 'timeoutMinMs', 1);
  return {
    ...limits,
    epoch,
    firstSequence: parseInteger(
      options.restored?.acknowledged ?? options.firstSequence ?? 0,
      options.restored === undefined ? 'firstSequence' : 'restored.acknowledged',
      0,
      numberMax,
    ),
    inFlightBlocks: Math.min(
      parseInteger(options.inFlightBlocks ?? windowBlocks, 'inFlightBlocks', 1),
      windowBlocks,
    ),
    reorderBlocks,
    reorderBlocksMax: parseInteger(
      options.reorderBlocksMax ?? Math.max(128, reorderBlocks),
      'reorderBlocksMax',
      reorderBlocks,
      windowBlocksMax,
    ),
    initialTimeoutMs: parseInteger(options.initialTimeoutMs ?? 1000, 'initialTimeoutMs', 1),
    timeoutMinMs,
    timeoutMaxMs: parseInteger(
      options.timeoutMaxMs ?? Math.max(60_000, timeoutMinMs),
      'timeoutMaxMs',
      timeoutMinMs,
    ),
    clockGranularityMs: parseReal(options.clockGranularityMs ?? 1, 'clockGranularityMs', 0, 1000),
    jitter: parseReal(options.jitter ?? 0.25, 'jitter', 0, 1),
    deadAfterMs: parseInteger(options.deadAfterMs ?? 60_000, 'deadAfterMs', 1),
    retryBudget: settleBudget(options.retryBudget ?? {}, windowBlocks),
  };
}

/** Checks the options of a receiver. */
export function settleReceiver(options: ReceiverOptions): ReceiverSettings {
  return {
    ...settleLimits(options),
    epoch: settleEpoch(options.epoch, options.restored?.epoch),
    acknowledgeEvery: parseInteger(options.acknowledgeEvery ?? 8, 'acknowledgeEvery', 1, windowBlocksMax),
    acknowledgeDelayMs: parseInteger(options.acknowledgeDelayMs ?? 25, 'acknowledgeDelayMs', 0, 10_000),
    ordered: options.ordered ?? true,
    selective: options.selective ?? true,
  };
}

/** Checks a moment that a caller gave. */
export function checkMoment(nowMs: number): void {
  if (!Number.isFinite(nowMs) || nowMs < 0)
    throw new InvalidArgumentError(
      `nowMs is ${nowMs}: it must be a number from 0, in ms, of a clock that never goes back`,
    );
}

function settleLimits(options: DeliveryLimits): Required<DeliveryLimits> {
  const blockBytesMax = parseInteger(options.blockBytesMax ?? 65_536, 'blockBytesMax', 1, 2 ** 30);
  const windowBytes = options.windowBytes ?? Math.max(16 * 2 ** 20, blockBytesMax);
  return {
    blockBytesMax,
    windowBlocks: parseInteger(options.windowBlocks ?? 1024, 'windowBlocks', 1, windowBlocksMax),
    windowBytes: parseInteger(windowBytes, 'windowBytes', blockBytesMax),
    rangesMax: parseInteger(options.rangesMax ?? 256, 'rangesMax', 1, 4096),
  };
}

function settleEpoch(given: number, restored: number | undefined): number {
  const epoch = parseInteger(given, 'epoch', 1);
  if (restored !== undefined && restored !== epoch) {
    throw new InvalidArgumentError(
      `epoch is ${epoch} but restored.epoch is ${restored}: a session goes on under its own epoch; without the memory, ` +
        'leave restored out and take a greater epoch',
    );
  }
  return epoch;
}

function settleBudget(options: RetryBudgetOptions, windowBlocks: number): Required<RetryBudgetOptions> {
  return {
    perBlock: parseReal(options.perBlock ?? 1, 'retryBudget.perBlock', 0, 100),
    perSecond: parseReal(options.perSecond ?? 10, 'retryBudget.perSecond', 0.001, 1_000_000),
    burst: parseReal(options.burst ?? windowBlocks, 'retryBudget.burst', 1, 2 ** 30),
  };
}

function parseReal(value: number, subject: string, least: number, most: number): number {
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`${subject} is ${value}: it must be a number from ${least} to ${most}`);
}
