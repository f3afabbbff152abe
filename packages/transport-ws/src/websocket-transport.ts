/**
 * The transport: composes listener, links and connections, and is the only one that talks to the handler. Of two nodes
 * the one with the smaller id dials and the other listens, so two connections never cross and every pair has one.
 */
import type { Socket } from 'node:net';
import {
  type GroupId,
  type HelloRefusal,
  type Incarnation,
  InvalidArgumentError,
  isIncarnation,
  type Lane,
  type NodeId,
  type PeerAddress,
  type PeerHello,
  parseInteger,
  type Transport,
  type TransportHandler,
} from '@synod/core';
import { WebSocket } from 'ws';
import { groupIdMax } from './batch.js';
import { Connection, type ConnectionOwner } from './connection.js';
import type { DropReason } from './events.js';
import { Handshake, type HandshakeRole } from './handshake.js';
import { Listener } from './listener.js';
import {
  parseOptions,
  parsePeers,
  socketOptions,
  type TransportSettings,
  type WebSocketTransportOptions,
} from './options.js';
import { PeerLink } from './peer-link.js';
import { StrangerGate } from './stranger-gate.js';
import { TransportCounters, type TransportStats } from './transport-stats.js';

/** Where a transport listens. */
export interface ListenAddress {
  /** Address of this machine, as the operating system reports it. */
  readonly host: string;
  /** TCP port. */
  readonly port: number;
  /** Both as a peer dials them: `ws://host:port`. Of no use to others when the host is `0.0.0.0` or `::`. */
  readonly url: string;
}

/** A {@link Transport} over WebSocket. Made by {@link createWebSocketTransport}. */
export interface WebSocketTransport extends Transport {
  /** Where it listens; `undefined` before it is started and after it is closed. */
  readonly address: ListenAddress | undefined;
  /**
   * Replaces the peers. Connections to those that are no longer listed are closed; those whose address changed are
   * dialed anew where this node dials; all others stay as they are.
   *
   * @param peers - All peers from now on; this node itself is passed over.
   * @throws InvalidArgumentError when a node is listed twice or an address is not of the form `ws://host:port`;
   * nothing is changed then.
   */
  updatePeers(peers: readonly PeerAddress[]): void;
  /** Counters and the present state of each peer. */
  stats(): TransportStats;
}

/**
 * Makes a transport over WebSocket. Nothing is opened before `start`.
 *
 * @param options - Who this node is, where it listens and whom it talks to.
 * @throws InvalidArgumentError naming the first option that is out of its range.
 *
 * @example
 * ```ts
 * const transport = createWebSocketTransport({
 *   clusterId: 'orders',
 *   id: 'n1',
 *   listen: { port: 7001 },
 *   peers: [{ id: 'n2', address: 'ws://127.0.0.1:7002' }],
 *   random: new Random('n1'),
 * });
 * await transport.start(handler, incarnation);
 * transport.send('n2', 0, payload);
 * ```
 */
export function createWebSocketTransport(options: WebSocketTransportOptions): WebSocketTransport {
  return new SocketTransport(options);
}

interface Running {
  readonly handler: TransportHandler;
  readonly incarnation: Incarnation;
  readonly listener: Listener;
}

class SocketTransport implements WebSocketTransport, ConnectionOwner {
  readonly #settings: TransportSettings;
  readonly #counters = new TransportCounters();
  readonly #gate: StrangerGate;
  readonly #links = new Map<NodeId, PeerLink>();
  /** Every connection whose socket is not gone, with the link that dialed it or whose peer it is. */
  readonly #connections = new Map<Connection, PeerLink | undefined>();
  readonly #refused = new WeakSet<Connection>();
  #running: Running | undefined;
  #address: ListenAddress | undefined;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #onAllClosed: (() => void) | undefined;

  constructor(options: WebSocketTransportOptions) {
    this.#settings = parseOptions(options);
    const { clock, limits } = this.#settings;
    this.#gate = new StrangerGate(clock, limits.strangersMax, limits.handshakeTimeoutMs);
    this.updatePeers(options.peers);
  }

  get local(): NodeId {
    return this.#settings.id;
  }

  get address(): ListenAddress | undefined {
    return this.#address;
  }

  async start(handler: TransportHandler, incarnation: Incarnation): Promise<void> {
    if (!isIncarnation(incarnation)) {
      throw new InvalidArgumentError(
        `incarnation is ${JSON.stringify(incarnation)}: it must be 32 lower-case hexadecimal digits`,
      );
    }
    if (this.#closing !== undefined)
      throw new InvalidArgumentError('the transport is closed: make another one');
    if (this.#running !== undefined)
      throw new InvalidArgumentError('the transport was started: start it once');
    const listener = new Listener(this.#settings, this.#gate, {
      onSocket: (socket, tcp, remote) => this.#accept(socket, tcp, remote),
      onListenerFailed: (reason) => this.#settings.onEvent({ type: 'listenerFailed', reason }),
    });
    this.#running = { handler, incarnation, listener };
    this.#starting = this.#listen(listener);
    try {
      await this.#starting;
    } catch (error) {
      this.#running = undefined;
      throw error;
    }
  }

  send(to: NodeId, group: GroupId, payload: Uint8Array, lane: Lane = 'protocol'): boolean {
    if (!(group >= 0 && group <= groupIdMax && Number.isInteger(group)))
      parseInteger(group, 'group', 0, groupIdMax);
    const link = this.#links.get(to);
    const result = link?.connection?.send(group, payload, lane) ?? 'not-connected';
    if (result !== 'queued') {
      this.#drop(to, link, lane, result);
      return false;
    }
    link?.noteDrop(lane, undefined);
    return true;
  }

  connected(): readonly NodeId[] {
    const up: NodeId[] = [];
    for (const link of this.#links.values()) if (link.connection !== undefined) up.push(link.peer);
    return up;
  }

  updatePeers(peers: readonly PeerAddress[]): void {
    const addresses = parsePeers(peers, this.local);
    for (const link of [...this.#links.values()]) {
      if (addresses.has(link.peer)) continue;
      this.#links.delete(link.peer);
      link.stop(`${link.peer} is no longer among the peers of ${this.local}`);
    }
    for (const [peer, address] of addresses) {
      const known = this.#links.get(peer);
      if (known !== undefined) {
        known.redirect(address);
        continue;
      }
      const link = new PeerLink(peer, address, this.#settings, {
        dial: (dialing, target) => this.#dial(dialing, target),
        admit: (hello) => this.#askHandler(hello),
      });
      this.#links.set(peer, link);
      if (this.#address !== undefined) link.start();
    }
  }

  stats(): TransportStats {
    return {
      ...this.#counters.snapshot(),
      strangers: this.#gate.size,
      strangersTurnedAway: this.#gate.turnedAway,
      peers: [...this.#links.values()].map(({ peer, connection }) => ({
        peer,
        connected: connection !== undefined,
        queuedBytes: {
          protocol: connection?.queuedBytes('protocol') ?? 0,
          snapshot: connection?.queuedBytes('snapshot') ?? 0,
        },
        socketBytes: connection?.socketBytes ?? 0,
      })),
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #listen(listener: Listener): Promise<void> {
    const { host, port } = await listener.listen();
    this.#address = { host, port, url: `ws://${host.includes(':') ? `[${host}]` : host}:${port}` };
    if (this.#closing !== undefined) return;
    this.#settings.onEvent({ type: 'listening', host, port });
    for (const link of this.#links.values()) {
      // Whoever hears of the first attempt may close the transport.
      if (this.#closing === undefined) link.start();
    }
  }

  async #shutDown(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    // Even when it listens already: no callback may come from within the call of close.
    const listens = await settled(this.#starting);
    this.#address = undefined;
    if (!listens) return;
    const reason = `${this.local} was closed`;
    for (const link of this.#links.values()) link.stop(reason);
    for (const connection of [...this.#connections.keys()]) connection.end(reason, 'goingAway');
    const allClosed = new Promise<void>((resolve) => {
      this.#onAllClosed = resolve;
      this.#tellIfAllClosed();
    });
    await Promise.all([allClosed, running.listener.close()]);
    this.#running = undefined;
  }

  #accept(socket: WebSocket, tcp: Socket, remote: string): void {
    this.#open('listener', socket, tcp, remote, undefined);
  }

  #dial(link: PeerLink, address: string): Connection {
    const { limits } = this.#settings;
    return this.#open('dialer', new WebSocket(address, socketOptions(limits)), undefined, address, link);
  }

  #open(
    role: HandshakeRole,
    socket: WebSocket,
    tcp: Socket | undefined,
    remote: string,
    link: PeerLink | undefined,
  ): Connection {
    const { clusterId, id } = this.#settings;
    const handshake = new Handshake({
      role,
      clusterId,
      id,
      incarnation: this.#running?.incarnation ?? '',
      ...(link === undefined ? {} : { wantedId: link.peer }),
      isKnown: (peer) => this.#links.has(peer),
    });
    const connection = new Connection({
      role,
      socket,
      tcp,
      remote,
      handshake,
      owner: this,
      settings: this.#settings,
      counters: this.#counters,
    });
    this.#connections.set(connection, link);
    return connection;
  }

  /** A connection's hello is acceptable by itself. */
  async admit(connection: Connection, hello: PeerHello): Promise<HelloRefusal | undefined> {
    if (connection.tcp !== undefined) this.#gate.leave(connection.tcp);
    const link = this.#links.get(hello.id);
    if (link === undefined) return removedMeanwhile(hello.id);
    this.#connections.set(connection, link);
    return link.admit(connection, hello);
  }

  onUp(connection: Connection, peer: NodeId): void {
    const link = this.#connections.get(connection);
    if (link === undefined || this.#links.get(peer) !== link) {
      connection.end(removedMeanwhile(peer).reason, 'goingAway');
      return;
    }
    if (!link.adopt(connection)) return;
    this.#settings.onEvent({
      type: 'up',
      peer,
      dialed: connection.role === 'dialer',
      remote: connection.remote,
    });
    this.#running?.handler.onPeerUp(peer);
  }

  onPayload(peer: NodeId, group: GroupId, payload: Uint8Array): void {
    this.#running?.handler.onPayload(peer, group, payload);
  }

  onRefused(
    connection: Connection,
    by: 'us' | 'peer',
    peer: NodeId | undefined,
    refusal: HelloRefusal,
  ): void {
    this.#refused.add(connection);
    this.#settings.onEvent({ type: 'refused', by, peer, remote: connection.remote, refusal });
    // A stranger cannot speak for a peer: only one whose hello was acceptable, or whom this node dialed, is believed.
    const link = this.#connections.get(connection);
    if (by === 'peer' && link !== undefined && this.#closing === undefined) {
      this.#running?.handler.onRefused(link.peer, refusal);
    }
  }

  onDamaged(peer: NodeId, reason: string): void {
    this.#settings.onEvent({ type: 'damaged', peer, reason });
  }

  onEnded(connection: Connection, reason: string): void {
    const link = this.#connections.get(connection);
    const refused = this.#refused.has(connection);
    if (link?.release(connection)) {
      this.#settings.onEvent({ type: 'down', peer: link.peer, reason });
      this.#running?.handler.onPeerDown(link.peer, reason);
    } else if (connection.role === 'listener' && !refused) {
      this.#settings.onEvent({ type: 'handshakeFailed', remote: connection.remote, reason });
    }
    link?.retry(reason, refused);
  }

  onClosed(connection: Connection): void {
    this.#connections.delete(connection);
    this.#tellIfAllClosed();
  }

  #askHandler(hello: PeerHello): Promise<HelloRefusal | undefined> {
    const running = this.#running;
    return running === undefined ? Promise.resolve(removedMeanwhile(hello.id)) : running.handler.admit(hello);
  }

  #drop(to: NodeId, link: PeerLink | undefined, lane: Lane, reason: DropReason): void {
    this.#counters.dropped[lane][reason]++;
    if (link?.noteDrop(lane, reason)) this.#settings.onEvent({ type: 'dropped', peer: to, lane, reason });
  }

  #tellIfAllClosed(): void {
    if (this.#connections.size === 0) this.#onAllClosed?.();
  }
}

async function settled(promise: Promise<void> | undefined): Promise<boolean> {
  return promise === undefined
    ? false
    : promise.then(
        () => true,
        () => false,
      );
}

function removedMeanwhile(peer: NodeId): HelloRefusal {
  return { code: 'UNKNOWN_NODE', reason: `${peer} was removed from the peers meanwhile: add it again` };
}
