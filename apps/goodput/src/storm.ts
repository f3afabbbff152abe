/**
 * One storm over a sender and a receiver, drawn from a seed: losses, copies, late and damaged datagrams, strangers' bytes,
 * broken links and crashes of both ends, before or after what they had to do was made durable. Then the weather clears,
 * and everything has to arrive. The rules: each block is delivered once and only once, in order where that is asked, and
 * neither end ever holds more than its window.
 */
import { ByteWriter, Random } from '@synod/core';
import {
  DeliveryReceiver,
  DeliverySender,
  encodeSegment,
  type ReceiverCheckpoint,
  type ReceiverOptions,
  type Segment,
  type SenderCheckpoint,
  type SenderOptions,
} from '@synod/integrity';
import { calm, LossyLink, type Weather } from './lossy-link.js';
import { blockBytes, numberedBlock, numberOf } from './numbered-block.js';

/** What a storm came to. */
export interface StormOutcome {
  /** The rule that was broken; absent when all held. */
  readonly broken?: string;
  readonly blocks: number;
  readonly sent: number;
  readonly corrupt: number;
  readonly duplicates: number;
  readonly reconnects: number;
  readonly senderRestarts: number;
  readonly receiverRestarts: number;
}

/** What happens in a storm, as drawn. */
interface Climate {
  readonly there: Weather;
  readonly back: Weather;
  readonly sender: Partial<SenderOptions>;
  readonly receiver: Partial<ReceiverOptions>;
  readonly first: number;
  readonly blocks: number;
  readonly ordered: boolean;
  readonly stormMs: number;
  /** Chance a ms of each: a broken link, a crash of the sender, a crash of the receiver, strangers' bytes. */
  readonly chances: readonly [number, number, number, number];
}

/** In fair weather everything has to arrive within this. */
const calmMs = 300_000;

/** Runs a storm. */
export function runStorm(seed: number): StormOutcome {
  return new Storm(seed).run();
}

class Storm {
  readonly #seed: number;
  readonly #random: Random;
  readonly #climate: Climate;
  readonly #there: LossyLink;
  readonly #back: LossyLink;
  readonly #writer = new ByteWriter();
  #sender: DeliverySender;
  #receiver: DeliveryReceiver;
  #nowMs = 0;
  #isUp = false;
  /** What a crash leaves: the sender's notes may lag behind, the receiver's are saved with what was delivered. */
  #senderNotes: SenderCheckpoint | undefined;
  #receiverNotes: ReceiverCheckpoint | undefined;
  readonly #delivered = new Set<number>();
  #due: number;
  #broken: string | undefined;
  #lives = 0;
  #sent = 0;
  #corrupt = 0;
  #duplicates = 0;
  #reconnects = 0;
  #senderRestarts = 0;
  #receiverRestarts = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#climate = drawClimate(this.#random);
    this.#there = new LossyLink(this.#climate.there, this.#random.fork('there'));
    this.#back = new LossyLink(this.#climate.back, this.#random.fork('back'));
    this.#due = this.#climate.first;
    this.#sender = this.#startSender();
    this.#senderNotes = this.#sender.checkpoint();
    this.#receiver = this.#startReceiver();
  }

  run(): StormOutcome {
    const { blocks, stormMs } = this.#climate;
    while (!this.#isOver() && this.#nowMs < stormMs) {
      this.#disturb();
      this.#oneMillisecond();
    }
    this.#there.weather = calm;
    this.#back.weather = calm;
    for (const endMs = this.#nowMs + calmMs; !this.#isOver() && this.#nowMs < endMs; ) this.#oneMillisecond();
    if (this.#broken === undefined && !this.#isOver())
      this.#broken = `in fair weather only ${this.#delivered.size} of ${blocks} blocks arrived`;
    this.#gather();
    const counts = { sent: this.#sent, corrupt: this.#corrupt, duplicates: this.#duplicates };
    return {
      ...(this.#broken === undefined ? {} : { broken: `seed ${this.#seed}: ${this.#broken}` }),
      blocks,
      ...counts,
      reconnects: this.#reconnects,
      senderRestarts: this.#senderRestarts,
      receiverRestarts: this.#receiverRestarts,
    };
  }

  #isOver(): boolean {
    const { first, blocks } = this.#climate;
    if (this.#broken !== undefined) return true;
    return this.#delivered.size === blocks && this.#sender.status().acknowledged === first + blocks;
  }

  #disturb(): void {
    const [breaks, senderCrashes, receiverCrashes, strangers] = this.#climate.chances;
    if (this.#isUp && this.#random.chance(breaks)) this.#breakLink();
    if (this.#random.chance(senderCrashes)) this.#crashSender();
    if (this.#random.chance(receiverCrashes)) this.#crashReceiver();
    if (this.#random.chance(strangers)) {
      const bytes = Uint8Array.from({ length: this.#random.integer(0, 80) }, () =>
        this.#random.integer(0, 256),
      );
      this.#receiver.step({ type: 'receive', nowMs: this.#nowMs, bytes });
      this.#sender.step({ type: 'receive', nowMs: this.#nowMs, bytes });
    }
  }

  #oneMillisecond(): void {
    this.#nowMs++;
    const nowMs = this.#nowMs;
    const isWeatherClear = this.#there.weather === calm;
    if (!this.#isUp && (isWeatherClear || this.#random.chance(0.02))) this.#connect();
    if (this.#sender.status().state === 'dead') this.#connect();
    this.#offer();
    for (const bytes of this.#there.arrivals(nowMs)) {
      this.#receiver.step({ type: 'receive', nowMs, bytes });
      // Sometimes several inputs are answered together.
      if (this.#random.chance(0.8)) this.#settleReceiver();
    }
    if ((this.#receiver.wakeAtMs ?? Number.POSITIVE_INFINITY) <= nowMs)
      this.#receiver.step({ type: 'tick', nowMs });
    this.#settleReceiver();
    for (const bytes of this.#back.arrivals(nowMs)) this.#sender.step({ type: 'receive', nowMs, bytes });
    if ((this.#sender.wakeAtMs ?? Number.POSITIVE_INFINITY) <= nowMs)
      this.#sender.step({ type: 'tick', nowMs });
    this.#settleSender();
  }

  #offer(): void {
    const { first, blocks } = this.#climate;
    const next = this.#sender.nextSequence;
    const room = Math.min(this.#sender.roomBlocks, Math.floor(this.#sender.roomBytes / blockBytes));
    const count = Math.min(room, first + blocks - next, this.#random.integer(1, 9));
    if (count <= 0 || this.#random.chance(0.3)) return;
    const offered = Array.from({ length: count }, (_, place) => numberedBlock(next + place));
    this.#sender.step({ type: 'offer', nowMs: this.#nowMs, blocks: offered });
    if (next + count === first + blocks) this.#sender.step({ type: 'finish', nowMs: this.#nowMs });
  }

  #settleSender(): void {
    const effects = this.#sender.takeEffects();
    if (effects === undefined) return;
    if (this.#random.chance(0.5)) this.#senderNotes = this.#sender.checkpoint();
    for (const segment of effects.send) if (this.#isUp) this.#there.send(this.#bytesOf(segment), this.#nowMs);
    for (const event of effects.events) {
      if (event.type === 'sessionLost') this.#breakRule(`the session was lost: ${event.reason}`);
      if (event.type === 'segmentRefused')
        this.#breakRule(`the sender refused what was sent: ${event.reason}`);
    }
    const { heldBlocks } = this.#sender.status();
    if (heldBlocks > (this.#climate.sender.windowBlocks ?? 0))
      this.#breakRule(`the sender holds ${heldBlocks} blocks`);
  }

  #settleReceiver(): void {
    const effects = this.#receiver.takeEffects();
    if (effects === undefined) return;
    for (const block of effects.deliver) this.#deliver(numberOf(block));
    this.#receiverNotes = this.#receiver.checkpoint();
    for (const segment of effects.send) if (this.#isUp) this.#back.send(this.#bytesOf(segment), this.#nowMs);
    for (const event of effects.events) {
      if (event.type === 'segmentRefused')
        this.#breakRule(`the receiver refused what was sent: ${event.reason}`);
    }
    const { heldBlocks } = this.#receiver.status();
    if (heldBlocks > (this.#climate.receiver.windowBlocks ?? 0))
      this.#breakRule(`the receiver holds ${heldBlocks} blocks`);
  }

  #deliver(number: number): void {
    const { ordered, first, blocks } = this.#climate;
    if (ordered && number !== this.#due)
      this.#breakRule(`block ${number} was delivered when ${this.#due} was due`);
    if (this.#delivered.has(number)) this.#breakRule(`block ${number} was delivered twice`);
    if (number < first || number >= first + blocks) this.#breakRule(`block ${number} was never offered`);
    this.#due++;
    this.#delivered.add(number);
  }

  #connect(): void {
    this.#isUp = true;
    this.#sender.step({ type: 'connect', nowMs: this.#nowMs });
  }

  /** What is under way may be gone, or may come late into the next link. */
  #breakLink(): void {
    this.#reconnects++;
    this.#isUp = false;
    this.#sender.step({ type: 'disconnect', nowMs: this.#nowMs });
    if (this.#random.chance(0.5)) this.#there.cut();
    if (this.#random.chance(0.5)) this.#back.cut();
  }

  #crashSender(): void {
    this.#senderRestarts++;
    this.#gatherSender();
    this.#sender = this.#startSender();
    this.#isUp = false;
  }

  /** What it was about to deliver is undone with it, or was saved and only not acknowledged. */
  #crashReceiver(): void {
    this.#receiverRestarts++;
    if (this.#random.chance(0.5)) this.#settleReceiver();
    this.#gatherReceiver();
    this.#receiver = this.#startReceiver();
  }

  #startSender(): DeliverySender {
    this.#lives++;
    const { sender, first } = this.#climate;
    const common = { epoch: 1, seed: `${this.#seed}/${this.#lives}`, firstSequence: first, ...sender };
    return new DeliverySender(
      this.#senderNotes === undefined ? common : { ...common, restored: this.#senderNotes },
    );
  }

  #startReceiver(): DeliveryReceiver {
    const common = { epoch: 7, ...this.#climate.receiver };
    return new DeliveryReceiver(
      this.#receiverNotes === undefined ? common : { ...common, restored: this.#receiverNotes },
    );
  }

  #bytesOf(segment: Segment): Uint8Array {
    this.#writer.clear();
    encodeSegment(segment, this.#writer);
    return this.#writer.copy();
  }

  #breakRule(rule: string): void {
    this.#broken ??= rule;
  }

  #gather(): void {
    this.#gatherSender();
    this.#gatherReceiver();
  }

  #gatherSender(): void {
    const { sent, corrupt } = this.#sender.status();
    this.#sent += sent;
    this.#corrupt += corrupt;
  }

  #gatherReceiver(): void {
    const { corrupt, duplicates } = this.#receiver.status();
    this.#corrupt += corrupt;
    this.#duplicates += duplicates;
  }
}

function drawClimate(random: Random): Climate {
  const windowBlocks = random.integer(1, 65);
  const windowBytes = Math.max(blockBytes, random.integer(1, 2 * windowBlocks + 1) * blockBytes);
  const ordered = random.chance(0.8);
  const limits = { blockBytesMax: blockBytes, windowBlocks, windowBytes, rangesMax: random.integer(1, 20) };
  // Serials turn over at 2^32: half of the storms begin close to it.
  const first = random.chance(0.5) ? 2 ** 32 - random.integer(1, 200) : random.integer(0, 1000);
  return {
    there: drawWeather(random),
    back: drawWeather(random),
    sender: {
      ...limits,
      inFlightBlocks: random.integer(1, 65),
      reorderBlocks: random.integer(1, 6),
      timeoutMinMs: random.integer(1, 200),
      initialTimeoutMs: random.integer(1, 1000),
      timeoutMaxMs: 2000,
      deadAfterMs: random.integer(1000, 20_000),
      retryBudget: { perBlock: random.float() * 2, perSecond: 20, burst: random.integer(1, 100) },
    },
    receiver: {
      ...limits,
      acknowledgeEvery: random.integer(1, 20),
      acknowledgeDelayMs: random.integer(0, 60),
      ordered,
      selective: !ordered || random.chance(0.8),
    },
    first,
    blocks: random.integer(1, 300),
    ordered,
    stormMs: random.integer(100, 6000),
    chances: random.chance(0.3)
      ? [0, 0, 0, 0]
      : [random.float() * 0.01, random.float() * 0.004, random.float() * 0.004, random.float() * 0.05],
  };
}

function drawWeather(random: Random): Weather {
  return {
    loss: random.chance(0.2) ? 0 : random.float() * 0.5,
    duplication: random.float() * 0.3,
    reordering: random.float() * 0.6,
    reorderMsMax: random.integer(1, 200),
    corruption: random.float() * 0.1,
    delayMs: random.integer(1, 60),
    slotMs: random.integer(0, 3),
  };
}
