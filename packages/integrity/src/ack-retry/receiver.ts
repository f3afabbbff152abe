/** The receiving end: delivers each block once, and says what it has. */
import { Arrivals } from './arrivals.js';
import {
  checkMoment,
  type ReceiverCheckpoint,
  type ReceiverOptions,
  type ReceiverSettings,
  settleReceiver,
} from './options.js';
import type { ReceiverEffects, ReceiverEvent, ReceiverInput, ReceiverStatus } from './receiver-values.js';
import { readForReceiver, type SegmentSink } from './segment-codec.js';
import type { DataSegment, OpenSegment, ResetReason, Segment, SegmentToReceiver } from './segments.js';
import { fromSerial, toSerial } from './serial.js';

/** While a block is missing every second arrival is acknowledged: the sender finds losses by them (RFC 5681 4.2). */
const acknowledgeEveryInGap = 2;

/** A peer that sends nonsense makes so many events a turn and no more. */
const eventsMax = 64;

const noBlock = new Uint8Array(0);
const nothing: readonly never[] = Object.freeze([]);

/**
 * The other end of a {@link DeliverySender}.
 *
 * @remarks
 * Pure, as the sender is. It remembers the number of the next block and at most a window of blocks that came before their
 * turn, whatever a peer sends. To survive a restart save {@link checkpoint} together with what the delivered blocks did,
 * before what is to be sent leaves.
 *
 * @example
 * ```ts
 * const receiver = new DeliveryReceiver({ epoch: 1 });
 * receiver.step({ type: 'receive', nowMs: 5, bytes });
 * const effects = receiver.takeEffects();
 * for (const block of effects?.deliver ?? []) console.log(block);
 * for (const segment of effects?.send ?? []) encodeSegment(segment, writer);
 * ```
 */
export class DeliveryReceiver {
  readonly #settings: ReceiverSettings;
  readonly #sink: SegmentSink<SegmentToReceiver> = {
    heard: (segment) => (segment.type === 'data' ? this.#hearData(segment) : this.#hearOpen(segment)),
    damaged: () => {
      this.#corrupt++;
    },
    refused: (reason) => this.#refuseSegment(reason),
  };
  #nowMs = 0;
  #senderEpoch = 0;
  #arrivals = new Arrivals(0);
  /** Number of the latest link. */
  #connection = 0;
  /** Whether that was opened in this life: what an earlier one kept before its turn is forgotten, and the sender must know. */
  #isOpen = false;
  /** The highest transmission that came over it. */
  #transmission = 0;
  #acknowledgeEvery: number;
  /** Blocks that came since the last acknowledgement. */
  #unacknowledged = 0;
  #mustAcknowledge = false;
  #acknowledgeAtMs: number | undefined;
  /** The block after the last one, when that was named. */
  #end: number | undefined;
  #answer: Segment | undefined;
  #deliver: Uint8Array[] | undefined;
  #events: ReceiverEvent[] | undefined;
  #delivered = 0;
  #duplicates = 0;
  #outOfOrder = 0;
  #unheld = 0;
  #acknowledgements = 0;
  #corrupt = 0;
  #refused = 0;
  #stale = 0;

  /**
   * @param options - Who it is, and its limits.
   * @throws InvalidArgumentError naming the first option that is out of range.
   */
  constructor(options: ReceiverOptions) {
    this.#settings = settleReceiver(options);
    this.#acknowledgeEvery = this.#settings.acknowledgeEvery;
    if (options.restored !== undefined) this.#restore(options.restored);
  }

  /** When a `tick` is due, in the time of the inputs; undefined when nothing waits for time. */
  get wakeAtMs(): number | undefined {
    return this.#acknowledgeAtMs;
  }

  /**
   * Takes an input. Never throws on what came over the link.
   *
   * @param input - What happened. A `nowMs` before that of an earlier input counts as that one.
   * @throws InvalidArgumentError when `nowMs` is no number from 0; nothing was changed.
   */
  step(input: ReceiverInput): void {
    checkMoment(input.nowMs);
    this.#nowMs = Math.max(this.#nowMs, input.nowMs);
    if (input.type === 'receive') readForReceiver(input.bytes, this.#settings, this.#sink);
    if (this.#acknowledgeAtMs !== undefined && this.#nowMs >= this.#acknowledgeAtMs)
      this.#mustAcknowledge = true;
  }

  /** Everything to be done since it was last called; undefined when there is nothing. */
  takeEffects(): ReceiverEffects | undefined {
    const [answer, deliver, events] = [this.#answer, this.#deliver, this.#events];
    const acknowledgement = this.#mustAcknowledge ? this.#acknowledge() : undefined;
    if (
      answer === undefined &&
      acknowledgement === undefined &&
      deliver === undefined &&
      events === undefined
    )
      return undefined;
    this.#answer = undefined;
    this.#deliver = undefined;
    this.#events = undefined;
    const send: Segment[] = [];
    if (answer !== undefined) send.push(answer);
    if (acknowledgement !== undefined) send.push(acknowledgement);
    return { deliver: deliver ?? nothing, send, events: events ?? nothing };
  }

  /** What a later life must have kept to go on with this session. */
  checkpoint(): ReceiverCheckpoint {
    const { ordered, windowBlocks } = this.#settings;
    const ranges = ordered ? nothing : this.#arrivals.ranges(windowBlocks).ranges;
    return {
      epoch: this.#settings.epoch,
      senderEpoch: this.#senderEpoch,
      connection: this.#connection,
      next: this.#arrivals.next,
      ranges,
    };
  }

  /** What can be seen of it. */
  status(): ReceiverStatus {
    return {
      epoch: this.#settings.epoch,
      senderEpoch: this.#senderEpoch,
      next: this.#arrivals.next,
      heldBlocks: this.#arrivals.held,
      heldBytes: this.#arrivals.bytes,
      delivered: this.#delivered,
      duplicates: this.#duplicates,
      outOfOrder: this.#outOfOrder,
      unheld: this.#unheld,
      acknowledgements: this.#acknowledgements,
      corrupt: this.#corrupt,
      refused: this.#refused,
      stale: this.#stale,
    };
  }

  #restore({ senderEpoch, connection, next, ranges }: ReceiverCheckpoint): void {
    this.#senderEpoch = senderEpoch;
    this.#connection = connection;
    this.#arrivals = new Arrivals(next);
    let sequence = next;
    for (let pair = 0; pair < ranges.length; pair += 2) {
      sequence += ranges[pair] ?? 0;
      const end = sequence + (ranges[pair + 1] ?? 0);
      for (; sequence < end; sequence++) this.#arrivals.hold(sequence, noBlock);
    }
  }

  #hearOpen(segment: OpenSegment): void {
    if (segment.epoch < this.#senderEpoch) {
      this.#reset(segment, 'superseded');
      return;
    }
    if (segment.epoch > this.#senderEpoch) {
      // It knows a receiver that remembers its session, and this one does not.
      if (segment.receiverEpoch !== 0) {
        this.#reset(segment, 'unknownSession');
        return;
      }
      this.#begin(segment);
      this.#openLink(segment);
    } else if (segment.connection > this.#connection) {
      this.#report({ type: 'sessionResumed', senderEpoch: segment.epoch, next: this.#arrivals.next });
      this.#openLink(segment);
    } else if (segment.connection < this.#connection || !this.#isOpen) {
      this.#reset(segment, 'reopen');
      return;
    }
    this.#acknowledgeEvery = Math.min(this.#settings.acknowledgeEvery, segment.inFlightBlocks);
    this.#accept();
  }

  #begin({ epoch, first }: OpenSegment): void {
    const { highest, next, held } = this.#arrivals;
    const previousEpoch = this.#senderEpoch;
    this.#report({
      type: 'sessionOpened',
      senderEpoch: epoch,
      first,
      previousEpoch,
      lost: highest - next - held,
    });
    this.#senderEpoch = epoch;
    this.#arrivals = new Arrivals(first);
    this.#end = undefined;
  }

  #openLink({ connection, transmission }: OpenSegment): void {
    this.#connection = connection;
    this.#isOpen = true;
    this.#transmission = transmission;
    // The accept says it all.
    this.#forgetAcknowledgement();
  }

  #accept(): void {
    const { epoch, windowBlocks, windowBytes, acknowledgeDelayMs, selective, rangesMax } = this.#settings;
    this.#answer = {
      type: 'accept',
      epoch: this.#senderEpoch,
      receiverEpoch: epoch,
      connection: this.#connection,
      next: toSerial(this.#arrivals.next),
      windowBlocks,
      windowBytes,
      acknowledgeDelayMs,
      selective,
      ...this.#arrivals.ranges(rangesMax),
    };
  }

  #reset({ epoch, connection }: SegmentToReceiver, reason: ResetReason): void {
    this.#stale++;
    const [receiverEpoch, known] = [this.#settings.epoch, this.#connection];
    this.#answer = { type: 'reset', epoch, receiverEpoch, connection, reason, known };
  }

  #hearData(segment: DataSegment): void {
    if (segment.epoch !== this.#senderEpoch) {
      this.#reset(segment, segment.epoch < this.#senderEpoch ? 'superseded' : 'unknownSession');
      return;
    }
    if (segment.connection < this.#connection) {
      this.#stale++;
      return;
    }
    if (segment.connection > this.#connection || !this.#isOpen) {
      this.#reset(segment, 'reopen');
      return;
    }
    const arrivals = this.#arrivals;
    const sequence = fromSerial(segment.sequence, arrivals.next);
    // Any 32 bits are a transmission; a peer that lies about them misleads only itself.
    this.#transmission = Math.max(this.#transmission, fromSerial(segment.transmission, this.#transmission));
    if (sequence < arrivals.next || arrivals.has(sequence)) {
      this.#duplicates++;
      this.#mustAcknowledge = true;
      return;
    }
    if (segment.isLast) this.#end = sequence + 1;
    if (sequence === arrivals.next) this.#takeInTurn(segment.block);
    else this.#takeEarly(sequence, segment.block);
    this.#tellEnd();
  }

  #takeInTurn(block: Uint8Array): void {
    const arrivals = this.#arrivals;
    // A gap is filled, in part at least: the sender waits for this.
    if (arrivals.held > 0) this.#mustAcknowledge = true;
    arrivals.pass();
    this.#handOut(block);
    for (let held = arrivals.takeNext(); held !== undefined; held = arrivals.takeNext()) {
      if (this.#settings.ordered) this.#handOut(held);
    }
    this.#count(arrivals.held > 0);
  }

  #takeEarly(sequence: number, block: Uint8Array): void {
    const arrivals = this.#arrivals;
    const { selective, ordered, windowBlocks, windowBytes } = this.#settings;
    this.#outOfOrder++;
    const hasRoom = sequence - arrivals.next < windowBlocks && arrivals.bytes + block.length <= windowBytes;
    if (!selective || !hasRoom) {
      this.#unheld++;
      this.#count(true);
      return;
    }
    if (sequence > arrivals.highest) this.#mustAcknowledge = true;
    // A copy: a view would keep all the bytes that came with it.
    arrivals.hold(sequence, ordered ? block.slice() : noBlock);
    if (!ordered) this.#handOut(block);
    this.#count(true);
  }

  #handOut(block: Uint8Array): void {
    this.#delivered++;
    if (this.#deliver === undefined) this.#deliver = [block];
    else this.#deliver.push(block);
  }

  /** One more arrival that is not acknowledged. */
  #count(hasGap: boolean): void {
    this.#unacknowledged++;
    const every = hasGap ? Math.min(this.#acknowledgeEvery, acknowledgeEveryInGap) : this.#acknowledgeEvery;
    if (this.#unacknowledged >= every) this.#mustAcknowledge = true;
    this.#acknowledgeAtMs ??= this.#nowMs + this.#settings.acknowledgeDelayMs;
  }

  #tellEnd(): void {
    if (this.#end === undefined || this.#arrivals.next < this.#end) return;
    this.#report({ type: 'ended', next: this.#end });
    this.#end = undefined;
    this.#mustAcknowledge = true;
  }

  #acknowledge(): Segment {
    this.#acknowledgements++;
    this.#forgetAcknowledgement();
    return {
      type: 'acknowledgement',
      epoch: this.#senderEpoch,
      receiverEpoch: this.#settings.epoch,
      connection: this.#connection,
      next: toSerial(this.#arrivals.next),
      transmission: toSerial(this.#transmission),
      ...this.#arrivals.ranges(this.#settings.rangesMax),
    };
  }

  #forgetAcknowledgement(): void {
    this.#unacknowledged = 0;
    this.#mustAcknowledge = false;
    this.#acknowledgeAtMs = undefined;
  }

  #refuseSegment(reason: string): void {
    this.#refused++;
    this.#report({ type: 'segmentRefused', reason });
  }

  #report(event: ReceiverEvent): void {
    this.#events ??= [];
    if (this.#events.length < eventsMax || event.type !== 'segmentRefused') this.#events.push(event);
  }
}
