/**
 * What this node holds of one peer: the connection that is up, the one that may replace it, and, where this node is
 * the one to dial, the attempts to have one at all.
 */
import type { HelloRefusal, Lane, NodeId, PeerHello } from '@synod/core';
import { Backoff } from './backoff.js';
import type { Connection } from './connection.js';
import type { DropReason } from './events.js';
import type { TransportSettings } from './options.js';

/** What a link asks of its transport. */
export interface PeerLinkOwner {
  /** Opens a connection to the link's peer. */
  dial(link: PeerLink, address: string): Connection;
  /** Decides on the peer's hello. */
  admit(hello: PeerHello): Promise<HelloRefusal | undefined>;
}

interface WaitingHello {
  readonly connection: Connection;
  readonly hello: PeerHello;
  resolve(refusal: HelloRefusal | undefined): void;
  reject(error: unknown): void;
}

/** One configured peer. */
export class PeerLink {
  /** The peer. */
  readonly peer: NodeId;
  /** Whether this node is the one to dial: of two nodes, the one with the smaller id. A client has no address. */
  readonly dials: boolean;
  readonly #settings: TransportSettings;
  readonly #owner: PeerLinkOwner;
  readonly #backoff: Backoff;
  readonly #dropping: Record<Lane, DropReason | undefined> = { protocol: undefined, snapshot: undefined };
  #address: string;
  #current: Connection | undefined;
  #upSinceMs = 0;
  #pending: Connection | undefined;
  #asking = false;
  /** The newest hello; no older one is worth an answer. */
  #waiting: WaitingHello | undefined;
  #cancelRetry: (() => void) | undefined;
  #stopped = true;

  /**
   * @param peer - The peer.
   * @param address - Where it listens.
   * @param settings - Limits, clock and randomness.
   * @param owner - The transport.
   */
  constructor(peer: NodeId, address: string, settings: TransportSettings, owner: PeerLinkOwner) {
    this.peer = peer;
    this.dials = settings.id < peer && address !== '';
    this.#address = address;
    this.#settings = settings;
    this.#owner = owner;
    const { baseMs, capMs } = settings.reconnect;
    this.#backoff = new Backoff(baseMs, capMs, settings.random.fork(`reconnect ${peer}`));
  }

  /** The connection that is up. */
  get connection(): Connection | undefined {
    return this.#current;
  }

  /** Begins to dial, if it is this node that dials. */
  start(): void {
    this.#stopped = false;
    if (this.dials) this.#dial();
  }

  /**
   * Closes what is there and dials no more.
   *
   * @param reason - Why.
   */
  stop(reason: string): void {
    this.#stopped = true;
    this.#cancelRetry?.();
    this.#pending?.end(reason, 'closing');
    this.#current?.flush();
    this.#current?.end(reason, 'closing');
  }

  /**
   * The peer listens elsewhere now. Where this node dials and the address is another, it dials anew.
   *
   * @param address - The new address.
   */
  redirect(address: string): void {
    if (address === this.#address) return;
    this.#address = address;
    if (!this.dials || this.#stopped) return;
    this.#backoff.reset();
    const connection = this.#current ?? this.#pending;
    if (connection !== undefined) {
      connection.end(`the address of ${this.peer} is ${address} now`, 'goingAway');
      return;
    }
    this.#cancelRetry?.();
    this.#dial();
  }

  /**
   * Asks whether the peer may connect, once earlier questions about it are answered. A peer says hello again only
   * when its earlier connection is lost to it, so a connection that waits to be up gives way to the newer one.
   *
   * @param connection - The one that said hello.
   * @param hello - What it said.
   */
  admit(connection: Connection, hello: PeerHello): Promise<HelloRefusal | undefined> {
    if (this.#pending !== connection) {
      const earlier = this.#pending;
      this.#pending = connection;
      earlier?.end('a newer connection of this peer said hello', 'cut');
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { connection, hello, resolve, reject };
      if (!this.#asking) this.#askNext();
    });
  }

  /**
   * A connection came up: it takes the place of the one before.
   *
   * @param connection - The new one.
   * @returns `false` if it ended meanwhile: whoever hears of the earlier one's end may stop this link or all.
   */
  adopt(connection: Connection): boolean {
    this.#pending = connection;
    this.#current?.end('a newer connection of this peer came up', 'replaced');
    if (connection.ended) return false;
    this.#pending = undefined;
    this.#current = connection;
    this.#upSinceMs = this.#settings.clock.now();
    return true;
  }

  /**
   * A connection of this peer ended.
   *
   * @param connection - It.
   * @returns Whether it was the one that was up.
   */
  release(connection: Connection): boolean {
    if (this.#pending === connection) this.#pending = undefined;
    if (this.#current !== connection) return false;
    this.#current = undefined;
    const { clock, reconnect } = this.#settings;
    if (clock.now() - this.#upSinceMs >= reconnect.capMs) this.#backoff.reset();
    return true;
  }

  /**
   * Dials again after a pause, if it is this node that dials and nothing is under way.
   *
   * @param reason - Why there is no connection.
   * @param refused - Whether that was a refusal.
   */
  retry(reason: string, refused: boolean): void {
    if (!this.dials || this.#stopped || this.#busy) return;
    const delayMs = refused ? this.#backoff.afterRefusal() : this.#backoff.afterFailure();
    this.#cancelRetry = this.#settings.clock.after(delayMs, () => this.#dial());
    this.#settings.onEvent({ type: 'retrying', peer: this.peer, reason, delayMs });
  }

  /**
   * Notes what became of a payload.
   *
   * @param lane - Its lane.
   * @param reason - Why it was dropped, or `undefined`.
   * @returns Whether a spell of drops begins with it.
   */
  noteDrop(lane: Lane, reason: DropReason | undefined): boolean {
    if (this.#dropping[lane] === reason) return false;
    this.#dropping[lane] = reason;
    return reason !== undefined;
  }

  get #busy(): boolean {
    return this.#current !== undefined || this.#pending !== undefined;
  }

  #dial(): void {
    if (this.#stopped || this.#busy) return;
    this.#pending = this.#owner.dial(this, this.#address);
    this.#settings.onEvent({ type: 'connecting', peer: this.peer, address: this.#address });
  }

  /** One question at a time: a handler's calls for one peer never overlap. */
  #askNext(): void {
    const next = this.#waiting;
    this.#waiting = undefined;
    if (next === undefined || next.connection.ended) return;
    this.#asking = true;
    const ask = async (): Promise<void> => {
      try {
        next.resolve(await this.#owner.admit(next.hello));
      } catch (error) {
        next.reject(error);
      }
      this.#asking = false;
      this.#askNext();
    };
    void ask();
  }
}
