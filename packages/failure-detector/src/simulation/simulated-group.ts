/**
 * A SWIM group in virtual time, over a network that delays and loses datagrams, with members that crash, stand still, leave and
 * come back. Everything is drawn from one seed: the same seed gives the same run, byte for byte.
 */
import { InvalidArgumentError, type NodeId, Random } from '@synod/core';
import { decodeSwimMessage, encodeSwimMessage } from '../swim/codec.js';
import type { SwimMessage } from '../swim/messages.js';
import type { SwimEffects, SwimEvent, SwimInput, SwimSend } from '../swim/swim-events.js';
import { SwimMember } from '../swim/swim-member.js';
import type { SwimOptions } from '../swim/swim-options.js';
import { Timetable } from './timetable.js';

/** The network of a simulated group. */
export interface SimulatedNetwork {
  /** Shortest way of a datagram. Default 1. */
  readonly leastMs?: number;
  /** Longest way of a datagram; ways are drawn evenly. Default 5. */
  readonly mostMs?: number;
  /** Share of datagrams that get lost, 0 to 1. Default 0. */
  readonly loss?: number;
}

/** What a simulated group is made of. */
export interface SimulatedGroupOptions {
  /** The same seed gives the same run. */
  readonly seed: number | string;
  /** How many members it begins with: `m1`, `m2` and so on. They know each other. */
  readonly members: number;
  /** Delays and losses. */
  readonly network?: SimulatedNetwork;
  /** Settings of every member. */
  readonly swim?: Omit<SwimOptions, 'id' | 'address' | 'random' | 'knownMembers'>;
  /** Sees everything that any member tells. */
  readonly onEvent?: (member: NodeId, event: SwimEvent, atMs: number) => void;
  /** Sees every datagram when it is sent. */
  readonly onDatagram?: (from: NodeId, to: NodeId, bytes: Uint8Array, atMs: number) => void;
}

/** Something that is planned for a member, or for the network. */
type Planned =
  | { readonly type: 'wake'; readonly life: Life }
  | { readonly type: 'unmuffle'; readonly life: Life }
  | { readonly type: 'deliver'; readonly to: NodeId; readonly from: NodeId; readonly bytes: Uint8Array };

/** A member between its start and its crash. */
interface Life {
  readonly id: NodeId;
  readonly member: SwimMember;
  wakeAtMs: number;
  /** Until when it stands still; what comes meanwhile waits. */
  pausedUntilMs: number;
  pausedMs: number;
  isToldOfPause: boolean;
  /** Until when its messages wait, in and out, while its timers go on. */
  muffledUntilMs: number;
  /** What it sent meanwhile. */
  readonly unsent: SwimSend[];
  readonly waiting: { readonly from: NodeId; readonly bytes: Uint8Array }[];
}

/** A group in virtual time. */
export class SimulatedGroup {
  readonly #options: SimulatedGroupOptions;
  readonly #random: Random;
  readonly #timetable = new Timetable<Planned>();
  readonly #lives = new Map<NodeId, Life>();
  /** Pairs `from to` that lose everything. */
  readonly #cut = new Set<string>();
  #started = 0;
  #nowMs = 0;
  #loss: number;
  readonly #sent = new Map<SwimMessage['type'], number>();
  #bytesSent = 0;

  /**
   * @param options - Seed, size and the rest.
   * @throws InvalidArgumentError when a setting of SWIM is out of its range.
   */
  constructor(options: SimulatedGroupOptions) {
    this.#options = options;
    this.#random = new Random(`${options.seed}/network`);
    this.#loss = options.network?.loss ?? 0;
    const ids = Array.from({ length: options.members }, (_, position) => `m${position + 1}`);
    const knownMembers = ids.map((id) => ({ id, address: addressOf(id) }));
    for (const id of ids) this.#begin(id, knownMembers);
  }

  /** Virtual time in milliseconds. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Members that run, those that stand still included. */
  get running(): readonly NodeId[] {
    return [...this.#lives.keys()];
  }

  /** Datagrams sent so far, by type. */
  get sent(): ReadonlyMap<SwimMessage['type'], number> {
    return this.#sent;
  }

  /** Bytes sent so far. */
  get bytesSent(): number {
    return this.#bytesSent;
  }

  /**
   * The member that runs under an id.
   *
   * @param id - Its id.
   * @throws InvalidArgumentError when none does.
   */
  member(id: NodeId): SwimMember {
    return this.#life(id).member;
  }

  /**
   * Starts a member, for the first time or again after a crash: it remembers nothing, and joins by others' addresses.
   *
   * @param id - Its id.
   * @param through - Whom it asks.
   */
  start(id: NodeId, through: readonly NodeId[]): void {
    if (this.#lives.has(id)) throw new InvalidArgumentError(`${id} runs already: crash it first`);
    const life = this.#begin(id, []);
    this.#step(life, { type: 'join', now: this.#nowMs, addresses: through.map(addressOf) });
  }

  /**
   * Ends a member without a word.
   *
   * @param id - Its id.
   */
  crash(id: NodeId): void {
    this.#lives.delete(id);
  }

  /**
   * Lets a member say goodbye and end.
   *
   * @param id - Its id.
   */
  leave(id: NodeId): void {
    this.#step(this.#life(id), { type: 'leave', now: this.#nowMs });
    this.#lives.delete(id);
  }

  /**
   * Lets a member stand still, as a process without processor time does: what comes waits, and its timers go first when it goes
   * on.
   *
   * @param id - Its id.
   * @param ms - For how long.
   * @param isTold - Whether it learns of it, by `pausedMs` of its next tick.
   */
  pause(id: NodeId, ms: number, isTold = false): void {
    const life = this.#life(id);
    life.pausedUntilMs = this.#nowMs + ms;
    life.pausedMs = ms;
    life.isToldOfPause = isTold;
    life.wakeAtMs = life.pausedUntilMs;
    this.#timetable.put(life.wakeAtMs, { type: 'wake', life });
  }

  /**
   * Lets a member's messages wait, in and out, while its timers go on: as the authors of Lifeguard slow theirs (§V).
   *
   * @param id - Its id.
   * @param ms - For how long.
   */
  muffle(id: NodeId, ms: number): void {
    const life = this.#life(id);
    life.muffledUntilMs = this.#nowMs + ms;
    this.#timetable.put(life.muffledUntilMs, { type: 'unmuffle', life });
  }

  /**
   * Lets a link lose everything, one way.
   *
   * @param from - Who sends.
   * @param to - Who does not hear it.
   */
  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(`${from} ${to}`);
  }

  /** Mends all links. */
  heal(): void {
    this.#cut.clear();
  }

  /** Lets no datagram get lost any more by chance. */
  calm(): void {
    this.#loss = 0;
  }

  /**
   * Lets time pass.
   *
   * @param ms - How much.
   */
  run(ms: number): void {
    const endMs = this.#nowMs + ms;
    while (this.#timetable.nextAtMs <= endMs) {
      this.#nowMs = this.#timetable.nextAtMs;
      const planned = this.#timetable.take();
      if (planned?.type === 'wake') this.#wake(planned.life);
      else if (planned?.type === 'unmuffle') this.#unmuffle(planned.life);
      else if (planned?.type === 'deliver') this.#deliver(planned);
    }
    this.#nowMs = endMs;
  }

  #life(id: NodeId): Life {
    const life = this.#lives.get(id);
    if (life === undefined) throw new InvalidArgumentError(`${id} does not run`);
    return life;
  }

  #begin(id: NodeId, knownMembers: SwimOptions['knownMembers'] & object): Life {
    const random = new Random(`${this.#options.seed}/${id}/${this.#started++}`);
    const options = { ...this.#options.swim, id, address: addressOf(id), random, knownMembers };
    const member = new SwimMember(options, this.#nowMs);
    const life: Life = {
      id,
      member,
      wakeAtMs: Number.POSITIVE_INFINITY,
      pausedUntilMs: 0,
      pausedMs: 0,
      isToldOfPause: false,
      muffledUntilMs: 0,
      unsent: [],
      waiting: [],
    };
    this.#lives.set(id, life);
    this.#planWake(life);
    return life;
  }

  #wake(life: Life): void {
    if (
      this.#lives.get(life.id) !== life ||
      life.wakeAtMs !== this.#nowMs ||
      this.#nowMs < life.pausedUntilMs
    )
      return;
    const { pausedMs, isToldOfPause } = life;
    life.pausedMs = 0;
    life.wakeAtMs = Number.POSITIVE_INFINITY;
    const told = isToldOfPause && pausedMs > 0 ? { pausedMs } : {};
    this.#step(life, { type: 'tick', now: this.#nowMs, ...told });
    if (this.#nowMs >= life.muffledUntilMs) this.#receiveWaiting(life);
  }

  #unmuffle(life: Life): void {
    if (this.#lives.get(life.id) !== life || this.#nowMs < life.muffledUntilMs) return;
    for (const send of life.unsent.splice(0)) this.#send(life.id, send);
    if (this.#nowMs >= life.pausedUntilMs) this.#receiveWaiting(life);
  }

  #receiveWaiting(life: Life): void {
    for (const { from, bytes } of life.waiting.splice(0)) this.#receive(life, from, bytes);
  }

  #deliver({ from, to, bytes }: Extract<Planned, { type: 'deliver' }>): void {
    const life = this.#lives.get(to);
    if (life === undefined) return;
    const isHeldUp = this.#nowMs < Math.max(life.pausedUntilMs, life.muffledUntilMs);
    if (isHeldUp || life.waiting.length > 0) life.waiting.push({ from, bytes });
    else this.#receive(life, from, bytes);
  }

  #receive(life: Life, from: NodeId, bytes: Uint8Array): void {
    const message = decodeSwimMessage(bytes);
    this.#step(life, { type: 'receive', now: this.#nowMs, message, address: addressOf(from) });
  }

  #step(life: Life, input: SwimInput): void {
    this.#carryOut(life, life.member.step(input));
    this.#planWake(life);
  }

  #carryOut(life: Life, { send, events }: SwimEffects): void {
    for (const event of events) this.#options.onEvent?.(life.id, event, this.#nowMs);
    for (const one of send) {
      if (this.#nowMs < life.muffledUntilMs) life.unsent.push(one);
      else this.#send(life.id, one);
    }
  }

  #send(from: NodeId, { address, message }: SwimSend): void {
    const to = idAt(address);
    const bytes = encodeSwimMessage(message);
    this.#sent.set(message.type, (this.#sent.get(message.type) ?? 0) + 1);
    this.#bytesSent += bytes.length;
    this.#options.onDatagram?.(from, to, bytes, this.#nowMs);
    const { leastMs = 1, mostMs = 5 } = this.#options.network ?? {};
    const wayMs = leastMs + this.#random.float() * (mostMs - leastMs);
    const isLost = this.#random.chance(this.#loss) || this.#cut.has(`${from} ${to}`);
    if (!isLost) this.#timetable.put(this.#nowMs + wayMs, { type: 'deliver', from, to, bytes });
  }

  #planWake(life: Life): void {
    if (this.#nowMs < life.pausedUntilMs) return;
    const wakeAtMs = Math.max(this.#nowMs, life.member.wakeAtMs());
    if (wakeAtMs === life.wakeAtMs || wakeAtMs === Number.POSITIVE_INFINITY) return;
    life.wakeAtMs = wakeAtMs;
    this.#timetable.put(wakeAtMs, { type: 'wake', life });
  }
}

function addressOf(id: NodeId): string {
  return `${id}:7946`;
}

function idAt(address: string): NodeId {
  return address.slice(0, address.indexOf(':'));
}
