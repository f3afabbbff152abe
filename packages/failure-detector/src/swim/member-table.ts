/**
 * Who is in the group, and the rules by which news change it (SWIM §4.2). Every member's state only ever moves upwards in the
 * order of incarnations and, within one, alive, suspect, dead, left: so all who hear the same news agree, in whatever order
 * they hear it.
 */
import type { NodeId } from '@synod/core';
import type { GossipQueue } from './gossip-queue.js';
import type { LocalHealth } from './local-health.js';
import { incarnationMax, type MemberState, type MemberUpdate, overrides } from './messages.js';
import type { ProbeOrder } from './probe-order.js';
import { Suspicion, suspicionTimeout } from './suspicion.js';
import type { SwimEvent } from './swim-events.js';
import type { SwimSettings } from './swim-options.js';

/** What is kept of another member. */
export interface MemberRecord {
  readonly id: NodeId;
  address: string;
  state: MemberState;
  incarnation: number;
  /** Who said so. */
  by: NodeId;
  sinceMs: number;
  /** Who suspected it in this incarnation. */
  accusers: NodeId[];
}

/** As many accusers of a member are kept: what a peer can make this member remember is bounded. */
const accusersMax = 16;

/** What the table tells its news to. */
export interface TableSurroundings {
  readonly order: ProbeOrder;
  readonly gossip: GossipQueue;
  readonly health: LocalHealth;
  readonly events: SwimEvent[];
}

/** All members known, with the suspicions that stand. */
export class MemberTable {
  readonly #settings: SwimSettings;
  readonly #order: ProbeOrder;
  readonly #gossip: GossipQueue;
  readonly #health: LocalHealth;
  readonly #events: SwimEvent[];
  readonly #records = new Map<NodeId, MemberRecord>();
  readonly #suspicions = new Map<NodeId, Suspicion>();
  /** Who died or left, in the order of when: the first are forgotten first. */
  readonly #gone = new Set<NodeId>();
  #incarnation: number;
  #hasLeft = false;
  #refused = 0;

  constructor(settings: SwimSettings, { order, gossip, health, events }: TableSurroundings) {
    this.#settings = settings;
    this.#order = order;
    this.#gossip = gossip;
    this.#health = health;
    this.#events = events;
    this.#incarnation = settings.incarnation;
    gossip.put(this.self());
    for (const { id, address } of settings.knownMembers) this.#know(id, address);
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  get refused(): number {
    return this.#refused;
  }

  /** Members that are neither dead nor gone, this one included. */
  get liveCount(): number {
    return this.#order.ids.length + 1;
  }

  get(id: NodeId): MemberRecord | undefined {
    return this.#records.get(id);
  }

  records(): IterableIterator<MemberRecord> {
    return this.#records.values();
  }

  /** What this member says of itself. */
  self(): MemberUpdate {
    const { id, address } = this.#settings;
    return { id, address, state: this.#hasLeft ? 'left' : 'alive', incarnation: this.#incarnation, by: id };
  }

  /** When a suspicion or a memory runs out next. */
  wakeAtMs(): number {
    let wakeAtMs = Number.POSITIVE_INFINITY;
    for (const { untilMs } of this.#suspicions.values()) wakeAtMs = Math.min(wakeAtMs, untilMs);
    for (const id of this.#gone) {
      const sinceMs = this.#records.get(id)?.sinceMs ?? wakeAtMs;
      return Math.min(wakeAtMs, sinceMs + this.#settings.deadRetentionMs);
    }
    return wakeAtMs;
  }

  /**
   * Takes news in, and passes them on when they are news.
   *
   * @param update - What was told.
   * @param nowMs - When.
   * @param isJoining - Whether this member asked to be told, being new: then it need not tell others what they told it, and
   * what they say of it is about an earlier life.
   */
  merge(update: MemberUpdate, nowMs: number, isJoining = false): void {
    if (update.id === this.#settings.id) {
      this.#answer(update, isJoining);
      return;
    }
    const known = this.#records.get(update.id);
    if (known === undefined) this.#meet(update, nowMs, isJoining);
    else if (overrides(update, known)) this.#change(known, update, nowMs);
    else if (update.state === 'suspect' && update.incarnation === known.incarnation)
      this.#confirm(known, update);
    else if (isGone(known.state) && overrides(known, update)) this.#remind(known);
  }

  /** This member's own probe of another failed. */
  accuse(id: NodeId, nowMs: number): void {
    const known = this.#records.get(id);
    if (known === undefined) return;
    const { address, incarnation } = known;
    const state = this.#settings.suspicionMultiplier === 0 ? 'dead' : 'suspect';
    this.merge({ id, address, state, incarnation, by: this.#settings.id }, nowMs);
  }

  /** Declares dead whose suspicion ran out, and forgets who is gone for long. */
  expire(nowMs: number): void {
    for (const [id, suspicion] of this.#suspicions) {
      const known = this.#records.get(id);
      if (known === undefined || nowMs < suspicion.untilMs) continue;
      const { address, incarnation } = known;
      this.merge({ id, address, state: 'dead', incarnation, by: this.#settings.id }, nowMs);
    }
    for (const id of this.#gone) {
      const sinceMs = this.#records.get(id)?.sinceMs ?? nowMs;
      if (nowMs - sinceMs < this.#settings.deadRetentionMs) break;
      this.#gone.delete(id);
      this.#records.delete(id);
      this.#events.push({ type: 'reclaimed', member: id });
    }
  }

  /** Gives every suspicion as much longer as this process stood still. */
  extendSuspicions(ms: number): void {
    for (const suspicion of this.#suspicions.values()) suspicion.extend(ms);
  }

  /** This member goes. */
  leave(): void {
    this.#hasLeft = true;
    this.#gossip.put(this.self());
  }

  /** Somebody says something of this member: unless it is what it says itself, it answers with a later incarnation. */
  #answer({ state, incarnation, address, by }: MemberUpdate, isJoining: boolean): void {
    if (this.#hasLeft || incarnation < this.#incarnation) return;
    const isOwn =
      state === 'alive' && incarnation === this.#incarnation && address === this.#settings.address;
    if (isOwn || incarnation >= incarnationMax) return;
    this.#incarnation = incarnation + 1;
    this.#gossip.put(this.self());
    if (!isJoining && (state === 'suspect' || state === 'dead'))
      this.#health.change(1, `${by} takes this member for ${state}: its answers came late`);
    this.#events.push({ type: 'accused', by, as: state, incarnation: this.#incarnation });
  }

  /** Somebody has yet to hear, or forgot, that this member is gone: the news were on their way before they knew it. */
  #remind({ id, address, state, incarnation, by }: MemberRecord): void {
    if (!this.#gossip.has(id)) this.#gossip.put({ id, address, state, incarnation, by });
  }

  /** From a configuration, before anything was heard. */
  #know(id: NodeId, address: string): void {
    if (id === this.#settings.id || this.#records.has(id)) return;
    this.#records.set(id, { id, address, state: 'alive', incarnation: 0, by: id, sinceMs: 0, accusers: [] });
    this.#order.add(id);
  }

  /** Of the dead and the gone nobody needs to hear for the first time: who forgot them would remember them for ever. */
  #meet(update: MemberUpdate, nowMs: number, isJoining: boolean): void {
    const { id, address, state, incarnation, by } = update;
    if (isGone(state)) return;
    if (this.#records.size >= this.#settings.membersMax) {
      this.#refused++;
      return;
    }
    const record: MemberRecord = { id, address, state, incarnation, by, sinceMs: nowMs, accusers: [] };
    this.#records.set(id, record);
    this.#order.add(id);
    this.#events.push({ type: 'joined', member: id, incarnation, address });
    if (state === 'suspect') this.#suspect(record, update, nowMs);
    if (!isJoining) this.#gossip.put(update);
  }

  #change(record: MemberRecord, update: MemberUpdate, nowMs: number): void {
    const { state: before } = record;
    const goes = isGone(update.state);
    if (update.incarnation > record.incarnation) record.accusers = [];
    record.incarnation = update.incarnation;
    record.address = update.address;
    record.state = update.state;
    record.by = update.by;
    this.#suspicions.delete(record.id);
    if (update.state !== before) record.sinceMs = nowMs;
    if (goes !== isGone(before)) this.#come(record.id, !goes);
    this.#tell(record, update, before, nowMs);
    this.#gossip.put(update);
  }

  #come(id: NodeId, isBack: boolean): void {
    if (isBack) {
      this.#gone.delete(id);
      this.#order.add(id);
    } else {
      this.#gone.add(id);
      this.#order.remove(id);
    }
  }

  #tell(record: MemberRecord, update: MemberUpdate, before: MemberState, nowMs: number): void {
    const { id, incarnation, by } = update;
    if (isGone(before) && !isGone(update.state))
      this.#events.push({ type: 'returned', member: id, incarnation, from: before });
    switch (update.state) {
      case 'alive':
        if (before === 'suspect') this.#events.push({ type: 'refuted', member: id, incarnation });
        break;
      case 'suspect':
        this.#suspect(record, update, nowMs);
        break;
      case 'dead': {
        const accusers = [...record.accusers];
        const isOwn = by === this.#settings.id;
        const reason = isOwn ? reasonOfDeath(accusers) : `${by} says so`;
        this.#events.push({ type: 'died', member: id, incarnation, by, accusers, reason });
        break;
      }
      case 'left':
        this.#events.push({ type: 'left', member: id, incarnation });
        break;
    }
  }

  #suspect(record: MemberRecord, { id, incarnation, by }: MemberUpdate, nowMs: number): void {
    const timeout = suspicionTimeout(this.liveCount, this.#settings);
    this.#suspicions.set(id, new Suspicion(by, nowMs, timeout));
    record.accusers.push(by);
    const reason =
      by === this.#settings.id
        ? 'it answered neither this member nor those asked to ping it'
        : `${by} says that it does not answer`;
    this.#events.push({ type: 'suspected', member: id, incarnation, by, reason });
  }

  #confirm(record: MemberRecord, update: MemberUpdate): void {
    const { id, by } = update;
    if (record.state !== 'suspect' || record.accusers.includes(by)) return;
    if (record.accusers.length < accusersMax) record.accusers.push(by);
    if (!this.#suspicions.get(id)?.confirm(by)) return;
    this.#events.push({ type: 'confirmed', member: id, by });
    this.#gossip.put(update);
  }
}

function isGone(state: MemberState): boolean {
  return state === 'dead' || state === 'left';
}

function reasonOfDeath(accusers: readonly NodeId[]): string {
  if (accusers.length === 0) return 'it did not answer, and no time to refute is set';
  return `it did not refute the suspicion of ${accusers.join(', ')} in time`;
}
