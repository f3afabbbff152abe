/**
 * A network in memory, under the rules of the transport contract: both sides say hello and are admitted before any
 * payload, payloads are copied, and what is under way when a connection goes is lost. Tests cut it at will.
 */
import type { Defer } from '../clock.js';
import { InvalidArgumentError } from '../errors.js';
import { type NodeId, parseNodeId } from '../ids.js';
import type { Lane, Transport } from '../transport.js';
import { MemoryLink } from './memory-link.js';
import { MemoryTransport } from './memory-transport.js';
import { soon } from './soon.js';

/** Settings of a {@link MemoryNetwork}. */
export interface MemoryNetworkOptions {
  /** How a delivery is put off. Default: a microtask. */
  readonly defer?: Defer;
  /** Most bytes that wait in one direction of one connection, for each lane; what exceeds it is dropped. Default 16 MiB. */
  readonly laneBytesMax?: number;
}

/** Counters of a {@link MemoryNetwork}. */
export interface MemoryNetworkStats {
  /** Payloads taken by `send`. */
  readonly sent: number;
  /** Payloads handed to a receiver. */
  readonly delivered: number;
  /** Payloads that `send` refused, or that were lost on their way. */
  readonly dropped: number;
  /** Bytes of the delivered payloads. */
  readonly bytesDelivered: number;
}

/**
 * Connects transports of one process. Each pair of started transports is connected at once, unless it is parted.
 *
 * @remarks A refused pair is tried again when either transport starts anew or the network heals, not on a timer.
 *
 * @example Partition one node from the others, then heal.
 * ```ts
 * const network = new MemoryNetwork();
 * const transports = ['n1', 'n2', 'n3'].map((id) => network.transport(id));
 * network.partition(['n3']); // n1 and n2 still reach each other
 * network.heal();
 * ```
 */
export class MemoryNetwork {
  readonly #defer: Defer;
  readonly #laneBytesMax: number;
  readonly #transports = new Map<NodeId, MemoryTransport>();
  readonly #links = new Map<string, MemoryLink>();
  readonly #sideOf = new Map<NodeId, number>();
  readonly #muted = new Set<string>();
  readonly #stats = { sent: 0, delivered: 0, dropped: 0, bytesDelivered: 0 };

  /** @param options - Settings. */
  constructor(options: MemoryNetworkOptions = {}) {
    this.#defer = options.defer ?? soon;
    this.#laneBytesMax = options.laneBytesMax ?? 16 * 1024 * 1024;
  }

  /**
   * Makes the transport of one node. A closed one can be followed by another of the same id, as after a restart.
   *
   * @param id - The node.
   * @throws InvalidArgumentError when the id is malformed, or its transport is still open.
   */
  transport(id: NodeId): Transport {
    parseNodeId(id, 'transport id');
    if (this.#transports.has(id))
      throw new InvalidArgumentError(`transport of ${id} is open: close it first`);
    const transport = new MemoryTransport(id, {
      started: (started) => this.#connectAll(started),
      closed: (closed) => this.#remove(closed),
      send: (to, group, payload, lane) => this.#send(id, to, group, payload, lane),
      connected: () => this.#connected(id),
    });
    this.#transports.set(id, transport);
    return transport;
  }

  /**
   * Cuts the connections between sides. Replaces an earlier partition.
   *
   * @param sides - Lists of nodes. Nodes that no list names are together on a side of their own.
   */
  partition(...sides: readonly (readonly NodeId[])[]): void {
    this.#sideOf.clear();
    sides.forEach((side, number) => {
      for (const id of side) this.#sideOf.set(id, number + 1);
    });
    for (const link of this.#links.values()) {
      if (this.#isParted(link.left.local, link.right.local)) link.disconnect('partitioned');
    }
    for (const transport of this.#transports.values()) this.#connectAll(transport);
  }

  /**
   * Loses all payloads of one direction while the connection seems to stay up, until {@link MemoryNetwork.heal}.
   *
   * @param from - The sender.
   * @param to - The receiver.
   */
  mute(from: NodeId, to: NodeId): void {
    this.#muted.add(direction(from, to));
  }

  /** Ends partitions and mutes, and connects whoever is not connected. */
  heal(): void {
    this.#muted.clear();
    this.partition();
  }

  /** Counters since the network was made. */
  stats(): MemoryNetworkStats {
    return { ...this.#stats };
  }

  #isParted(left: NodeId, right: NodeId): boolean {
    return (this.#sideOf.get(left) ?? 0) !== (this.#sideOf.get(right) ?? 0);
  }

  #connectAll(transport: MemoryTransport): void {
    for (const other of this.#transports.values()) {
      if (other === transport || this.#isParted(transport.local, other.local)) continue;
      const key = pair(transport.local, other.local);
      let link = this.#links.get(key);
      if (link === undefined) {
        link = new MemoryLink(transport, other, this.#defer);
        this.#links.set(key, link);
      }
      link.connect();
    }
  }

  #remove(transport: MemoryTransport): void {
    if (this.#transports.get(transport.local) === transport) this.#transports.delete(transport.local);
    for (const [key, link] of this.#links) {
      if (link.left !== transport && link.right !== transport) continue;
      link.disconnect(`${transport.local} closed its transport`);
      this.#links.delete(key);
    }
  }

  #connected(id: NodeId): readonly NodeId[] {
    const peers: NodeId[] = [];
    for (const link of this.#links.values()) {
      if (!link.isUp) continue;
      if (link.left.local === id) peers.push(link.right.local);
      if (link.right.local === id) peers.push(link.left.local);
    }
    return peers.sort();
  }

  #send(from: NodeId, to: NodeId, group: number, payload: Uint8Array, lane: Lane): boolean {
    const link = this.#links.get(pair(from, to));
    const muted = this.#muted.has(direction(from, to));
    if (link?.isUp !== true || link.waitingBytes(to, lane) + payload.length > this.#laneBytesMax) {
      this.#stats.dropped++;
      return false;
    }
    this.#stats.sent++;
    if (muted) {
      this.#stats.dropped++;
      return true;
    }
    link.send(to, { group, bytes: new Uint8Array(payload) }, lane, (delivered) => {
      if (!delivered) {
        this.#stats.dropped++;
        return;
      }
      this.#stats.delivered++;
      this.#stats.bytesDelivered += payload.length;
    });
    return true;
  }
}

function pair(left: NodeId, right: NodeId): string {
  return left < right ? direction(left, right) : direction(right, left);
}

function direction(from: NodeId, to: NodeId): string {
  return `${from} ${to}`;
}
