/**
 * What leaves over one connection. Payloads wait in their lanes until the end of the present turn of the event loop,
 * so that all of them leave together, and after that for as long as the socket holds more than it should: what is in
 * the socket can be neither overtaken nor counted against a lane. The order is: the protocol, calls, then snapshot
 * payloads and streams by turns.
 *
 * The end of the turn is the phase of `setImmediate`, after the input of all sockets was handled. Microtasks would send
 * the answers to one socket's input before the next socket's input is read; measured on an echo, they are no faster.
 */
import { ByteWriter, type GroupId, type Lane } from '@synod/core';
import { type ExchangeItem, exchangeFrameKind, itemTag, writeItemHead } from './exchange-items.js';
import { frameKind } from './handshake-frames.js';
import { LaneQueue, type PushResult } from './lane-queue.js';
import type { TransportLimits } from './options.js';
import type { PeerSocket, Platform } from './peer-socket.js';
import type { TransportCounters } from './transport-stats.js';

/** Lanes of the transport's own beside those of the contract. */
export type OutboxLane = Lane | 'calls';

/** Where frames of streams come from. */
export interface StreamSource {
  /** Whether a stream can send. */
  readonly sendable: boolean;
  /** The next frame. */
  takeFrame(): Uint8Array | undefined;
}

/** A snapshot frame goes to the socket only while that holds less than this share of its bound: others may come. */
const snapshotShare = 1 / 4;

/** What small answers may take above the bound of the lane of calls, in bytes. */
const forcedBytesMax = 1024 * 1024;

/** The lanes of a connection. */
export class Outbox {
  /** Streams, once the connection is up. */
  streams: StreamSource | undefined;
  readonly #socket: PeerSocket;
  readonly #platform: Platform;
  readonly #counters: TransportCounters;
  readonly #socketBytesMax: number;
  readonly #lanes: Readonly<Record<OutboxLane, LaneQueue>>;
  readonly #waiting: Record<OutboxLane, ((open: boolean) => void)[]> = {
    protocol: [],
    calls: [],
    snapshot: [],
  };
  readonly #itemHead = new ByteWriter(256);
  readonly #onTaken = (): void => this.#afterTaken();
  readonly #onTurnEnd = (): void => {
    this.#flushes = false;
    if (!this.#closed) this.pump();
  };
  #flushes = false;
  #waitsForRoom = false;
  #streamsTurn = false;
  #closed = false;

  /**
   * @param socket - Where frames go.
   * @param platform - Where turns end.
   * @param limits - Bounds on lanes and socket.
   * @param counters - Where to count.
   */
  constructor(socket: PeerSocket, platform: Platform, limits: TransportLimits, counters: TransportCounters) {
    this.#socket = socket;
    this.#platform = platform;
    this.#counters = counters;
    this.#socketBytesMax = limits.socketBytesMax;
    const { frameBytesMax, protocolLaneBytesMax, snapshotLaneBytesMax, callLaneBytesMax } = limits;
    this.#lanes = {
      protocol: new LaneQueue(frameBytesMax, protocolLaneBytesMax, frameKind.batch, true),
      calls: new LaneQueue(frameBytesMax, callLaneBytesMax, exchangeFrameKind, false),
      snapshot: new LaneQueue(frameBytesMax, snapshotLaneBytesMax, frameKind.batch, true),
    };
  }

  /**
   * Bytes that wait in a lane.
   *
   * @param lane - Which.
   */
  queuedBytes(lane: OutboxLane): number {
    return this.#lanes[lane].queuedBytes;
  }

  /**
   * Queues a payload, or refuses it.
   *
   * @param group - Its group.
   * @param payload - The bytes. Copied.
   * @param lane - Its lane.
   */
  push(group: GroupId, payload: Uint8Array, lane: Lane): PushResult {
    const result = this.#lanes[lane].push(group, payload);
    if (result === 'queued') this.flushSoon();
    return result;
  }

  /**
   * Queues an item on the lane of calls, or refuses it.
   *
   * @param item - It. Its payload is copied.
   * @param forced - Whether it may go above the lane's bound, within reason.
   */
  pushItem(item: ExchangeItem, forced: boolean): PushResult {
    this.#itemHead.clear();
    const payload = writeItemHead(this.#itemHead, item);
    const head = this.#itemHead.view();
    const result = this.#lanes.calls.pushItem(itemTag[item.type], head, payload, forced ? forcedBytesMax : 0);
    if (result === 'queued') this.flushSoon();
    return result;
  }

  /**
   * Resolves with `true` once a lane is at most half full, with `false` when the connection ends.
   *
   * @param lane - Which.
   */
  room(lane: OutboxLane): Promise<boolean> {
    if (this.#closed || this.#lanes[lane].roomy) return Promise.resolve(!this.#closed);
    return new Promise((resolve) => this.#waiting[lane].push(resolve));
  }

  /** Sends what waits at the end of this turn of the event loop. */
  flushSoon(): void {
    if (this.#flushes) return;
    this.#flushes = true;
    this.#platform.afterTurn(this.#onTurnEnd);
  }

  /**
   * Sends frames of the handshake, ahead of all lanes.
   *
   * @param frames - Sealed frames.
   */
  sendAtOnce(frames: readonly Uint8Array[]): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    for (const frame of frames) this.#socket.send(frame, this.#onTaken);
  }

  /** Hands what waits to the socket as far as there is room, the protocol first. */
  pump(): void {
    const { protocol, calls } = this.#lanes;
    const urgentGone = this.#pumpLane(protocol) && this.#pumpLane(calls);
    this.#waitsForRoom = !(urgentGone && this.#pumpBulk());
    this.#tellOfRoom();
  }

  /** Forgets what waits; sends nothing more. */
  close(): void {
    this.#closed = true;
    const { protocol, calls, snapshot } = this.#lanes;
    this.#counters.payloadsLost += protocol.queuedPayloads + snapshot.queuedPayloads;
    for (const lane of [protocol, calls, snapshot]) lane.clear();
    this.#tellOfRoom();
  }

  /** Returns whether the lane is empty now; if not, the socket has no room for it. */
  #pumpLane(lane: LaneQueue): boolean {
    while (!lane.empty) {
      if (this.#socket.bufferedAmount >= this.#socketBytesMax) return false;
      this.#sendFrom(lane);
    }
    return true;
  }

  /**
   * The same for snapshot payloads and streams, a frame of each in turn, and one a turn of the event loop: what is more
   * urgent goes between any two.
   */
  #pumpBulk(): boolean {
    const { snapshot } = this.#lanes;
    const streams = this.streams?.sendable === true ? this.streams : undefined;
    if (snapshot.empty && streams === undefined) return true;
    if (this.#socket.bufferedAmount >= this.#socketBytesMax * snapshotShare) return false;
    this.#streamsTurn = streams !== undefined && (snapshot.empty || !this.#streamsTurn);
    const frame = this.#streamsTurn ? streams?.takeFrame() : undefined;
    if (frame !== undefined) this.#send(frame);
    else if (!this.#streamsTurn) this.#sendFrom(snapshot);
    if (!snapshot.empty || this.streams?.sendable === true) this.flushSoon();
    return true;
  }

  #sendFrom(lane: LaneQueue): void {
    const batch = lane.take();
    if (batch === undefined) return;
    if (lane !== this.#lanes.calls) this.#counters.payloadsSent += batch.payloads;
    this.#send(batch.frame);
  }

  #send(frame: Uint8Array): void {
    this.#counters.framesSent++;
    this.#counters.bytesSent += frame.length;
    this.#socket.send(frame, this.#onTaken);
  }

  #tellOfRoom(): void {
    for (const lane of ['protocol', 'calls', 'snapshot'] as const) {
      const waiting = this.#waiting[lane];
      if (waiting.length === 0 || (!this.#closed && !this.#lanes[lane].roomy)) continue;
      for (const resolve of waiting.splice(0)) resolve(!this.#closed);
    }
  }

  /** The operating system took a frame, or the socket failed: then its closing is under way. */
  #afterTaken(): void {
    if (this.#waitsForRoom && !this.#closed) this.pump();
  }
}
