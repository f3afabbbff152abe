/**
 * Lets idle groups sleep, so that thousands of them cost nearly nothing: their engines get no ticks, and so send no
 * heartbeats, until something happens. CockroachDB calls it quiescence, TiKV hibernation.
 *
 * How a group falls asleep: when nothing but heartbeats has happened for a while and its leader sees everything
 * committed, applied and acknowledged by all members, the leader's host stops its ticks and offers sleep to the hosts of
 * the members. Each agrees, and sleeps, if its own replica stands at the same place under the same leader and term. When
 * all have agreed the leader sleeps too; when one has not in time, the leader ticks on, and its heartbeats wake the rest.
 *
 * Safety never rests on any of this: an engine without ticks is a node whose clock stands still, which consensus allows
 * at any time. Only a leader's lease trusts clocks, so a woken replica does not use one before a read index has passed
 * (see `reads.ts`). Liveness rests on two things. Whatever reaches a sleeping replica wakes it first: a call, a peer's
 * message, the loss of its leader's host. And hosts tell each other twice in an election's time that they live, with a
 * tally of what sleeps under them; when tallies differ for long, the groups are called by name, and those on which the
 * hosts do not agree are woken. So every word between hosts can be lost.
 */
import {
  ByteReader,
  type Defer,
  type GroupId,
  type LogIndex,
  MajorityQuorum,
  type Membership,
  type NodeId,
  type Term,
  type Transport,
  unreachable,
} from '@synod/core';
import type { EventStream } from './event-stream.js';
import { HostOutbox } from './host-outbox.js';
import { type HostWord, type RestingPlace, readHostWords, type Sleeping } from './host-payload.js';
import { PeerHost, pulseTicks } from './peer-host.js';

/** Ticks that a leader's host waits for the members' agreement: well below an election timeout. */
const offerTicksMax = 4;

/** Groups that are called by name in one word. */
const rollCallGroupsMax = 10_000;

/** Where a replica stands when nothing at all is pending there. */
export interface Rest {
  /** Who leads. */
  readonly leader: NodeId;
  readonly term: Term;
  /** Last entry of the log: durable, committed and applied here, and everywhere if this node leads. */
  readonly index: LogIndex;
  readonly membership: Membership;
}

/** Whether a replica gets ticks, and whether what reaches it must wake it. */
export type Posture = 'awake' | 'offering' | 'asleep';

/** A replica, as far as sleep is concerned. */
export interface Sleeper {
  readonly group: GroupId;
  /** Where it rests, or `undefined` when anything is pending. */
  rest(): Rest | undefined;
  /** Tells it how it lies. Waking also ends its trust in leases. */
  lie(posture: Posture): void;
}

/** What quiescence is made from. */
export interface QuiescenceParts {
  readonly id: NodeId;
  readonly transport: Transport;
  readonly defer: Defer;
  readonly events: EventStream;
  /** The open replica of a group. */
  readonly sleeperOf: (group: GroupId) => Sleeper | undefined;
  /** Gives a replica ticks, or stops them. */
  readonly setTicking: (group: GroupId, isTicking: boolean) => void;
}

/** A replica without ticks. */
interface Pause {
  readonly sleeper: Sleeper;
  readonly rest: Rest;
  /** The other members, where this node leads. */
  readonly others: readonly NodeId[];
  /** Members that have not agreed yet; `undefined` once it sleeps. */
  awaited: Set<NodeId> | undefined;
  ticks: number;
}

/** The sleeping groups of one host. */
export class Quiescence {
  readonly #parts: QuiescenceParts;
  readonly #outbox: HostOutbox;
  readonly #peers = new Map<NodeId, PeerHost>();
  readonly #paused = new Map<GroupId, Pause>();
  readonly #offering = new Set<Pause>();
  #candidates: Sleeper[] = [];
  #heard: { readonly from: NodeId; readonly word: HostWord }[] = [];
  #ticks = 0;
  #isPlanned = false;
  #isStopped = false;

  constructor(parts: QuiescenceParts) {
    this.#parts = parts;
    this.#outbox = new HostOutbox(parts.transport);
  }

  /** Groups that sleep. */
  get asleep(): number {
    return this.#paused.size - this.#offering.size;
  }

  /** A replica that leads has been idle for long enough. */
  consider(sleeper: Sleeper): void {
    this.#candidates.push(sleeper);
    this.#plan();
  }

  /** Something reaches a replica that lies: it ticks from now on. `speaker` is the peer that caused it. */
  stir(group: GroupId, reason: string, speaker?: NodeId): void {
    const pause = this.#paused.get(group);
    if (pause !== undefined) this.#wake(pause, reason, speaker);
  }

  /** A replica takes part from now on, and knows nothing of what sleeps elsewhere. */
  started(group: GroupId): void {
    for (const peer of this.#peers.values()) {
      if (peer.isConnected) this.#outbox.add(peer.id, { type: 'wake', group });
    }
    this.#plan();
  }

  /** A replica was closed or failed. */
  ended(group: GroupId): void {
    const pause = this.#paused.get(group);
    if (pause === undefined) return;
    this.#forget(pause);
    pause.sleeper.lie('awake');
    const others = pause.others.length > 0 ? pause.others : [pause.rest.leader];
    for (const peer of others) this.#outbox.add(peer, { type: 'wake', group });
    this.#plan();
  }

  /** One unit of time passed. */
  tick(): void {
    this.#ticks++;
    for (const peer of this.#peers.values()) {
      if (peer.tick()) this.#gone(peer, `the host of ${peer.id} fell silent`);
      if (peer.isConnected && this.#ticks % pulseTicks === 0)
        this.#outbox.add(peer.id, { type: 'pulse', led: peer.led });
    }
    for (const pause of this.#offering) {
      if (++pause.ticks > offerTicksMax) this.#wake(pause, 'not every member agreed to sleep');
    }
    this.#plan();
  }

  /**
   * A payload of a peer's host arrived.
   *
   * @throws DecodeError when the bytes are none.
   */
  receive(from: NodeId, payload: Uint8Array): void {
    for (const word of readHostWords(new ByteReader(payload))) this.#heard.push({ from, word });
    this.#plan();
  }

  peerUp(peer: NodeId): void {
    this.#peer(peer).connected();
  }

  peerDown(id: NodeId): void {
    const peer = this.#peer(id);
    peer.isConnected = false;
    this.#gone(peer, `the host of ${id} is gone`);
  }

  /** Ends it: the host failed or is closed. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Words are acted upon, and sent, after the turns of the groups that came before: a message that is on its way to or
   * from the engine must not wake a group that has just gone to sleep.
   */
  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#parts.defer(() => {
      this.#isPlanned = false;
      if (this.#isStopped) return;
      const heard = this.#heard;
      this.#heard = [];
      for (const { from, word } of heard) this.#hear(from, word);
      const candidates = this.#candidates;
      this.#candidates = [];
      for (const sleeper of candidates) this.#offer(sleeper);
      this.#outbox.flush();
    });
  }

  #hear(from: NodeId, word: HostWord): void {
    switch (word.type) {
      case 'pulse':
        return this.#hearPulse(this.#peer(from), word.led);
      case 'offer':
        return this.#hearOffer(from, word);
      case 'agree':
        return this.#hearAgreement(from, word);
      case 'wake':
        return this.stir(word.group, `${from} has it awake`, from);
      case 'rollCall':
        return this.#hearRollCall(from, word.from, word.through, word.sleeping);
      default:
        return unreachable(word);
    }
  }

  #offer(sleeper: Sleeper): void {
    const { id } = this.#parts;
    const rest = sleeper.rest();
    if (rest?.leader !== id || this.#paused.has(sleeper.group)) return;
    const others: NodeId[] = [];
    for (const member of rest.membership.members) {
      if (member.id === id) continue;
      if (!this.#peer(member.id).isAlive) return;
      others.push(member.id);
    }
    const pause = this.#pause(sleeper, rest, others);
    const { term, index } = rest;
    for (const peer of others) this.#outbox.add(peer, { type: 'offer', group: sleeper.group, term, index });
    if (others.length === 0) this.#fallAsleep(pause);
  }

  #hearOffer(from: NodeId, { group, term, index }: RestingPlace): void {
    const lying = this.#paused.get(group);
    const sleeper = this.#parts.sleeperOf(group);
    const rest = lying?.rest ?? sleeper?.rest();
    const isSame = rest?.leader === from && rest.term === term && rest.index === index;
    if (sleeper === undefined || !isSame || !this.#peer(from).isAlive) {
      if (lying !== undefined) this.#wake(lying, `${from} offered sleep at another place`, from);
      this.#outbox.add(from, { type: 'wake', group });
      return;
    }
    if (lying === undefined) this.#fallAsleep(this.#pause(sleeper, rest, []));
    this.#outbox.add(from, { type: 'agree', group, term, index });
  }

  #hearAgreement(from: NodeId, { group, term, index }: RestingPlace): void {
    const pause = this.#paused.get(group);
    if (pause?.awaited === undefined || pause.rest.term !== term || pause.rest.index !== index) return;
    pause.awaited.delete(from);
    if (pause.awaited.size > 0) return;
    // The engine was stepped with what peers sent meanwhile.
    const rest = pause.sleeper.rest();
    if (rest?.leader === this.#parts.id && rest.term === term && rest.index === index)
      this.#fallAsleep(pause);
    else this.#wake(pause, 'it moved on before every member agreed');
  }

  #hearPulse(peer: PeerHost, led: { readonly count: number; readonly sum: number }): void {
    const wasAlive = peer.isAlive;
    if (peer.pulse(led)) this.#callTheRoll(peer);
    if (wasAlive) return;
    // Its replicas may have been woken by the silence, or started anew: they need to hear their leader.
    for (const pause of this.#paused.values()) {
      if (pause.others.includes(peer.id)) this.#wake(pause, `the host of ${peer.id} came back`);
    }
  }

  #callTheRoll(peer: PeerHost): void {
    const all: Sleeping[] = [];
    for (const [group, { rest, awaited }] of this.#paused) {
      if (awaited === undefined && rest.leader === peer.id) all.push({ group, term: rest.term });
    }
    all.sort((left, right) => left.group - right.group);
    let from = 0;
    for (let start = 0; start === 0 || start < all.length; start += rollCallGroupsMax) {
      const sleeping = all.slice(start, start + rollCallGroupsMax);
      const isLast = start + rollCallGroupsMax >= all.length;
      const through = isLast ? 0xffff_ffff : (sleeping.at(-1)?.group ?? 0);
      this.#outbox.add(peer.id, { type: 'rollCall', from, through, sleeping });
      from = through + 1;
    }
  }

  /** A member's host calls by name what sleeps there under this node's lead. */
  #hearRollCall(peer: NodeId, from: GroupId, through: GroupId, sleeping: readonly Sleeping[]): void {
    const termOf = new Map<GroupId, Term>();
    for (const { group, term } of sleeping) {
      termOf.set(group, term);
      const own = this.#paused.get(group);
      const isKnown = own?.rest.leader === this.#parts.id && own.rest.term === term;
      if (!isKnown) this.#outbox.add(peer, { type: 'wake', group });
    }
    for (const [group, pause] of this.#paused) {
      const isMeant = group >= from && group <= through && pause.others.includes(peer);
      if (isMeant && pause.awaited === undefined && termOf.get(group) !== pause.rest.term)
        this.#wake(pause, `it does not sleep on ${peer}`);
    }
  }

  #gone(peer: PeerHost, reason: string): void {
    for (const pause of this.#paused.values()) {
      const { rest, others, awaited } = pause;
      if (rest.leader === peer.id) this.#wake(pause, reason, peer.id);
      else if (others.includes(peer.id) && (awaited !== undefined || !this.#hasQuorum(rest)))
        this.#wake(pause, reason);
    }
  }

  /** Whether a leader could commit, as far as its host knows: one that could not must notice that it leads no more. */
  #hasQuorum({ membership }: Rest): boolean {
    const isThere = (id: NodeId) => id === this.#parts.id || this.#peer(id).isAlive;
    return new MajorityQuorum(membership).voteResult(isThere) === 'won';
  }

  #pause(sleeper: Sleeper, rest: Rest, others: readonly NodeId[]): Pause {
    const pause: Pause = { sleeper, rest, others, awaited: new Set(others), ticks: 0 };
    this.#paused.set(sleeper.group, pause);
    this.#offering.add(pause);
    this.#parts.setTicking(sleeper.group, false);
    sleeper.lie('offering');
    return pause;
  }

  #fallAsleep(pause: Pause): void {
    const { sleeper, rest, others } = pause;
    pause.awaited = undefined;
    this.#offering.delete(pause);
    sleeper.lie('asleep');
    if (rest.leader !== this.#parts.id) this.#peer(rest.leader).followed.add(sleeper.group, rest.term);
    for (const peer of others) this.#peer(peer).led.add(sleeper.group, rest.term);
    const { leader, term, index } = rest;
    this.#parts.events.emit(sleeper.group, { type: 'slept', leader, at: { index, term } });
  }

  #wake(pause: Pause, reason: string, speaker?: NodeId): void {
    const { sleeper, rest, awaited } = pause;
    this.#forget(pause);
    sleeper.lie('awake');
    this.#parts.setTicking(sleeper.group, true);
    if (awaited === undefined) this.#parts.events.emit(sleeper.group, { type: 'woke', reason });
    // A leader's heartbeats wake the others; a follower that ticks while its leader sleeps would depose it.
    if (rest.leader === this.#parts.id || rest.leader === speaker) return;
    this.#outbox.add(rest.leader, { type: 'wake', group: sleeper.group });
    this.#plan();
  }

  #forget(pause: Pause): void {
    const { sleeper, rest, others, awaited } = pause;
    this.#paused.delete(sleeper.group);
    this.#offering.delete(pause);
    if (awaited !== undefined) return;
    if (rest.leader !== this.#parts.id) this.#peer(rest.leader).followed.remove(sleeper.group, rest.term);
    for (const peer of others) this.#peer(peer).led.remove(sleeper.group, rest.term);
  }

  #peer(id: NodeId): PeerHost {
    let peer = this.#peers.get(id);
    if (peer === undefined) {
      peer = new PeerHost(id);
      this.#peers.set(id, peer);
    }
    return peer;
  }
}
