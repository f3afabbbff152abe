/**
 * One probe a period (SWIM §3.1): a ping; if no answer comes in time, k others are asked to ping; if none comes until the period
 * is over, the member is suspected. And the other side of it: pings for others, with a nack when the target is silent
 * (Lifeguard §IV-A).
 */
import type { NodeId } from '@synod/core';
import type { LocalHealth } from './local-health.js';
import type { MemberTable } from './member-table.js';
import type { SwimMessage } from './messages.js';
import type { ProbeOrder } from './probe-order.js';
import type { LinkStatus, SwimEvent } from './swim-events.js';
import type { SwimSettings } from './swim-options.js';

/** A message but for the news on its back. */
export type BareMessage = SwimMessage extends infer One
  ? One extends SwimMessage
    ? Omit<One, 'updates'>
    : never
  : never;

/** What the prober works with. */
export interface ProberSurroundings {
  readonly order: ProbeOrder;
  readonly table: MemberTable;
  readonly health: LocalHealth;
  readonly events: SwimEvent[];
  /** Sends a message to a member, with news on its back. */
  readonly send: (address: string, message: BareMessage, to: NodeId) => void;
}

interface Probe {
  readonly target: NodeId;
  readonly sequence: number;
  readonly startedAtMs: number;
  /** Until when a direct answer is waited for. */
  directUntilMs: number;
  untilMs: number;
  /** Who was asked to ping for this member, and whether a nack came; `undefined` before anyone was. */
  asked: Map<NodeId, boolean> | undefined;
}

/** A ping for another member. */
interface Relay {
  readonly origin: NodeId;
  readonly originAddress: string;
  readonly originSequence: number;
  readonly target: NodeId;
  nackAtMs: number;
  untilMs: number;
  nacked: boolean;
}

/** Pings for others that are under way at a time; more are not taken. */
const relaysMax = 256;
/** At which part of the time that the origin waits a nack leaves (Lifeguard §IV-A: 80 %). */
const nackShare = 0.8;

const unknownLink: LinkStatus = { reach: 'unknown', roundTripMs: undefined };

/** Probes, and pings for those who ask. */
export class Prober {
  readonly #settings: SwimSettings;
  readonly #with: ProberSurroundings;
  readonly #relays = new Map<number, Relay>();
  readonly #links = new Map<NodeId, LinkStatus>();
  #probe: Probe | undefined;
  #nextAtMs = 0;
  #sequence: number;

  constructor(settings: SwimSettings, surroundings: ProberSurroundings, nowMs: number) {
    this.#settings = settings;
    this.#with = surroundings;
    this.#sequence = settings.random.integer(1, 2 ** 31);
    // Members that start together shall not probe together.
    this.#nextAtMs = nowMs + settings.random.float() * settings.periodMs;
  }

  /** When the next thing is due. */
  wakeAtMs(): number {
    let wakeAtMs = this.#nextAtMs;
    if (this.#probe !== undefined && this.#probe.asked === undefined)
      wakeAtMs = Math.min(wakeAtMs, this.#probe.directUntilMs);
    for (const { nacked, nackAtMs, untilMs } of this.#relays.values())
      wakeAtMs = Math.min(wakeAtMs, nacked ? untilMs : nackAtMs);
    return wakeAtMs;
  }

  link(id: NodeId): LinkStatus {
    return this.#links.get(id) ?? unknownLink;
  }

  /** Forgets what was found about a member that is no longer known. */
  forget(id: NodeId): void {
    this.#links.delete(id);
  }

  tick(nowMs: number): void {
    this.#nackLate(nowMs);
    const probe = this.#probe;
    if (probe !== undefined && probe.asked === undefined && nowMs >= probe.directUntilMs)
      this.#ask(probe, nowMs);
    else if (probe !== undefined && nowMs >= probe.untilMs) this.#fail(probe, nowMs);
    if (nowMs >= this.#nextAtMs) this.#begin(nowMs);
  }

  /** Waits as much longer as this process stood still. */
  extend(ms: number): void {
    this.#nextAtMs += ms;
    if (this.#probe !== undefined) {
      this.#probe.directUntilMs += ms;
      this.#probe.untilMs += ms;
    }
    for (const relay of this.#relays.values()) {
      relay.nackAtMs += ms;
      relay.untilMs += ms;
    }
  }

  #begin(nowMs: number): void {
    const { order, table, health, send } = this.#with;
    const interval = health.stretch(this.#settings.periodMs);
    // By the plan and not by when it was looked at, unless that was far behind.
    this.#nextAtMs = this.#nextAtMs + interval > nowMs ? this.#nextAtMs + interval : nowMs + interval;
    const target = order.next();
    const record = target === undefined ? undefined : table.get(target);
    if (target === undefined || record === undefined) return;
    const sequence = this.#nextSequence();
    const directUntilMs = nowMs + health.stretch(this.#settings.pingTimeoutMs);
    this.#probe = {
      target,
      sequence,
      startedAtMs: nowMs,
      directUntilMs,
      untilMs: this.#nextAtMs,
      asked: undefined,
    };
    send(record.address, { type: 'ping', from: this.#settings.id, sequence, target }, target);
  }

  #ask(probe: Probe, nowMs: number): void {
    const { order, table, send } = this.#with;
    const { target, sequence } = probe;
    // Whoever is asked has all the time there was to be, though this process looks late at its own clock.
    probe.untilMs = Math.max(probe.untilMs, nowMs + (probe.untilMs - probe.directUntilMs));
    this.#nextAtMs = Math.max(this.#nextAtMs, probe.untilMs);
    const asked = new Map<NodeId, boolean>();
    probe.asked = asked;
    for (const peer of order.sample(this.#settings.indirectPeers, target)) {
      const record = table.get(peer);
      // Who is suspect itself still may help; a wrong answer is not possible, only none.
      if (record === undefined) continue;
      asked.set(peer, false);
      send(record.address, { type: 'pingRequest', from: this.#settings.id, sequence, target }, peer);
    }
  }

  #fail(probe: Probe, nowMs: number): void {
    const { table, health } = this.#with;
    this.#probe = undefined;
    this.#links.set(probe.target, { reach: 'none', roundTripMs: this.link(probe.target).roundTripMs });
    const silent = [...(probe.asked ?? [])].filter(([, nacked]) => !nacked).map(([peer]) => peer);
    if ((probe.asked?.size ?? 0) === 0)
      health.change(1, `${probe.target} did not answer, and nobody could be asked`);
    else if (silent.length > 0)
      health.change(
        silent.length,
        `${probe.target} did not answer, nor did ${silent.join(', ')}, who could have`,
      );
    table.accuse(probe.target, nowMs);
  }

  /** Somebody answered. */
  ack({ from, sequence, target }: Extract<SwimMessage, { type: 'ack' }>, nowMs: number): void {
    const probe = this.#probe;
    if (probe?.sequence === sequence && probe.target === target) {
      if (from === target) this.#reached(probe, nowMs);
      else if (probe.asked?.has(from)) this.#reachedThrough(probe, from);
      return;
    }
    const relay = this.#relays.get(sequence);
    if (relay === undefined || relay.target !== from || target !== from) return;
    this.#relays.delete(sequence);
    this.#answer(relay, 'ack');
  }

  /** Somebody who was asked to ping lives, but heard nothing of the target. */
  nack({ from, sequence, target }: Extract<SwimMessage, { type: 'nack' }>): void {
    const probe = this.#probe;
    if (probe?.sequence === sequence && probe.target === target && probe.asked?.has(from))
      probe.asked.set(from, true);
  }

  #reached(probe: Probe, nowMs: number): void {
    const { events, health } = this.#with;
    const wasBroken = this.link(probe.target).reach === 'indirect';
    this.#probe = undefined;
    this.#links.set(probe.target, { reach: 'direct', roundTripMs: nowMs - probe.startedAtMs });
    if (wasBroken) events.push({ type: 'linkRestored', member: probe.target });
    health.change(-1, `${probe.target} answered in time`);
  }

  #reachedThrough(probe: Probe, through: NodeId): void {
    const { events, health } = this.#with;
    const { reach, roundTripMs } = this.link(probe.target);
    this.#probe = undefined;
    this.#links.set(probe.target, { reach: 'indirect', roundTripMs });
    if (reach !== 'indirect') events.push({ type: 'linkBroken', member: probe.target, through });
    health.change(-1, `${probe.target} answered ${through} in time`);
  }

  /** Pings a member for another. Only members that this one knows: nobody can make it send to an address of their choice. */
  relay(request: Extract<SwimMessage, { type: 'pingRequest' }>, originAddress: string, nowMs: number): void {
    const { table, send } = this.#with;
    const { from: origin, sequence: originSequence, target } = request;
    const record = table.get(target);
    if (record === undefined || this.#relays.size >= relaysMax) {
      const { id } = this.#settings;
      send(originAddress, { type: 'nack', from: id, sequence: originSequence, target }, origin);
      return;
    }
    const sequence = this.#nextSequence();
    const { periodMs, pingTimeoutMs } = this.#settings;
    const waitMs = periodMs - pingTimeoutMs;
    const relay: Relay = {
      origin,
      originAddress,
      originSequence,
      target,
      nackAtMs: nowMs + waitMs * nackShare,
      untilMs: nowMs + periodMs,
      nacked: false,
    };
    this.#relays.set(sequence, relay);
    send(record.address, { type: 'ping', from: this.#settings.id, sequence, target }, target);
  }

  #nackLate(nowMs: number): void {
    for (const [sequence, relay] of this.#relays) {
      if (!relay.nacked && nowMs >= relay.nackAtMs) {
        relay.nacked = true;
        this.#answer(relay, 'nack');
      }
      if (nowMs >= relay.untilMs) this.#relays.delete(sequence);
    }
  }

  #answer({ origin, originAddress, originSequence, target }: Relay, type: 'ack' | 'nack'): void {
    this.#with.send(
      originAddress,
      { type, from: this.#settings.id, sequence: originSequence, target },
      origin,
    );
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence % Number.MAX_SAFE_INTEGER) + 1;
    return this.#sequence;
  }
}
