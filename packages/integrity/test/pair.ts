/** A sender and a receiver on one thread, with every segment in the hands of the test. */
import { ByteWriter } from '@synod/core';
import {
  type DataSegment,
  DeliveryReceiver,
  DeliverySender,
  encodeSegment,
  type ReceiverEvent,
  type ReceiverOptions,
  type Segment,
  type SenderEvent,
  type SenderOptions,
} from '../src/index.js';

/** The two ends, and what lies between them. */
export class Pair {
  sender: DeliverySender;
  receiver: DeliveryReceiver;
  nowMs = 0;
  there: Segment[] = [];
  back: Segment[] = [];
  readonly delivered: number[] = [];
  readonly senderEvents: SenderEvent[] = [];
  readonly receiverEvents: ReceiverEvent[] = [];
  acknowledged = 0;
  /** Acknowledgements that left the receiver. */
  acknowledgements = 0;
  #offered = 0;

  constructor(sender: Partial<SenderOptions> = {}, receiver: Partial<ReceiverOptions> = {}) {
    this.sender = new DeliverySender({ epoch: 1, seed: 1, jitter: 0, ...sender });
    this.receiver = new DeliveryReceiver({ epoch: 1, ...receiver });
  }

  /** A link is up, and the session is open. */
  open(): this {
    this.sender.step({ type: 'connect', nowMs: this.nowMs });
    this.run();
    return this;
  }

  /** Offers the next numbered blocks. */
  offer(count: number): void {
    const blocks = Array.from({ length: count }, () =>
      Uint8Array.of(this.#offered & 0xff, this.#offered++ >> 8),
    );
    this.sender.step({ type: 'offer', nowMs: this.nowMs, blocks });
    this.take();
  }

  /** Takes the effects of both ends. */
  take(): void {
    const sent = this.sender.takeEffects();
    this.there.push(...(sent?.send ?? []));
    this.senderEvents.push(...(sent?.events ?? []));
    this.acknowledged = sent?.acknowledged ?? this.acknowledged;
    const effects = this.receiver.takeEffects();
    for (const block of effects?.deliver ?? []) this.delivered.push((block[0] ?? 0) + (block[1] ?? 0) * 256);
    this.receiverEvents.push(...(effects?.events ?? []));
    this.acknowledgements += (effects?.send ?? []).filter(({ type }) => type === 'acknowledgement').length;
    this.back.push(...(effects?.send ?? []));
  }

  /** Brings one segment to the receiver, now. */
  toReceiver(segment: Segment | undefined): void {
    if (segment !== undefined)
      this.receiver.step({ type: 'receive', nowMs: this.nowMs, bytes: bytesOf(segment) });
    this.take();
  }

  /** Brings one segment to the sender, now. */
  toSender(segment: Segment | undefined): void {
    if (segment !== undefined)
      this.sender.step({ type: 'receive', nowMs: this.nowMs, bytes: bytesOf(segment) });
    this.take();
  }

  /** Brings everything over, except data that `isLost` picks, until nothing is under way. */
  run(isLost: (segment: DataSegment) => boolean = () => false): void {
    this.take();
    while (this.there.length + this.back.length > 0) {
      for (const segment of this.there.splice(0))
        if (segment.type !== 'data' || !isLost(segment)) this.toReceiver(segment);
      for (const segment of this.back.splice(0)) this.toSender(segment);
    }
  }

  /** Lets time pass; both ends are woken when they asked for it. */
  wait(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const wakeAtMs = Math.min(
        this.sender.wakeAtMs ?? Number.POSITIVE_INFINITY,
        this.receiver.wakeAtMs ?? Number.POSITIVE_INFINITY,
      );
      if (wakeAtMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, wakeAtMs);
      this.sender.step({ type: 'tick', nowMs: this.nowMs });
      this.receiver.step({ type: 'tick', nowMs: this.nowMs });
      this.take();
    }
    this.nowMs = untilMs;
  }

  /** Takes what is on the way to the receiver off the link. */
  takeThere(): readonly Segment[] {
    this.take();
    return this.there.splice(0);
  }

  /** Takes what is on the way to the sender off the link. */
  takeBack(): readonly Segment[] {
    this.take();
    return this.back.splice(0);
  }
}

/** The bytes of a segment. */
export function bytesOf(...segments: readonly Segment[]): Uint8Array {
  const writer = new ByteWriter();
  for (const segment of segments) encodeSegment(segment, writer);
  return writer.take();
}

/** 0 to `count` - 1. */
export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, number) => number);
}

/** Serials of the data segments among some. */
export function sequencesOf(segments: readonly Segment[]): readonly number[] {
  return segments.flatMap((segment) => (segment.type === 'data' ? [segment.sequence] : []));
}
