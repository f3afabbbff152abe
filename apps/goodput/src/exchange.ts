/**
 * A sender and a receiver with a link in each direction, in virtual time: offers as much as the sender takes, through the
 * bytes of the wire, and holds each delivered block against the one that is due.
 */
import { ByteWriter, Random } from '@synod/core';
import {
  DeliveryReceiver,
  DeliverySender,
  encodeSegment,
  type ReceiverOptions,
  type ReceiverStatus,
  type Segment,
  type SenderOptions,
  type SenderStatus,
} from '@synod/integrity';
import { LossyLink, type Weather } from './lossy-link.js';
import { blockBytes, numberedBlock, numberOf } from './numbered-block.js';

/** What is exchanged over what. */
export interface ExchangeOptions {
  readonly blocks: number;
  readonly seed: number;
  readonly there: Weather;
  readonly back: Weather;
  readonly sender?: Partial<SenderOptions>;
  readonly receiver?: Partial<ReceiverOptions>;
  /** Both ends stop at these shares of the blocks, the sender first and then the receiver, and come back with what they saved. */
  readonly restartsAt?: readonly number[];
}

/** What came of it. */
export interface ExchangeOutcome {
  /** Until the last block was delivered. */
  readonly elapsedMs: number;
  readonly delivered: number;
  /** Blocks that came when another one was due: lost, doubled or out of order. 0 or something is wrong. */
  readonly wrong: number;
  /** Data segments that left, over all lives. */
  readonly sent: number;
  readonly retransmitted: number;
  /** Datagrams from receiver to sender. */
  readonly answers: number;
  /** Bytes that failed their check, at either end. */
  readonly corrupt: number;
  readonly duplicates: number;
  /** Most blocks that the receiver held at any time. */
  readonly heldBlocksMax: number;
  readonly heldBytesMax: number;
  readonly restarts: number;
  readonly sender: SenderStatus;
  readonly receiver: ReceiverStatus;
}

/** Blocks that are offered at a time. */
const offerBlocks = 64;

/** Virtual time without progress after which an exchange is given up. */
const stuckMs = 10_000_000;

/** Exchanges blocks until all are delivered. */
export function exchange(options: ExchangeOptions): ExchangeOutcome {
  return new Exchange(options).run();
}

class Exchange {
  readonly #options: ExchangeOptions;
  readonly #there: LossyLink;
  readonly #back: LossyLink;
  readonly #writer = new ByteWriter();
  #sender: DeliverySender;
  #receiver: DeliveryReceiver;
  #lives = 0;
  #nowMs = 0;
  #due = 0;
  #wrong = 0;
  #lastMs = 0;
  #sent = 0;
  #retransmitted = 0;
  #corrupt = 0;
  #duplicates = 0;
  #heldBlocksMax = 0;
  #heldBytesMax = 0;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    const random = new Random(options.seed);
    this.#there = new LossyLink(options.there, random.fork('there'));
    this.#back = new LossyLink(options.back, random.fork('back'));
    this.#sender = this.#startSender();
    this.#receiver = new DeliveryReceiver({ epoch: 1, ...options.receiver });
  }

  run(): ExchangeOutcome {
    const { blocks, restartsAt = [] } = this.#options;
    this.#sender.step({ type: 'connect', nowMs: 0 });
    let restarts = 0;
    while (this.#due < blocks) {
      if (this.#nowMs - this.#lastMs > stuckMs)
        throw new Error(`no block came for ${stuckMs} ms of virtual time`);
      const restartAt = restartsAt[restarts];
      if (restartAt !== undefined && this.#due >= restartAt * blocks) {
        this.#restart(restarts % 2 === 0);
        restarts++;
      }
      this.#offer();
      this.#oneMillisecond();
    }
    this.#gather(this.#sender.status(), this.#receiver.status());
    return {
      elapsedMs: this.#lastMs,
      delivered: this.#due,
      wrong: this.#wrong,
      sent: this.#sent,
      retransmitted: this.#retransmitted,
      answers: this.#back.carried,
      corrupt: this.#corrupt,
      duplicates: this.#duplicates,
      heldBlocksMax: this.#heldBlocksMax,
      heldBytesMax: this.#heldBytesMax,
      restarts,
      sender: this.#sender.status(),
      receiver: this.#receiver.status(),
    };
  }

  #offer(): void {
    const first = this.#sender.nextSequence;
    const room = Math.min(
      this.#sender.roomBlocks,
      Math.floor(this.#sender.roomBytes / blockBytes),
      offerBlocks,
    );
    const count = Math.min(room, this.#options.blocks - first);
    if (count <= 0) return;
    const blocks: Uint8Array[] = [];
    for (let number = first; number < first + count; number++) blocks.push(numberedBlock(number));
    this.#sender.step({ type: 'offer', nowMs: this.#nowMs, blocks });
    if (first + count === this.#options.blocks) this.#sender.step({ type: 'finish', nowMs: this.#nowMs });
    this.#settleSender();
  }

  #oneMillisecond(): void {
    this.#nowMs++;
    const nowMs = this.#nowMs;
    for (const bytes of this.#there.arrivals(nowMs)) {
      this.#receiver.step({ type: 'receive', nowMs, bytes });
      this.#settleReceiver();
    }
    for (const bytes of this.#back.arrivals(nowMs)) {
      this.#sender.step({ type: 'receive', nowMs, bytes });
      this.#settleSender();
    }
    if ((this.#receiver.wakeAtMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
      this.#receiver.step({ type: 'tick', nowMs });
      this.#settleReceiver();
    }
    if ((this.#sender.wakeAtMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
      this.#sender.step({ type: 'tick', nowMs });
      this.#settleSender();
    }
  }

  #settleSender(): void {
    for (const segment of this.#sender.takeEffects()?.send ?? [])
      this.#there.send(this.#bytesOf(segment), this.#nowMs);
  }

  #settleReceiver(): void {
    const effects = this.#receiver.takeEffects();
    if (effects === undefined) return;
    for (const block of effects.deliver) {
      if (numberOf(block) !== this.#due) this.#wrong++;
      this.#due++;
      this.#lastMs = this.#nowMs;
    }
    if (effects.send.length === 0) return;
    const { heldBlocks, heldBytes } = this.#receiver.status();
    this.#heldBlocksMax = Math.max(this.#heldBlocksMax, heldBlocks);
    this.#heldBytesMax = Math.max(this.#heldBytesMax, heldBytes);
    for (const segment of effects.send) this.#back.send(this.#bytesOf(segment), this.#nowMs);
  }

  #bytesOf(segment: Segment): Uint8Array {
    this.#writer.clear();
    encodeSegment(segment, this.#writer);
    return this.#writer.copy();
  }

  #startSender(restored?: SenderOptions['restored']): DeliverySender {
    this.#lives++;
    const own = restored === undefined ? {} : { restored };
    return new DeliverySender({
      epoch: 1,
      seed: `${this.#options.seed}/${this.#lives}`,
      ...this.#options.sender,
      ...own,
    });
  }

  /** What was under way stays under way, and meets the next life. */
  #restart(isSender: boolean): void {
    const { sender, receiver } = { sender: this.#sender.status(), receiver: this.#receiver.status() };
    if (isSender) {
      this.#gather(sender, undefined);
      this.#sender = this.#startSender(this.#sender.checkpoint());
      this.#sender.step({ type: 'connect', nowMs: this.#nowMs });
    } else {
      this.#gather(undefined, receiver);
      this.#receiver = new DeliveryReceiver({
        epoch: 1,
        ...this.#options.receiver,
        restored: this.#receiver.checkpoint(),
      });
    }
  }

  #gather(sender: SenderStatus | undefined, receiver: ReceiverStatus | undefined): void {
    this.#sent += sender?.sent ?? 0;
    this.#retransmitted += sender?.retransmitted ?? 0;
    this.#corrupt += (sender?.corrupt ?? 0) + (receiver?.corrupt ?? 0);
    this.#duplicates += receiver?.duplicates ?? 0;
  }
}
