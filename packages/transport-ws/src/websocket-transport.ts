/**
 * The transport: composes listener, links and connections, and is the only one that talks to the handler. Of two nodes
 * the one with the smaller id dials and the other listens, so two connections never cross and every pair has one.
 */
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
  type TransportHandler,
} from '@synod/core';
import { groupIdMax } from './batch.js';
import { Connection, type ConnectionOwner } from './connection.js';
import type { DropReason } from './events.js';
import { definite } from './exchange-error.js';
import { Handshake, type HandshakeRole } from './handshake.js';
import type { CallHandler } from './incoming-calls.js';
import { ExchangeDoor } from './node-exchange.js';
import type { NodeStream } from './node-stream.js';
import { parsePeers, type TransportSettings } from './options.js';
import type { CallOptions } from './outgoing-calls.js';
import { PeerLink } from './peer-link.js';
import type { OtherEnd, PeerSocket, Platform, TransportListener } from './peer-socket.js';
import { Refusals } from './refusals.js';
import { StrangerGate } from './stranger-gate.js';
import type { StreamHandler, StreamOptions } from './stream-table.js';
import type { CloseOptions, ListenAddress, WebSocketTransport } from './transport-contract.js';
import { TransportCounters, type TransportStats } from './transport-stats.js';
import type { TransportTls } from './transport-tls.js';

interface Running {
  readonly handler: TransportHandler;
  readonly incarnation: Incarnation;
  readonly listener: TransportListener | undefined;
}

/** The one implementation, on whatever the platform gives. */
export class SocketTransport implements WebSocketTransport, ConnectionOwner {
  readonly #settings: TransportSettings;
  readonly #platform: Platform;
  readonly #door: ExchangeDoor;
  readonly #counters = new TransportCounters();
  readonly #refusals: Refusals;
  readonly #gate: StrangerGate;
  readonly #links = new Map<NodeId, PeerLink>();
  /** Every connection whose socket is not gone, with the link that dialed it or whose peer it is. */
  readonly #connections = new Map<Connection, PeerLink | undefined>();
  readonly #refused = new WeakSet<Connection>();
  #running: Running | undefined;
  #address: ListenAddress | undefined;
  #starting: Promise<void> | undefined;
  #open = false;
  #draining = false;
  #closing: Promise<void> | undefined;
  #onAllClosed: (() => void) | undefined;

  /**
   * @param settings - Who this node is, and the bounds.
   * @param peers - Whom it talks to.
   * @param platform - What it stands on.
   */
  constructor(settings: TransportSettings, peers: readonly PeerAddress[], platform: Platform) {
    this.#settings = settings;
    this.#platform = platform;
    const { clock, limits } = settings;
    this.#door = new ExchangeDoor(clock, limits.callTimeoutMs, {
      connectionTo: (peer) => this.#links.get(peer)?.connection,
      refusal: () =>
        this.#draining ? definite('CLOSED', `${this.local} is closed or about to be`) : undefined,
    });
    this.#refusals = new Refusals(clock, settings.onEvent);
    this.#gate = new StrangerGate(clock, limits.strangersMax, limits.handshakeTimeoutMs, (reason, remote) =>
      this.#refusals.turnedAway(reason, remote),
    );
    this.updatePeers(peers);
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
    const listener = this.#platform.createListener?.(this.#gate, {
      onSocket: (socket, tcp, remote, named) =>
        this.#connect('listener', socket, { tcp, remote, named }, undefined),
      onTurnedAway: (reason, remote) => this.#refusals.turnedAway(reason, remote),
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

  ready(peer: NodeId, lane: Lane = 'protocol'): Promise<boolean> {
    return this.#links.get(peer)?.connection?.room(lane) ?? Promise.resolve(false);
  }

  call(peer: NodeId, method: string, payload: Uint8Array, options?: CallOptions): Promise<Uint8Array> {
    return this.#door.call(peer, method, payload, options);
  }

  handle(method: string, handler: CallHandler): () => void {
    return this.#door.handle(method, handler);
  }

  openStream(peer: NodeId, name: string, options?: StreamOptions): Promise<NodeStream> {
    return this.#door.openStream(peer, name, options);
  }

  handleStream(name: string, handler: StreamHandler): () => void {
    return this.#door.handleStream(name, handler);
  }

  updatePeers(peers: readonly PeerAddress[]): void {
    const addresses = parsePeers(peers, this.local, this.#platform.scheme);
    for (const client of this.#settings.clients) addresses.set(client, '');
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
      if (this.#open) link.start();
    }
  }

  renewTls(tls: TransportTls): void {
    const { renewTls } = this.#platform;
    if (renewTls === undefined)
      throw new InvalidArgumentError('the transport was made without tls: make another one with it');
    renewTls(tls);
  }

  stats(): TransportStats {
    return {
      ...this.#counters.snapshot(),
      strangers: this.#gate.size,
      strangersTurnedAway: this.#refusals.of('CROWDED_OUT'),
      refusals: this.#refusals.snapshot(),
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

  async close({ drainMs = 0 }: CloseOptions = {}): Promise<void> {
    parseInteger(drainMs, 'drainMs', 0, 2 ** 31 - 1);
    this.#closing ??= this.#shutDown(drainMs);
    return this.#closing;
  }

  async #listen(listener: TransportListener | undefined): Promise<void> {
    if (listener !== undefined) {
      const { host, port } = await listener.listen();
      this.#address = { host, port, url: urlOf(this.#platform.scheme, host, port) };
      if (this.#closing === undefined) this.#settings.onEvent({ type: 'listening', host, port });
    }
    this.#open = true;
    for (const link of this.#links.values()) {
      // Whoever hears of the first attempt may close the transport.
      if (this.#closing === undefined) link.start();
    }
  }

  async #shutDown(drainMs: number): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    // Even when it listens already: no callback may come from within the call of close.
    const listens = await settled(this.#starting);
    this.#draining = true;
    if (listens && drainMs > 0) await this.#drain(drainMs);
    this.#address = undefined;
    this.#open = false;
    if (!listens) return;
    const reason = `${this.local} was closed`;
    for (const link of this.#links.values()) link.stop(reason);
    for (const connection of [...this.#connections.keys()]) connection.end(reason, 'closing');
    const allClosed = new Promise<void>((resolve) => {
      this.#onAllClosed = resolve;
      this.#tellIfAllClosed();
    });
    await Promise.all([allClosed, running.listener?.close()]);
    this.#running = undefined;
  }

  /** Resolves when no call and no stream is open any more, or the time is over. */
  async #drain(drainMs: number): Promise<void> {
    const idle = [...this.#connections.keys()].map((connection) => connection.exchange?.drain());
    let stopTimer = (): void => {};
    const timeIsOver = new Promise<void>((resolve) => {
      stopTimer = this.#settings.clock.after(drainMs, resolve);
    });
    await Promise.race([Promise.all(idle), timeIsOver]);
    stopTimer();
  }

  #dial(link: PeerLink, address: string): Connection {
    const onWrong = (reason: string): void => {
      this.#refusals.count('WRONG_CERTIFICATE');
      const refusal = { code: 'WRONG_CERTIFICATE', reason } as const;
      this.#settings.onEvent({ type: 'refused', by: 'us', peer: link.peer, remote: address, refusal });
    };
    const socket = this.#platform.dial(address, link.peer, onWrong);
    return this.#connect('dialer', socket, { tcp: undefined, remote: address, named: undefined }, link);
  }

  #connect(
    role: HandshakeRole,
    socket: PeerSocket,
    { tcp, remote, named }: OtherEnd,
    link: PeerLink | undefined,
  ): Connection {
    const handshake = new Handshake({
      role,
      clusterId: this.#settings.clusterId,
      id: this.local,
      incarnation: this.#running?.incarnation ?? '',
      ...(link === undefined ? {} : { wantedId: link.peer }),
      isKnown: (peer) => this.#links.has(peer),
      ...(named === undefined ? {} : { certificateNames: named }),
      ...(this.#platform.authenticate === undefined ? {} : { authentication: this.#platform.authenticate() }),
    });
    const connection = new Connection({
      role,
      socket,
      tcp,
      remote,
      handshake,
      owner: this,
      settings: this.#settings,
      platform: this.#platform,
      handlers: this.#door.handlers,
      counters: this.#counters,
    });
    this.#connections.set(connection, link);
    return connection;
  }

  /** A connection's hello is acceptable by itself. */
  async admit(connection: Connection, hello: PeerHello): Promise<HelloRefusal | undefined> {
    if (connection.role === 'listener') this.#gate.leave(connection.remote);
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
      version: connection.version,
    });
    const address = connection.tcp?.remoteAddress;
    if (address !== undefined) this.#running?.listener?.trust(address);
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
    if (by === 'us') this.#refusals.count(refusal.code);
    else this.#counters.refusedByPeers++;
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
      const { turnedAway, remote } = connection;
      if (turnedAway !== undefined) this.#refusals.turnedAway(turnedAway, remote);
      this.#settings.onEvent({ type: 'handshakeFailed', remote, reason });
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

function urlOf(scheme: 'ws' | 'wss' | undefined, host: string, port: number): string {
  return `${scheme ?? 'ws'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
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
