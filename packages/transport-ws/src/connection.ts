/**
 * One WebSocket to one peer: the handshake, then batches by lane with heartbeats, until it ends. Ends once, for one
 * reason, whatever fails first; after that nothing is delivered and nothing is sent.
 */
import type { Socket } from 'node:net';
import {
  DecodeError,
  type GroupId,
  type HelloRefusal,
  type Lane,
  type NodeId,
  type PeerHello,
} from '@synod/core';
import { BatchReader } from './batch.js';
import { Exchange } from './exchange.js';
import { uncertain } from './exchange-error.js';
import type { ExchangeHandlers } from './exchange-handlers.js';
import { type ExchangeItem, exchangeFrameKind } from './exchange-items.js';
import type { ExchangeLink } from './exchange-link.js';
import { type CloseManner, closeCode, closeWords, describe, farewell } from './farewell.js';
import type { Handshake, HandshakeRole, HandshakeStep } from './handshake.js';
import { Heartbeat, silentPeriodsMax } from './heartbeat.js';
import type { PushResult } from './lane-queue.js';
import type { TransportSettings } from './options.js';
import { Outbox, type OutboxLane } from './outbox.js';
import type { PeerSocket, Platform } from './peer-socket.js';
import type { TransportCounters } from './transport-stats.js';
import type { TurnAwayReason } from './turn-away-reason.js';

/** What a connection tells. */
export interface ConnectionOwner {
  /** The peer's hello is acceptable by itself: decide on it. */
  admit(connection: Connection, hello: PeerHello): Promise<HelloRefusal | undefined>;
  /** The connection is up. */
  onUp(connection: Connection, peer: NodeId): void;
  /** A payload arrived. */
  onPayload(peer: NodeId, group: GroupId, payload: Uint8Array): void;
  /** A hello was refused, on this side or the other; `onEnded` follows. */
  onRefused(connection: Connection, by: 'us' | 'peer', peer: NodeId | undefined, refusal: HelloRefusal): void;
  /** The peer sent what is no batch; `onEnded` follows. */
  onDamaged(peer: NodeId, reason: string): void;
  /** It ended; told once. */
  onEnded(connection: Connection, reason: string): void;
  /** Its socket is gone; told once, after `onEnded`. */
  onClosed(connection: Connection): void;
}

/** What a connection is made from. */
export interface ConnectionInit {
  /** Which end this is. */
  readonly role: HandshakeRole;
  /** The WebSocket: open for a listener, about to connect for a dialer. */
  readonly socket: PeerSocket;
  /** The TCP socket under it, if there is one already. */
  readonly tcp: Socket | undefined;
  /** Address of the other end, for people. */
  readonly remote: string;
  /** What to say first. */
  readonly handshake: Handshake;
  /** Whom to tell. */
  readonly owner: ConnectionOwner;
  /** Limits and clock. */
  readonly settings: TransportSettings;
  /** What it stands on. */
  readonly platform: Platform;
  /** Who answers calls and takes streams. */
  readonly handlers: ExchangeHandlers;
  /** Where to count. */
  readonly counters: TransportCounters;
}

/** A hello, a welcome and a refusal with their WebSocket headers stay far below. */
const handshakeBytesMax = 4096;
/** How long the peer has to answer the closing, in milliseconds. */
const lingerMs = 500;

/** A connection. */
export class Connection implements ExchangeLink {
  /** Which end this is. */
  readonly role: HandshakeRole;
  /** Address of the other end, for people. */
  readonly remote: string;
  /** The TCP socket, once there is one. */
  tcp: Socket | undefined;
  /** The version that both speak, once the connection is or was up; 0 before. */
  version = 0;
  /** Why it was turned away, if it was, before or without judging a hello. */
  turnedAway: TurnAwayReason | undefined;
  readonly #socket: PeerSocket;
  readonly #handshake: Handshake;
  readonly #owner: ConnectionOwner;
  readonly #settings: TransportSettings;
  readonly #counters: TransportCounters;
  readonly #outbox: Outbox;
  readonly #handlers: ExchangeHandlers;
  #exchange: Exchange | undefined;
  #messageBytes = 0;
  #state: 'handshake' | 'up' | 'ended' | 'closed' = 'handshake';
  #peer: NodeId = '';
  #handshakeBytes = 0;
  #heartbeat: Heartbeat | undefined;
  #cancelTimer: () => void;
  #refusedByUs = false;

  /** @param init - Its parts. */
  constructor(init: ConnectionInit) {
    this.role = init.role;
    this.remote = init.remote;
    this.tcp = init.tcp;
    this.#socket = init.socket;
    this.#handshake = init.handshake;
    this.#owner = init.owner;
    this.#settings = init.settings;
    this.#counters = init.counters;
    this.#handlers = init.handlers;
    const { limits, clock } = init.settings;
    this.#outbox = new Outbox(init.socket, init.platform, limits, init.counters);
    this.#cancelTimer = clock.after(limits.handshakeTimeoutMs, () =>
      this.#turnAway('TIMED_OUT', `the handshake took more than ${limits.handshakeTimeoutMs} ms`, 'cut'),
    );
    this.#attach();
  }

  /** The peer, once the connection is or was up; empty before. */
  get peer(): NodeId {
    return this.#peer;
  }

  /** Calls and streams, once the connection is or was up. */
  get exchange(): Exchange | undefined {
    return this.#exchange;
  }

  /** Whether it ended. */
  get ended(): boolean {
    return this.#state === 'ended' || this.#state === 'closed';
  }

  /** Bytes in the socket that the operating system has not taken. */
  get socketBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /**
   * Bytes that wait in a lane.
   *
   * @param lane - Which.
   */
  queuedBytes(lane: Lane): number {
    return this.#outbox.queuedBytes(lane);
  }

  /**
   * Queues a payload on a connection that is up.
   *
   * @param group - Its group.
   * @param payload - The bytes. Copied.
   * @param lane - Its lane.
   */
  send(group: GroupId, payload: Uint8Array, lane: Lane): PushResult {
    return this.#outbox.push(group, payload, lane);
  }

  /**
   * Resolves with `true` once a lane has room, with `false` when the connection ends.
   *
   * @param lane - Which. Default: that of calls.
   */
  room(lane: OutboxLane = 'calls'): Promise<boolean> {
    return this.#outbox.room(lane);
  }

  /**
   * Queues an item of a call or stream. See {@link ExchangeLink.push}.
   *
   * @param item - It.
   * @param bound - Whether it may be refused.
   */
  push(item: ExchangeItem, bound: 'bounded' | 'forced'): PushResult {
    if (this.#state !== 'up') return 'lane-full';
    const result = this.#outbox.pushItem(item, bound === 'forced');
    if (result !== 'queued' && bound === 'forced')
      this.end('the peer makes this node answer and does not read the answers', 'cut');
    return result;
  }

  /** A stream has something to send. */
  wakeStreams(): void {
    this.#outbox.flushSoon();
  }

  /** Hands what waits to the socket as far as there is room, for a last time before it is closed. */
  flush(): void {
    if (this.#state === 'up') this.#outbox.pump();
  }

  /**
   * Ends it. Later calls do nothing.
   *
   * @param reason - Why, for people here and at the other end.
   * @param manner - How.
   */
  end(reason: string, manner: CloseManner): void {
    if (this.ended) return;
    this.#state = 'ended';
    this.#cancelTimer();
    this.#heartbeat?.stop();
    this.#outbox.close();
    this.#exchange?.end(manner === 'closing' ? uncertain('CLOSED', reason) : uncertain('PEER_LOST', reason));
    const socket = this.#socket;
    if (manner === 'cut' || socket.readyState === socket.CONNECTING) {
      socket.terminate();
    } else {
      socket.close(closeCode[manner], closeWords(reason));
      this.#cancelTimer = this.#settings.clock.after(lingerMs, () => socket.terminate());
    }
    this.#owner.onEnded(this, reason);
  }

  #attach(): void {
    const socket = this.#socket;
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    socket.on('error', (error) => this.#onSocketError(error));
    socket.on('close', (code, reason) => {
      this.end(farewell(code, reason), 'cut');
      this.#state = 'closed';
      this.#cancelTimer();
      this.#owner.onClosed(this);
    });
    if (this.role === 'listener') {
      this.#watchHandshakeBytes();
      return;
    }
    socket.on('upgrade', (response) => {
      this.tcp = response.socket;
    });
    socket.on('open', () => {
      this.#watchHandshakeBytes();
      this.#outbox.sendAtOnce(this.#handshake.open());
    });
  }

  /**
   * A stranger may announce one message of the full frame length and never finish it. Until the handshake is done,
   * its bytes are therefore counted below the WebSocket, which would gather them.
   */
  #watchHandshakeBytes(): void {
    const tcp = this.tcp;
    if (tcp === undefined) return;
    const count = (chunk: Uint8Array): void => {
      if (this.#state !== 'handshake') {
        tcp.off('data', count);
        return;
      }
      this.#handshakeBytes += chunk.length;
      if (this.#handshakeBytes > handshakeBytesMax) {
        this.#turnAway('TOO_MANY_BYTES', `more than ${handshakeBytesMax} bytes came too early`, 'cut');
      }
    };
    tcp.on('data', count);
  }

  #onMessage(data: unknown, isBinary: boolean): void {
    // After our refusal the peer's own may still be under way; nothing else is of interest.
    if (this.#state === 'closed' || (this.#state === 'ended' && !this.#refusedByUs)) return;
    if (!isBinary || !(data instanceof Uint8Array)) {
      const reason = 'a text message came: only binary frames are spoken here';
      this.#turnAway('MALFORMED_FRAME', reason, 'binaryOnly');
      return;
    }
    if (this.#state === 'up') this.#onBatch(data);
    else this.#follow(this.#handshake.receive(data));
  }

  #follow(step: HandshakeStep): void {
    this.#outbox.sendAtOnce(step.send);
    switch (step.type) {
      case 'wait':
        return;
      case 'admit':
        if (!this.ended) this.#askAdmission(step.hello);
        return;
      case 'up':
        if (!this.ended) this.#onUp(step.peer, step.version);
        return;
      case 'refused':
        this.#refusedByUs ||= step.by === 'us';
        this.#owner.onRefused(this, step.by, step.peer, step.refusal);
        this.end(
          `${step.by === 'us' ? 'refused' : 'refused by the peer'}: ${step.refusal.reason}`,
          'refused',
        );
        return;
    }
  }

  #askAdmission(hello: PeerHello): void {
    this.#owner.admit(this, hello).then(
      (refusal) => {
        if (!this.ended) this.#follow(this.#handshake.decide(refusal));
      },
      (error: unknown) =>
        this.end(`the admission of ${hello.id} failed: ${describe(error)}`, 'protocolError'),
    );
  }

  #onUp(peer: NodeId, version: number): void {
    this.#state = 'up';
    this.#peer = peer;
    this.version = version;
    this.#cancelTimer();
    const { clock, heartbeatMs } = this.#settings;
    this.#heartbeat = new Heartbeat(clock, heartbeatMs, {
      bytesReceived: () => this.tcp?.bytesRead ?? this.#messageBytes,
      // What waits in the socket will show the peer that this side lives.
      beat: () => {
        if (this.#socket.bufferedAmount === 0) this.#beat();
      },
      onSilence: () => this.end(`nothing came from the peer for ${silentPeriodsMax * heartbeatMs} ms`, 'cut'),
    });
    this.#exchange = new Exchange(this, {
      clock,
      limits: this.#settings.limits,
      handlers: this.#handlers,
      dialer: this.role === 'dialer',
    });
    this.#outbox.streams = this.#exchange.streams;
    this.#owner.onUp(this, peer);
  }

  /** A page in a browser neither sends pings nor sees those that come. */
  #beat(): void {
    if (this.#socket.ping === undefined || this.#settings.clients.has(this.#peer))
      this.push({ type: 'beat' }, 'bounded');
    else this.#socket.ping();
  }

  #onBatch(data: Uint8Array): void {
    const peer = this.#peer;
    const counters = this.#counters;
    counters.bytesReceived += data.length;
    this.#messageBytes += data.length;
    const batch = this.#readOrEnd(() => new BatchReader(data, this.#settings.limits.frameBytesMax));
    if (batch === undefined) return;
    counters.framesReceived++;
    const next = (): Uint8Array | undefined => batch.next();
    if (batch.kind === exchangeFrameKind) {
      this.#onExchange(batch);
      return;
    }
    for (;;) {
      const payload = this.#readOrEnd(next);
      if (payload === undefined) return;
      counters.payloadsReceived++;
      this.#owner.onPayload(peer, batch.group, payload);
      if (this.ended) return;
    }
  }

  #onExchange(batch: BatchReader): void {
    const take = (): boolean | undefined => {
      const body = batch.next();
      if (body === undefined) return undefined;
      this.#exchange?.receive(batch.group, body);
      return true;
    };
    while (!this.ended && this.#readOrEnd(take) === true);
  }

  /** A failure to read ends the connection; a failure of the handler is not caught: it is a bug there. */
  #readOrEnd<Read>(read: () => Read): Read | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#noteDamage(error.message);
      this.end(error.message, 'protocolError');
      return undefined;
    }
  }

  /** The WebSocket found its rules broken, such as the greatest length of a message, or the network failed. */
  #onSocketError(error: Error): void {
    if ('code' in error && String(error.code).startsWith('WS_ERR_'))
      this.#turnAway('MALFORMED_FRAME', describe(error), 'protocolError');
    else this.end(describe(error), 'protocolError');
  }

  /** Ends it, as one that was turned away, or that sent damage if it was up. */
  #turnAway(why: TurnAwayReason, reason: string, manner: CloseManner): void {
    if (this.#state === 'handshake') this.turnedAway = why;
    else if (this.#state === 'up') this.#noteDamage(reason);
    this.end(reason, manner);
  }

  #noteDamage(reason: string): void {
    this.#counters.framesDamaged++;
    if (this.#peer !== '') this.#owner.onDamaged(this.#peer, reason);
  }
}
