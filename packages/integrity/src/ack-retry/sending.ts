/**
 * What a sender holds, and what of it leaves when. Losses are found in two ways. Each transmission has a number of its
 * own, and an acknowledgement names the highest that arrived: whatever left some numbers earlier and is not acknowledged
 * is lost, a repetition as well as a first try (the packet numbers of RFC 9002 sections 3 and 6.1). Where nothing arrives
 * any more a timeout says so.
 */
import { NumberQueue } from './number-queue.js';
import type { SenderSettings } from './options.js';
import { Outstanding } from './outstanding.js';
import { RetryBudget } from './retry-budget.js';
import type { SenderOutbox } from './sender-outbox.js';
import { toSerial } from './serial.js';

/** Room at the receiver. */
export interface PeerWindow {
  readonly windowBlocks: number;
  readonly windowBytes: number;
  /** Whether it keeps blocks that come before their turn. */
  readonly selective: boolean;
}

/** What an acknowledgement says, with its serials resolved. */
export interface Named {
  /** All blocks before it were delivered. */
  readonly next: number;
  /** Beyond it, in turn: how many are missing, how many are there. */
  readonly ranges: readonly number[];
  /** Whether the ranges had no room for all. */
  readonly hasMore: boolean;
  /** The highest transmission that arrived. */
  readonly arrived: number;
  /** Whatever left up to this moment would have been answered by now, had it arrived. */
  readonly overdueMs: number;
}

/** The blocks of one sender, on their way or waiting to be. */
export class Sending {
  readonly #settings: SenderSettings;
  readonly #outbox: SenderOutbox;
  /** Whether an earlier life sent blocks of which this one does not know: then the receiver may know more. */
  readonly #isRestored: boolean;
  readonly #outstanding: Outstanding;
  readonly #budget: RetryBudget;
  /** Blocks in the order of their transmissions; a transmission's number is its place, counted from 1. */
  readonly #flights = new NumberQueue();
  /** Blocks to send again, in this order. */
  readonly #lost = new NumberQueue();
  /** The block that is sent next for the first time. */
  #next: number;
  /** One more than the highest block that an answer may speak of. */
  #sentEnd: number;
  /** Bytes of the blocks from the oldest to the one before `#next`. */
  #sentBytes = 0;
  /** The highest transmission that the receiver has named. */
  #arrived = 0;
  #reorderBlocks: number;
  /** The block that a timeout sent again: whether that was needed tells nothing of reordering. */
  #doubted: number | undefined;
  #peer: PeerWindow = { windowBlocks: 1, windowBytes: 0, selective: true };
  #isBudgetSpent = false;
  sent = 0;
  retransmitted = 0;
  needless = 0;

  constructor(settings: SenderSettings, outbox: SenderOutbox, isRestored: boolean) {
    this.#settings = settings;
    this.#outbox = outbox;
    this.#isRestored = isRestored;
    this.#outstanding = new Outstanding(settings.firstSequence);
    this.#budget = new RetryBudget(settings.retryBudget);
    this.#next = settings.firstSequence;
    this.#sentEnd = settings.firstSequence;
    this.#reorderBlocks = settings.reorderBlocks;
  }

  /** The oldest block that is not acknowledged. */
  get base(): number {
    return this.#outstanding.base;
  }

  /** The block that is offered next. */
  get end(): number {
    return this.#outstanding.end;
  }

  /** Bytes that are held. */
  get bytes(): number {
    return this.#outstanding.bytes;
  }

  /** Blocks on their way. */
  get inFlight(): number {
    return this.#outstanding.inFlightBlocks;
  }

  /** Number of the latest transmission. */
  get transmission(): number {
    return this.#flights.pushed;
  }

  /** Later arrivals after which a block counts as lost. */
  get reorderBlocks(): number {
    return this.#reorderBlocks;
  }

  /** Repetitions that are free. */
  get retryTokens(): number {
    return this.#budget.tokens;
  }

  /** When a repetition that waits for the budget may leave. */
  budgetAtMs(nowMs: number): number | undefined {
    return this.#isBudgetSpent ? this.#budget.nextAtMs(nowMs) : undefined;
  }

  /** Holds a block until it is acknowledged. */
  push(block: Uint8Array): void {
    this.#outstanding.push(block);
  }

  /** What is wrong with an answer that speaks of blocks before `next` and of ranges beyond; undefined when nothing is. */
  whyUntrue(next: number, ranges: readonly number[]): string | undefined {
    // A restored sender cannot know what its earlier life has sent.
    if (this.#isRestored) return undefined;
    let highest = next;
    for (const length of ranges) highest += length;
    if (highest <= this.#sentEnd) return undefined;
    return `blocks before ${highest} are acknowledged, but only those before ${this.#sentEnd} were sent`;
  }

  /** A new link: everything that was sent over an earlier one and is not named now is sent again, the rest is not. */
  startOver({ next, ranges }: Pick<Named, 'next' | 'ranges'>, peer: PeerWindow): void {
    this.#peer = peer;
    this.advanceTo(next);
    this.#flights.clear();
    this.#lost.clear();
    this.#arrived = this.#flights.pushed;
    let sequence = next;
    for (let pair = 0; pair < ranges.length; pair += 2) {
      const hereFrom = sequence + (ranges[pair] ?? 0);
      const hereEnd = hereFrom + (ranges[pair + 1] ?? 0);
      this.#missing(sequence, hereFrom);
      for (let here = hereFrom; here < Math.min(hereEnd, this.end); here++)
        this.#outstanding.markReceived(here);
      sequence = hereEnd;
    }
    this.#missing(sequence, this.end);
  }

  /** Blocks that the receiver does not have, whatever it said over an earlier link. */
  #missing(from: number, end: number): void {
    for (let sequence = from; sequence < Math.min(end, this.end); sequence++) {
      if (sequence < this.#next) this.#lose(sequence);
      else this.#outstanding.markOffered(sequence);
    }
  }

  #lose(sequence: number): void {
    this.#outstanding.markLost(sequence);
    this.#lost.push(sequence);
  }

  /** Takes an acknowledgement that came over the present link, and tells what can be measured by it. */
  acknowledge(named: Named): Acknowledged {
    const { next, ranges, hasMore, arrived, overdueMs } = named;
    const acknowledged = new Acknowledged();
    this.#acknowledgeAll(this.base, next, arrived, acknowledged);
    let sequence = next;
    for (let pair = 0; pair < ranges.length; pair += 2) {
      const hereFrom = sequence + (ranges[pair] ?? 0);
      sequence = hereFrom + (ranges[pair + 1] ?? 0);
      this.#acknowledgeAll(hereFrom, sequence, arrived, acknowledged);
    }
    this.advanceTo(next);
    if (arrived >= this.#arrived) {
      this.#arrived = arrived;
      this.#findLost(hasMore ? sequence : Number.POSITIVE_INFINITY, overdueMs);
    }
    return acknowledged;
  }

  #acknowledgeAll(from: number, end: number, arrived: number, acknowledged: Acknowledged): void {
    const outstanding = this.#outstanding;
    for (let sequence = from; sequence < Math.min(end, outstanding.end); sequence++) {
      if (outstanding.state(sequence) === 'received') continue;
      const tries = outstanding.tries(sequence);
      const transmission = outstanding.transmission(sequence);
      // The repetition has not arrived, so the first try had: it was late, not lost.
      if (tries > 1 && transmission > arrived) this.#learnFromNeedless(sequence);
      acknowledged.see(tries, transmission, outstanding.sentAtMs(sequence));
      outstanding.markReceived(sequence);
    }
  }

  #learnFromNeedless(sequence: number): void {
    this.needless++;
    const { reorderBlocksMax } = this.#settings;
    // Who goes back repeats much that was not lost.
    const isTelling = this.#peer.selective && sequence !== this.#doubted;
    if (this.#reorderBlocks === reorderBlocksMax || !isTelling) return;
    this.#reorderBlocks = Math.min(reorderBlocksMax, this.#reorderBlocks * 2);
    this.#outbox.report({ type: 'needlessRepetition', sequence, reorderBlocks: this.#reorderBlocks });
  }

  /**
   * Finds what left long enough before the highest arrival: by so many transmissions, or, where a window has not so many,
   * by so much time (RFC 9002 6.1.1 and 6.1.2). An acknowledgement without room for all says nothing of blocks from
   * `namedEnd` on.
   */
  #findLost(namedEnd: number, overdueMs: number): void {
    const [flights, outstanding] = [this.#flights, this.#outstanding];
    // Where less is under way than that, less has to do: "early retransmit", RFC 5827.
    const reorderBlocks = Math.min(this.#reorderBlocks, Math.max(1, this.#next - this.base - 1));
    let found = 0;
    for (; flights.length > 0; flights.shift()) {
      const transmission = flights.taken + 1;
      const sequence = flights.oldest;
      const isOnItsWay =
        sequence < outstanding.end &&
        outstanding.state(sequence) === 'inFlight' &&
        outstanding.transmission(sequence) === transmission;
      if (!isOnItsWay) continue;
      const isOvertaken =
        transmission + reorderBlocks <= this.#arrived ||
        (transmission < this.#arrived && outstanding.sentAtMs(sequence) <= overdueMs);
      if (!isOvertaken || sequence >= namedEnd) break;
      this.#lose(sequence);
      found++;
    }
    if (found === 0) return;
    this.#outbox.report({ type: 'lossFound', blocks: found });
    if (!this.#peer.selective) this.#goBack();
  }

  /** Whatever left behind a lost block was dropped with it: all goes again, in order. */
  #goBack(): void {
    this.#flights.clear();
    this.#lost.clear();
    for (let sequence = this.base; sequence < this.#next; sequence++) this.#lose(sequence);
  }

  /** All blocks before a number are delivered: lets go of them. */
  advanceTo(next: number): void {
    const outstanding = this.#outstanding;
    if (next <= outstanding.base) return;
    while (outstanding.base < Math.min(next, outstanding.end)) {
      if (outstanding.base < this.#next) this.#sentBytes -= outstanding.block(outstanding.base).length;
      outstanding.dropBase();
    }
    if (next > outstanding.base) outstanding.jumpTo(next);
    this.#next = Math.max(this.#next, next);
    this.#sentEnd = Math.max(this.#sentEnd, next);
    this.#outbox.acknowledge(next);
  }

  /** A timeout: the oldest block on its way counts as lost, and losses are found early again. */
  loseOldest(): void {
    this.#reorderBlocks = this.#settings.reorderBlocks;
    // Of a selective receiver one block tells all: its acknowledgement names its transmission.
    const sequence = this.#outstanding.oldestInFlight();
    this.#doubted = sequence;
    if (sequence === undefined) return;
    if (this.#peer.selective) this.#lose(sequence);
    else this.#goBack();
  }

  /** Lost blocks first, then new ones, as far as both windows and the budget allow. */
  sendAllowed(nowMs: number, connection: number, isFinished: boolean): void {
    const [outstanding, peer] = [this.#outstanding, this.#peer];
    this.#repeatLost(nowMs, connection, isFinished);
    while (outstanding.inFlightBlocks < this.#settings.inFlightBlocks && this.#next < outstanding.end) {
      const sequence = this.#next;
      const sentBytes = this.#sentBytes + outstanding.block(sequence).length;
      const fits = sequence - outstanding.base < peer.windowBlocks && sentBytes <= peer.windowBytes;
      // The next block in order needs no room at the receiver: it is always welcome.
      if (!fits && sequence !== outstanding.base) break;
      this.#next++;
      this.#sentBytes = sentBytes;
      // The receiver may have it from an earlier life of this sender.
      if (outstanding.state(sequence) === 'received') continue;
      this.#sentEnd = Math.max(this.#sentEnd, this.#next);
      this.#budget.earn();
      this.#transmit(sequence, nowMs, connection, isFinished);
    }
  }

  #repeatLost(nowMs: number, connection: number, isFinished: boolean): void {
    const [outstanding, lost] = [this.#outstanding, this.#lost];
    const wasBudgetSpent = this.#isBudgetSpent;
    this.#isBudgetSpent = false;
    for (; lost.length > 0 && outstanding.inFlightBlocks < this.#settings.inFlightBlocks; lost.shift()) {
      const sequence = lost.oldest;
      if (outstanding.state(sequence) !== 'lost') continue;
      if (!this.#budget.spend(nowMs)) {
        this.#isBudgetSpent = true;
        if (!wasBudgetSpent) this.#outbox.report({ type: 'budgetSpent', waiting: lost.length });
        return;
      }
      this.retransmitted++;
      this.#transmit(sequence, nowMs, connection, isFinished);
    }
  }

  #transmit(sequence: number, nowMs: number, connection: number, isFinished: boolean): void {
    const outstanding = this.#outstanding;
    this.#flights.push(sequence);
    const transmission = this.#flights.pushed;
    outstanding.markSent(sequence, transmission, nowMs);
    this.sent++;
    this.#outbox.send({
      type: 'data',
      epoch: this.#settings.epoch,
      connection,
      sequence: toSerial(sequence),
      transmission: toSerial(transmission),
      isLast: isFinished && sequence + 1 === outstanding.end,
      block: outstanding.block(sequence),
    });
  }
}

/** What one acknowledgement told that was not known: whether anything, and what can be measured by it. */
class Acknowledged {
  isNews = false;
  /** When the latest left of those that left only once: of others nobody knows which time was answered (Karn). */
  sentAtMs: number | undefined;
  #transmission = 0;

  see(tries: number, transmission: number, sentAtMs: number): void {
    this.isNews = true;
    if (tries !== 1 || transmission <= this.#transmission) return;
    this.#transmission = transmission;
    this.sentAtMs = sentAtMs;
  }
}
