/** What one host knows of another: whether it lives, and which groups both believe to be asleep. */
import type { GroupId, NodeId, Term } from '@synod/core';
import type { Tally } from './host-payload.js';

/** Ticks between two signs of life. */
export const pulseTicks = 2;

/** Ticks without a sign of life after which a host counts as gone: the least election timeout by default. */
const silentTicksMax = 10;

/** Pulses in a row whose tally differs before the groups are called by name: fewer can be words on their way. */
const differencesMax = 4;

/** Sums up sleeping groups as they come and go. */
export class RunningTally implements Tally {
  count = 0;
  sum = 0;

  add(group: GroupId, term: Term): void {
    this.count++;
    this.sum = (this.sum + digest(group, term)) >>> 0;
  }

  remove(group: GroupId, term: Term): void {
    this.count--;
    this.sum = (this.sum - digest(group, term)) >>> 0;
  }

  equals({ count, sum }: Tally): boolean {
    return count === this.count && sum === this.sum;
  }
}

/** One peer's host. */
export class PeerHost {
  readonly id: NodeId;
  /** Groups that sleep under this node's lead and in which the peer has a part. */
  readonly led = new RunningTally();
  /** Groups that sleep here under the peer's lead. */
  readonly followed = new RunningTally();
  /** Whether the transport has a connection to it. */
  isConnected = false;
  #silentTicks = 0;
  #differences = 0;

  constructor(id: NodeId) {
    this.id = id;
  }

  /** Whether it is connected and was heard lately. */
  get isAlive(): boolean {
    return this.isConnected && this.#silentTicks < silentTicksMax;
  }

  connected(): void {
    this.isConnected = true;
    this.#silentTicks = 0;
    this.#differences = 0;
  }

  /**
   * One tick passed.
   *
   * @returns Whether the peer counts as gone from now on.
   */
  tick(): boolean {
    this.#silentTicks++;
    return this.isConnected && this.#silentTicks === silentTicksMax;
  }

  /**
   * A sign of life came.
   *
   * @param led - What sleeps under the peer's lead, as it says.
   * @returns Whether the tallies have differed for so long that the groups must be called by name.
   */
  pulse(led: Tally): boolean {
    this.#silentTicks = 0;
    this.#differences = this.followed.equals(led) ? 0 : this.#differences + 1;
    if (this.#differences < differencesMax) return false;
    this.#differences = 0;
    return true;
  }
}

/** A number that is unlikely to be the same for another group or term: the finalizer of MurmurHash3 over both. */
function digest(group: GroupId, term: Term): number {
  let mixed = Math.imul(group, 0x9e3779b1) ^ (term >>> 0) ^ Math.floor(term / 2 ** 32);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
