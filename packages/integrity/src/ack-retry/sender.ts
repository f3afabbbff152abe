/** The sending end: holds each block until the receiver has it, and says it again when it must. */
import { Random } from '@synod/core';
import { refusalOf } from './offer-refusal.js';
import {
  checkMoment,
  type SenderCheckpoint,
  type SenderOptions,
  type SenderSettings,
  settleSender,
} from './options.js';
import { RetransmissionTimer } from './retransmission-timer.js';
import { RoundTripTime } from './round-trip-time.js';
import { readForSender, type SegmentSink } from './segment-codec.js';
import type { AcceptSegment, AcknowledgementSegment, ResetSegment, SegmentToSender } from './segments.js';
import { SenderOutbox } from './sender-outbox.js';
import type { SenderEffects, SenderInput, SenderState, SenderStatus } from './sender-values.js';
import { Sending } from './sending.js';
import { fromSerial, toSerial } from './serial.js';

/**
 * A link's number is a count and, below it, so much that is drawn: two lives of a sender whose counts agree, because notes
 * lagged behind, still have links of their own.
 */
const drawnConnections = 0x10000;

/** Timeouts in a row before silence may mean death: a machine that slept wakes to one only. */
const deathTimeouts = 3;

/**
 * Delivers blocks over a link that loses, repeats, reorders and damages: each exactly once and in order, as long as
 * both ends keep their memory.
 *
 * @remarks
 * Pure: time comes in with each input, what is to be done comes out as {@link SenderEffects}. After each input (or a few)
 * take the effects, and step a `tick` when {@link wakeAtMs} has come. There is no congestion control: `inFlightBlocks` and
 * the window are the limit. A checksum is no protection against forgery: on an open network run it over an
 * authenticated link.
 *
 * @example One block over a link that delivers at once.
 * ```ts
 * const sender = new DeliverySender({ epoch: 1, seed: 'a' });
 * sender.step({ type: 'connect', nowMs: 0 });
 * sender.step({ type: 'offer', nowMs: 0, blocks: [Uint8Array.of(1, 2, 3)] });
 * const writer = new ByteWriter();
 * for (const segment of sender.takeEffects()?.send ?? []) encodeSegment(segment, writer);
 * receiver.step({ type: 'receive', nowMs: 5, bytes: writer.take() });
 * ```
 */
export class DeliverySender {
  readonly #settings: SenderSettings;
  readonly #random: Random;
  readonly #outbox = new SenderOutbox();
  readonly #sending: Sending;
  readonly #roundTrip: RoundTripTime;
  readonly #timer: RetransmissionTimer;
  readonly #sink: SegmentSink<SegmentToSender> = {
    heard: (segment) => this.#hear(segment),
    damaged: () => {
      this.#corrupt++;
    },
    refused: (reason) => this.#refuseSegment(reason),
  };
  #state: SenderState = 'disconnected';
  #nowMs = 0;
  /** Since when the peer owes an answer and nothing came. */
  #silentSinceMs = 0;
  #receiverEpoch: number;
  #connection: number;
  #peerDelayMs = 0;
  #isFinished = false;
  #isFinishTold = false;
  #wantsRoom = false;
  #timeouts = 0;
  #acknowledgements = 0;
  #corrupt = 0;
  #refused = 0;
  #stale = 0;

  /**
   * @param options - Who it is, and its limits.
   * @throws InvalidArgumentError naming the first option that is out of range.
   */
  constructor(options: SenderOptions) {
    const settings = settleSender(options);
    this.#settings = settings;
    this.#random = new Random(options.seed);
    this.#receiverEpoch = options.restored?.receiverEpoch ?? 0;
    this.#connection = options.restored?.connection ?? 0;
    this.#sending = new Sending(settings, this.#outbox, options.restored !== undefined);
    this.#roundTrip = new RoundTripTime(settings);
    this.#timer = new RetransmissionTimer(this.#random, settings.jitter);
  }

  /** Number of the block that is offered next. A restored sender may find it further on after `opened`. */
  get nextSequence(): number {
    return this.#sending.end;
  }

  /** Blocks that an offer may have now. */
  get roomBlocks(): number {
    return this.#settings.windowBlocks - (this.#sending.end - this.#sending.base);
  }

  /** Bytes that an offer may have now. */
  get roomBytes(): number {
    return this.#settings.windowBytes - this.#sending.bytes;
  }

  /** When a `tick` is due, in the time of the inputs; undefined when nothing waits for time. Later is allowed. */
  get wakeAtMs(): number | undefined {
    const timer = this.#timer.atMs;
    const budget = this.#state === 'open' ? this.#sending.budgetAtMs(this.#nowMs) : undefined;
    if (timer === undefined || budget === undefined) return timer ?? budget;
    return Math.min(timer, budget);
  }

  /**
   * Takes an input. Never throws on what came over the link.
   *
   * @param input - What happened. A `nowMs` before that of an earlier input counts as that one.
   * @throws InvalidArgumentError when `nowMs` is no number from 0; nothing was changed.
   */
  step(input: SenderInput): void {
    checkMoment(input.nowMs);
    this.#nowMs = Math.max(this.#nowMs, input.nowMs);
    switch (input.type) {
      case 'offer':
        this.#offer(input.blocks);
        break;
      case 'receive':
        readForSender(input.bytes, this.#settings, this.#sink);
        break;
      case 'tick':
        if (this.#timer.atMs !== undefined && this.#nowMs >= this.#timer.atMs) this.#timeOut();
        break;
      case 'connect':
        this.#connect();
        break;
      case 'disconnect':
        if (this.#state !== 'lost') this.#state = 'disconnected';
        this.#timer.stop();
        break;
      case 'finish':
        this.#isFinished = true;
        this.#tellProgress();
        break;
    }
    if (this.#state === 'open') this.#sendAllowed();
  }

  /** Everything to be done since it was last called; undefined when there is nothing. */
  takeEffects(): SenderEffects | undefined {
    return this.#outbox.take();
  }

  /** What an earlier life must have kept to go on with this session. Valid as long as nothing is stepped. */
  checkpoint(): SenderCheckpoint {
    return {
      epoch: this.#settings.epoch,
      receiverEpoch: this.#receiverEpoch,
      acknowledged: this.#sending.base,
      connection: this.#connection,
    };
  }

  /** What can be seen of it. */
  status(): SenderStatus {
    const { base, end, bytes, inFlight, sent, retransmitted, needless, reorderBlocks } = this.#sending;
    return {
      state: this.#state,
      epoch: this.#settings.epoch,
      receiverEpoch: this.#receiverEpoch,
      acknowledged: base,
      nextSequence: end,
      heldBlocks: end - base,
      heldBytes: bytes,
      inFlight,
      sent,
      retransmitted,
      needless,
      timeouts: this.#timeouts,
      acknowledgements: this.#acknowledgements,
      corrupt: this.#corrupt,
      refused: this.#refused,
      stale: this.#stale,
      smoothedRoundTripMs: this.#roundTrip.smoothedMs,
      roundTripVariationMs: this.#roundTrip.variationMs,
      timeoutMs: this.#roundTrip.timeoutMs,
      reorderBlocks,
      retryTokens: Math.floor(this.#sending.retryTokens),
    };
  }

  #offer(blocks: readonly Uint8Array[]): void {
    const { roomBlocks, roomBytes } = this;
    const state = { isLost: this.#state === 'lost', isFinished: this.#isFinished, roomBlocks, roomBytes };
    const refusal = refusalOf(blocks, this.#settings, state);
    if (refusal === undefined) {
      for (const block of blocks) this.#sending.push(block);
      return;
    }
    this.#wantsRoom ||= refusal.code === 'WINDOW_FULL';
    this.#outbox.refuse(refusal);
  }

  #connect(): void {
    if (this.#state === 'lost') return;
    this.#state = 'opening';
    const count = Math.floor(this.#connection / drawnConnections) + 1;
    this.#connection = count * drawnConnections + this.#random.integer(0, drawnConnections);
    this.#silentSinceMs = this.#nowMs;
    this.#timer.calm();
    this.#sendOpen();
  }

  #sendOpen(): void {
    const { epoch, inFlightBlocks } = this.#settings;
    this.#outbox.send({
      type: 'open',
      epoch,
      receiverEpoch: this.#receiverEpoch,
      connection: this.#connection,
      first: toSerial(this.#sending.base),
      transmission: toSerial(this.#sending.transmission),
      inFlightBlocks,
    });
    this.#setTimer();
  }

  #hear(segment: SegmentToSender): void {
    const isOfOtherSession =
      segment.epoch !== this.#settings.epoch || this.#state === 'lost' || this.#state === 'disconnected';
    if (isOfOtherSession) {
      this.#stale++;
      return;
    }
    switch (segment.type) {
      case 'accept':
        this.#hearAccept(segment);
        return;
      case 'acknowledgement':
        this.#hearAcknowledgement(segment);
        return;
      case 'reset':
        this.#hearReset(segment);
    }
  }

  #hearAccept(segment: AcceptSegment): void {
    const { receiverEpoch, ranges } = segment;
    const isOld = segment.connection !== this.#connection || receiverEpoch < this.#receiverEpoch;
    if (this.#state !== 'opening' || isOld) {
      this.#stale++;
      return;
    }
    const { base } = this.#sending;
    const next = fromSerial(segment.next, base);
    if (this.#receiverEpoch !== 0 && receiverEpoch !== this.#receiverEpoch) {
      this.#lose(
        `the receiver of epoch ${this.#receiverEpoch} lost its memory: its epoch is ${receiverEpoch} now`,
      );
      return;
    }
    if (next < base) {
      this.#lose(
        `the receiver acknowledged ${base} and went back to ${next}: its memory is of an earlier time`,
      );
      return;
    }
    if (!this.#canBeTrue(next, ranges)) return;
    const resumed = this.#receiverEpoch !== 0;
    this.#receiverEpoch = receiverEpoch;
    this.#peerDelayMs = Math.min(segment.acknowledgeDelayMs, this.#settings.timeoutMaxMs);
    this.#state = 'open';
    this.#timer.calm();
    this.#timer.stop();
    this.#sending.startOver({ next, ranges }, segment);
    this.#outbox.report({ type: 'opened', receiverEpoch, next, resumed });
    this.#tellProgress();
  }

  #hearReset({ connection, receiverEpoch, reason, known }: ResetSegment): void {
    if (connection !== this.#connection) {
      this.#stale++;
    } else if (reason === 'reopen') {
      this.#connection = Math.max(connection, known);
      this.#connect();
    } else if (reason === 'superseded') {
      this.#lose('a sender with a greater epoch has opened a session with this receiver');
    } else {
      this.#lose(`the receiver, of epoch ${receiverEpoch} now, remembers nothing of this session`);
    }
  }

  #hearAcknowledgement(segment: AcknowledgementSegment): void {
    const { base, transmission } = this.#sending;
    const next = fromSerial(segment.next, base);
    if (segment.receiverEpoch !== this.#receiverEpoch || next < base || this.#state === 'opening') {
      this.#stale++;
      return;
    }
    if (!this.#canBeTrue(next, segment.ranges)) return;
    if (segment.connection !== this.#connection || this.#state !== 'open') {
      // What a receiver kept before its turn it may forget in a restart; what it delivered stays delivered.
      this.#stale++;
      this.#sending.advanceTo(next);
      this.#tellProgress();
      return;
    }
    const arrived = fromSerial(segment.transmission, transmission);
    if (arrived > transmission || arrived < 0) {
      this.#refuseSegment(`transmission ${arrived} is acknowledged, but only ${transmission} left`);
      return;
    }
    this.#acknowledgements++;
    this.#silentSinceMs = this.#nowMs;
    const { ranges, hasMore } = segment;
    const overdueMs = this.#nowMs - this.#roundTrip.longestMs - this.#peerDelayMs;
    const { isNews, sentAtMs } = this.#sending.acknowledge({ next, ranges, hasMore, arrived, overdueMs });
    if (sentAtMs !== undefined) {
      this.#roundTrip.sample(this.#nowMs - sentAtMs);
      this.#timer.calm();
    }
    if (isNews) this.#setTimer();
    this.#tellProgress();
  }

  #canBeTrue(next: number, ranges: readonly number[]): boolean {
    const reason = this.#sending.whyUntrue(next, ranges);
    if (reason !== undefined) this.#refuseSegment(reason);
    return reason === undefined;
  }

  #timeOut(): void {
    this.#timeouts++;
    this.#timer.expire();
    const silentMs = this.#nowMs - this.#silentSinceMs;
    if (silentMs >= this.#settings.deadAfterMs && this.#timer.expiries >= deathTimeouts) {
      this.#state = 'dead';
      this.#timer.stop();
      this.#outbox.report({ type: 'peerDead', silentMs });
      return;
    }
    const { timeoutMs } = this.#roundTrip;
    this.#outbox.report({ type: 'timedOut', timeoutMs, inARow: this.#timer.expiries });
    if (this.#state === 'opening') {
      this.#sendOpen();
      return;
    }
    this.#sending.loseOldest();
    this.#setTimer();
  }

  #sendAllowed(): void {
    const sending = this.#sending;
    sending.sendAllowed(this.#nowMs, this.#connection, this.#isFinished);
    if (sending.inFlight === 0) {
      this.#timer.stop();
    } else if (this.#timer.atMs === undefined) {
      // Nothing was owed before.
      this.#silentSinceMs = this.#nowMs;
      this.#setTimer();
    }
  }

  #setTimer(): void {
    const { timeoutMaxMs } = this.#settings;
    const peerDelayMs = this.#peerDelayMs;
    this.#timer.set({ nowMs: this.#nowMs, timeoutMs: this.#roundTrip.timeoutMs, timeoutMaxMs, peerDelayMs });
  }

  /** Room is told when half a window is free, so that a full sender is not woken for each block. */
  #tellProgress(): void {
    const { windowBlocks, windowBytes } = this.#settings;
    const [blocks, bytes] = [this.roomBlocks, this.roomBytes];
    if (this.#wantsRoom && blocks * 2 >= windowBlocks && bytes * 2 >= windowBytes) {
      this.#wantsRoom = false;
      this.#outbox.report({ type: 'writable', blocks, bytes });
    }
    const isDone = this.#isFinished && this.#sending.base === this.#sending.end && this.#state === 'open';
    if (!isDone || this.#isFinishTold) return;
    this.#isFinishTold = true;
    this.#outbox.report({ type: 'finished' });
  }

  #lose(reason: string): void {
    this.#state = 'lost';
    this.#timer.stop();
    this.#outbox.report({ type: 'sessionLost', acknowledged: this.#sending.base, reason });
  }

  #refuseSegment(reason: string): void {
    this.#refused++;
    this.#outbox.report({ type: 'segmentRefused', reason });
  }
}
