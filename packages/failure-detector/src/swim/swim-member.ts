/**
 * A member of a SWIM group (Das, Gupta and Motivala, DSN 2002) with Lifeguard's extensions (Dadgar, Phillips and Currey, DSN-W
 * 2018): a pure state machine. Time and messages go in, messages and events come out.
 */
import { type NodeId, unreachable } from '@synod/core';
import { parseNumber } from '../phi/phi-options.js';
import { SteadyClock } from '../steady-clock.js';
import { headerBytesMax, updateBytesOf } from './codec.js';
import { decimalLogarithm } from './decimal-logarithm.js';
import { GossipQueue } from './gossip-queue.js';
import { LocalHealth } from './local-health.js';
import { MemberTable } from './member-table.js';
import type { MemberUpdate, SwimMessage } from './messages.js';
import { ProbeOrder } from './probe-order.js';
import { type BareMessage, Prober } from './prober.js';
import type { SwimEffects, SwimEvent, SwimInput, SwimSend, SwimStatus } from './swim-events.js';
import { checkMemberAddress, parseSwimOptions, type SwimOptions, type SwimSettings } from './swim-options.js';

/** Requests for all that is known which are answered in one period; a flood of them costs no more. */
const syncRepliesMax = 16;

/**
 * One member: it probes the others, learns who joined, left and died, and defends itself when it is taken for dead.
 *
 * @remarks
 * It has no clock and no socket. Step `tick` at {@link SwimMember.wakeAtMs}, step `receive` for each message, and send what comes
 * out. Equal seeds and inputs give equal outputs.
 *
 * It trusts what members say: whoever can send to it can declare anybody dead. Seal messages, or run it in a network that is
 * closed to others.
 *
 * @example
 * ```ts
 * const options = { random: new Random(1), periodMs: 1000 };
 * const member = new SwimMember({ ...options, id: 'n1', address: '10.0.0.1:7946' }, 0);
 * member.step({ type: 'join', now: 0, addresses: ['10.0.0.2:7946'] }).send; // [{ address: '10.0.0.2:7946', message: ... }]
 * ```
 */
export class SwimMember {
  readonly #settings: SwimSettings;
  readonly #clock = new SteadyClock();
  readonly #order: ProbeOrder;
  readonly #gossip = new GossipQueue();
  readonly #health: LocalHealth;
  readonly #table: MemberTable;
  readonly #prober: Prober;
  #sends: SwimSend[] = [];
  /** Emptied in place: all parts write to it. */
  readonly #events: SwimEvent[] = [];
  #seeds: readonly string[] = [];
  #joinAtMs = Number.POSITIVE_INFINITY;
  /** A period after it asked to join: until then it hears what all others know. */
  #joiningUntilMs = Number.NEGATIVE_INFINITY;
  #syncAtMs: number;
  /** Begins anew each period: what strangers and askers may make this member send in one. */
  #allowance = { fromMs: Number.NEGATIVE_INFINITY, syncReplies: 0, askedStranger: false };

  /**
   * @param options - Who it is, and its settings.
   * @param now - The time in milliseconds.
   * @throws InvalidArgumentError when an option is out of its range.
   */
  constructor(options: SwimOptions, now: number) {
    const settings = parseSwimOptions(options);
    const nowMs = this.#clock.at(now);
    const events = this.#events;
    this.#settings = settings;
    this.#order = new ProbeOrder(settings.random);
    this.#health = new LocalHealth(settings.localHealthMax, events);
    const order = this.#order;
    const health = this.#health;
    this.#table = new MemberTable(settings, { order, gossip: this.#gossip, health, events });
    const send = (address: string, message: BareMessage, to: NodeId): void =>
      this.#send(address, message, to);
    this.#prober = new Prober(settings, { order, table: this.#table, health, events, send }, nowMs);
    this.#syncAtMs = nowMs + settings.random.float() * this.#syncEveryMs();
  }

  /** This member. */
  get id(): NodeId {
    return this.#settings.id;
  }

  /** When the next `tick` is due, by the caller's clock; `Infinity` when there is nothing to wait for. */
  wakeAtMs(): number {
    if (this.#table.hasLeft) return Number.POSITIVE_INFINITY;
    const parts = [this.#prober.wakeAtMs(), this.#table.wakeAtMs(), this.#joinAtMs, this.#syncAtMs];
    return this.#clock.readingAt(Math.min(...parts));
  }

  /**
   * Feeds one input; the only way anything changes.
   *
   * @param input - What happened.
   * @returns What to send, and what changed.
   * @throws InvalidArgumentError when the caller's own numbers or addresses are out of range; never for a message that
   * {@link decodeSwimMessage} gave.
   */
  step(input: SwimInput): SwimEffects {
    const nowMs = this.#clock.at(input.now);
    switch (input.type) {
      case 'tick':
        this.#tick(nowMs, parseNumber(input.pausedMs ?? 0, 'pausedMs', 0));
        break;
      case 'receive':
        this.#receive(input.message, input.address, nowMs);
        break;
      case 'join':
        this.#join(input.addresses, nowMs);
        break;
      case 'leave':
        this.#leave();
        break;
      default:
        unreachable(input);
    }
    for (const event of this.#events) if (event.type === 'reclaimed') this.#prober.forget(event.member);
    const effects = { send: this.#sends, events: this.#events.splice(0) };
    this.#sends = [];
    return effects;
  }

  /** What it knows of itself and its group. */
  status(): SwimStatus {
    return {
      id: this.#settings.id,
      incarnation: this.#table.incarnation,
      healthScore: this.#health.score,
      left: this.#table.hasLeft,
      members: Array.from(this.#table.records(), ({ id, address, state, incarnation, sinceMs, accusers }) => {
        return {
          id,
          address,
          state,
          incarnation,
          sinceMs,
          accusers: [...accusers],
          link: this.#prober.link(id),
        };
      }),
      gossipWaiting: this.#gossip.length,
      membersRefused: this.#table.refused,
    };
  }

  #tick(nowMs: number, pausedMs: number): void {
    if (this.#table.hasLeft) return;
    if (pausedMs > 0) {
      this.#prober.extend(pausedMs);
      this.#table.extendSuspicions(pausedMs);
      if (pausedMs >= this.#settings.pingTimeoutMs)
        this.#health.change(1, `this process stood still for ${pausedMs} ms`);
    }
    this.#table.expire(nowMs);
    this.#prober.tick(nowMs);
    if (nowMs >= this.#joinAtMs) this.#askSeeds(nowMs);
    if (nowMs >= this.#syncAtMs) this.#syncWithOne(nowMs);
  }

  #join(addresses: readonly string[], nowMs: number): void {
    for (const address of addresses) checkMemberAddress(address, 'address to join at');
    this.#seeds = addresses.filter((address) => address !== this.#settings.address);
    this.#askSeeds(nowMs);
  }

  #askSeeds(nowMs: number): void {
    const isAlone = this.#order.ids.length === 0;
    this.#joinAtMs =
      isAlone && this.#seeds.length > 0 ? nowMs + this.#settings.periodMs : Number.POSITIVE_INFINITY;
    if (isAlone) this.#joiningUntilMs = nowMs + this.#settings.periodMs;
    if (isAlone) for (const address of this.#seeds) this.#sync(address, true);
  }

  /** With anyone who did not leave, the dead included: a half of the group that was cut off is dead here. */
  #syncWithOne(nowMs: number): void {
    this.#syncAtMs = nowMs + this.#syncEveryMs();
    const candidates = Array.from(this.#table.records()).filter(({ state }) => state !== 'left');
    if (candidates.length === 0) return;
    const chosen = candidates[this.#settings.random.integer(0, candidates.length)];
    if (chosen !== undefined) this.#sync(chosen.address, true);
  }

  #syncEveryMs(): number {
    return this.#settings.syncEveryMs === 0 ? Number.POSITIVE_INFINITY : this.#settings.syncEveryMs;
  }

  /** Those who stay hear it from this member itself, as many as it takes for all to hear of it. */
  #leave(): void {
    if (this.#table.hasLeft) return;
    this.#table.leave();
    for (const id of this.#order.sample(this.#transmissions())) {
      const record = this.#table.get(id);
      if (record !== undefined) this.#send(record.address, { type: 'gossip', from: this.#settings.id }, id);
    }
  }

  #receive(message: SwimMessage, address: string | undefined, nowMs: number): void {
    const { from } = message;
    if (address !== undefined) checkMemberAddress(address, 'address of the sender');
    if (from === this.#settings.id || this.#table.hasLeft) return;
    // Before the answer, so that it carries a refutation already.
    const isJoining = message.type === 'sync' && nowMs < this.#joiningUntilMs;
    for (const update of message.updates) this.#table.merge(update, nowMs, isJoining);
    const replyTo = address ?? this.#table.get(from)?.address;
    switch (message.type) {
      case 'ping':
        if (message.target === this.#settings.id && replyTo !== undefined)
          this.#send(replyTo, { ...this.#bare(message), type: 'ack' }, from);
        break;
      case 'ack':
        this.#prober.ack(message, nowMs);
        break;
      case 'nack':
        this.#prober.nack(message);
        break;
      case 'pingRequest':
        if (replyTo !== undefined) this.#prober.relay(message, replyTo, nowMs);
        break;
      case 'sync':
        if (message.wantsReply && replyTo !== undefined) this.#answerSync(replyTo, nowMs);
        break;
      case 'gossip':
        break;
      default:
        unreachable(message);
    }
    if (replyTo !== undefined && this.#table.get(from) === undefined) this.#askStranger(replyTo, nowMs);
  }

  #bare({ sequence, target }: Extract<SwimMessage, { type: 'ping' }>) {
    return { from: this.#settings.id, sequence, target };
  }

  #answerSync(address: string, nowMs: number): void {
    if (this.#allowed(nowMs).syncReplies >= syncRepliesMax) return;
    this.#allowance.syncReplies++;
    this.#sync(address, false);
  }

  /** Whose arrival was not heard of introduces itself when it is asked. */
  #askStranger(address: string, nowMs: number): void {
    if (this.#allowed(nowMs).askedStranger) return;
    this.#allowance.askedStranger = true;
    this.#post(
      { type: 'sync', from: this.#settings.id, wantsReply: true, updates: [this.#table.self()] },
      address,
    );
  }

  #allowed(nowMs: number): { readonly syncReplies: number; readonly askedStranger: boolean } {
    if (nowMs - this.#allowance.fromMs >= this.#settings.periodMs)
      this.#allowance = { fromMs: nowMs, syncReplies: 0, askedStranger: false };
    return this.#allowance;
  }

  /** All that is known, in as many messages as it takes: each makes sense without the others. */
  #sync(address: string, wantsReply: boolean): void {
    let updates: MemberUpdate[] = [this.#table.self()];
    let bytes = updateBytesOf(this.#table.self());
    let asks = wantsReply;
    const post = (): void => {
      this.#post({ type: 'sync', from: this.#settings.id, wantsReply: asks, updates }, address);
      asks = false;
      updates = [];
      bytes = 0;
    };
    for (const { id, address: itsAddress, state, incarnation, by } of this.#table.records()) {
      const update = { id, address: itsAddress, state, incarnation, by };
      const size = updateBytesOf(update);
      if (bytes + size > this.#updateBytesMax()) post();
      updates.push(update);
      bytes += size;
    }
    if (updates.length > 0) post();
  }

  /** Sends a message with news on its back; first of all what the receiver is wrongly taken for (Lifeguard §IV-C). */
  #send(address: string, message: BareMessage, to: NodeId): void {
    const accusation = this.#accusationOf(to);
    const bytes = this.#updateBytesMax() - (accusation === undefined ? 0 : updateBytesOf(accusation));
    const updates = this.#gossip.take(bytes, this.#transmissions(), accusation?.id);
    this.#post(
      { ...message, updates: accusation === undefined ? updates : [accusation, ...updates] },
      address,
    );
  }

  #accusationOf(to: NodeId): MemberUpdate | undefined {
    const record = this.#table.get(to);
    if (record === undefined || record.state === 'alive') return undefined;
    if (record.state === 'suspect' && !this.#settings.buddySystem) return undefined;
    const { id, address, state, incarnation, by } = record;
    return { id, address, state, incarnation, by };
  }

  #post(message: SwimMessage, address: string): void {
    this.#sends.push({ address, message });
  }

  #updateBytesMax(): number {
    return this.#settings.messageBytesMax - headerBytesMax;
  }

  /** How often each update leaves: λ log n (SWIM §4.1). */
  #transmissions(): number {
    const decades = Math.ceil(decimalLogarithm(this.#table.liveCount + 1));
    return this.#settings.retransmitMultiplier * decades;
  }
}
