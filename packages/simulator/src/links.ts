/**
 * The network: sealed frames that are lost, repeated, reordered, held back and damaged. Each link has its own stream
 * of randomness. A link keeps its order or not, as the weather has it: connections do, and a transport that opens a
 * new one while the old one still delivers does not.
 */
import type { Random } from '@synod/core';
import { openFrame } from '@synod/integrity';
import type { Coverage } from './coverage.js';
import { exponential } from './drawing.js';
import type { EventQueue } from './event-queue.js';
import type { Weather } from './script.js';
import { demand } from './violation.js';

const expectation = { frameBytesMax: 1 << 26 };
const slabBytes = 1 << 16;

interface Link {
  readonly random: Random;
  /** Conditions that cut it at present. */
  cuts: number;
  /** Conditions that hold everything back. */
  clogs: number;
  /** What is held back. */
  held: Uint8Array[];
  /** When the latest frame arrives, on a link that keeps order. */
  latestUs: number;
}

/** Rates that hold for all links, each the greatest of the conditions that are in force. */
export type Rate = 'loss' | 'duplicate' | 'echo' | 'corrupt' | 'delay';

/** All links between the nodes of a cluster. Nodes are numbered from 0. */
export class Links {
  readonly #queue: EventQueue;
  readonly #weather: Weather;
  readonly #coverage: Coverage;
  readonly #links: Link[] = [];
  readonly #damagedFrames = new WeakSet<Uint8Array>();
  #healings = 0;
  readonly #nodes: number;
  readonly #rates: Readonly<Record<Rate, number[]>> = {
    loss: [],
    duplicate: [],
    echo: [],
    corrupt: [],
    delay: [],
  };
  #echoLateUs = 0;
  #slab = new ArrayBuffer(slabBytes);
  #slabUsed = 0;
  readonly #deliver: (from: number, to: number, payload: Uint8Array) => void;

  constructor(
    parts: {
      readonly queue: EventQueue;
      readonly weather: Weather;
      readonly coverage: Coverage;
      readonly random: Random;
      readonly nodes: number;
    },
    deliver: (from: number, to: number, payload: Uint8Array) => void,
  ) {
    this.#queue = parts.queue;
    this.#weather = parts.weather;
    this.#coverage = parts.coverage;
    this.#nodes = parts.nodes;
    this.#deliver = deliver;
    for (let link = 0; link < parts.nodes * parts.nodes; link++) {
      const random = parts.random.fork(`link ${link}`);
      this.#links.push({ random, cuts: 0, clogs: 0, held: [], latestUs: 0 });
    }
  }

  /** Whether nothing passes from one node to another. */
  isCut(from: number, to: number): boolean {
    return this.#link(from, to).cuts > 0;
  }

  /** Adds a cut; the answer takes it away again. */
  cut(from: number, to: number): () => void {
    const link = this.#link(from, to);
    link.cuts++;
    return this.#ending(() => link.cuts--);
  }

  /** Holds everything back; the answer lets it through at once. */
  clog(from: number, to: number): () => void {
    const link = this.#link(from, to);
    link.clogs++;
    return this.#ending(() => {
      link.clogs--;
      if (link.clogs > 0) return;
      const { held } = link;
      link.held = [];
      for (const frame of held) this.#arrive(link, from, to, frame, link.random.integer(0, 1_000));
    });
  }

  /** Puts a rate in force; the answer ends it. */
  rate(name: Rate, value: number): () => void {
    const rates = this.#rates[name];
    rates.push(value);
    return this.#ending(() => rates.splice(rates.indexOf(value), 1));
  }

  /** Lets messages come once more, up to so much later; the answer ends it. */
  echo(chance: number, lateUs: number): () => void {
    this.#echoLateUs = lateUs;
    return this.rate('echo', chance);
  }

  /** A delay as a message on this link has it. */
  delayUs(from: number, to: number): number {
    return this.#delayUs(this.#link(from, to));
  }

  /**
   * Sends a frame.
   *
   * @param bytes - The frame, which is copied.
   * @returns `false` when the sender can see that it goes nowhere.
   */
  send(from: number, to: number, bytes: Uint8Array): boolean {
    const link = this.#link(from, to);
    this.#queue.trace(bytes.length * 4096 + from * 64 + to);
    if (link.cuts > 0) {
      this.#coverage.reach('message cut off');
      return false;
    }
    const { random } = link;
    if (happens(random, this.#rates.loss)) {
      this.#coverage.reach('message lost');
      return true;
    }
    const frame = this.#kept(bytes);
    if (happens(random, this.#rates.duplicate)) {
      this.#coverage.reach('message repeated');
      this.#arrive(link, from, to, frame, this.#delayUs(link) * random.integer(1, 20));
    }
    if (happens(random, this.#rates.echo)) {
      this.#coverage.reach('message echoed');
      this.#plan(random.float() * this.#echoLateUs, from, to, frame);
    }
    const sent = happens(random, this.#rates.corrupt) ? this.#damaged(random, frame) : frame;
    if (link.clogs > 0) link.held.push(sent);
    else this.#arrive(link, from, to, sent, this.#delayUs(link));
    return true;
  }

  /** Ends every condition. What is held back is lost. */
  heal(): void {
    this.#healings++;
    for (const link of this.#links) {
      link.cuts = 0;
      link.clogs = 0;
      // A new connection: what comes now need not wait for what is still on its way.
      link.latestUs = 0;
      link.held = [];
    }
    for (const rates of Object.values(this.#rates)) rates.length = 0;
  }

  /** Ends one condition, unless everything was healed before. */
  #ending(end: () => void): () => void {
    const healings = this.#healings;
    return () => {
      if (healings === this.#healings) end();
    };
  }

  /** A copy of a frame, in a slab that many share: a small array of its own would cost more than all that is in it. */
  #kept(bytes: Uint8Array): Uint8Array {
    if (this.#slabUsed + bytes.length > this.#slab.byteLength) {
      this.#slab = new ArrayBuffer(Math.max(slabBytes, bytes.length));
      this.#slabUsed = 0;
    }
    const frame = new Uint8Array(this.#slab, this.#slabUsed, bytes.length);
    frame.set(bytes);
    this.#slabUsed += bytes.length;
    return frame;
  }

  #link(from: number, to: number): Link {
    const link = this.#links[from * this.#nodes + to];
    if (link === undefined) throw new RangeError(`there is no link from node ${from} to node ${to}`);
    return link;
  }

  #delayUs(link: Link): number {
    const { random } = link;
    const { delayLeastUs, delayMeanUs } = this.#weather;
    const meanUs = Math.max(delayMeanUs, greatest(this.#rates.delay));
    // One in a hundred is very late: a heavy tail shows what an exponential delay hides.
    const tail = random.chance(0.01) ? random.integer(2, 30) : 1;
    return delayLeastUs + exponential(random, meanUs) * tail;
  }

  #arrive(link: Link, from: number, to: number, frame: Uint8Array, delayUs: number): void {
    let atUs = this.#queue.nowUs + Math.floor(delayUs);
    if (this.#weather.inOrder) {
      atUs = Math.max(atUs, link.latestUs);
      link.latestUs = atUs;
    }
    this.#plan(atUs - this.#queue.nowUs, from, to, frame);
  }

  #plan(delayUs: number, from: number, to: number, frame: Uint8Array): void {
    this.#queue.after(delayUs, () => this.#open(from, to, frame));
  }

  #open(from: number, to: number, frame: Uint8Array): void {
    if (this.isCut(from, to)) return this.#coverage.reach('message cut off');
    const opened = openFrame(frame, 0, expectation);
    if (opened.type === 'whole') {
      demand(!this.#damagedFrames.has(frame), 'sealed frames', () => 'a damaged frame passed its checks');
      return this.#deliver(from, to, opened.payload);
    }
    this.#coverage.reach('damaged frame caught');
  }

  #damaged(random: Random, frame: Uint8Array): Uint8Array {
    const bytes = random.chance(0.2) ? frame.slice(0, random.integer(0, frame.length)) : frame.slice();
    if (bytes.length === frame.length) {
      const at = random.integer(0, bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 8));
    }
    this.#damagedFrames.add(bytes);
    return bytes;
  }
}

function greatest(values: readonly number[]): number {
  let most = 0;
  for (let position = 0; position < values.length; position++) most = Math.max(most, values[position] ?? 0);
  return most;
}

/** Whether something of these rates happens. What has no rate draws nothing. */
function happens(random: Random, rates: readonly number[]): boolean {
  return rates.length > 0 && random.chance(greatest(rates));
}
