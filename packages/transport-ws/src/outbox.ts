/**
 * What leaves over one connection. Payloads wait in their lanes until the end of the present turn of the event loop,
 * so that all of them leave together, and after that for as long as the socket holds more than it should: what is in
 * the socket can be neither overtaken nor counted against a lane.
 *
 * The end of the turn is the phase of `setImmediate`, after the input of all sockets was handled. Microtasks would send
 * the answers to one socket's input before the next socket's input is read; measured on an echo, they are no faster.
 */
import type { GroupId, Lane } from '@synod/core';
import type { WebSocket } from 'ws';
import { LaneQueue, type PushResult } from './lane-queue.js';
import type { TransportLimits } from './options.js';
import type { TransportCounters } from './transport-stats.js';

/** A snapshot frame goes to the socket only while that holds less than this share of its bound: others may come. */
const snapshotShare = 1 / 4;

/** The lanes of a connection. */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #counters: TransportCounters;
  readonly #socketBytesMax: number;
  readonly #lanes: Readonly<Record<Lane, LaneQueue>>;
  readonly #onTaken = (): void => this.#afterTaken();
  #flush: NodeJS.Immediate | undefined;
  #waitsForRoom = false;
  #closed = false;

  /**
   * @param socket - Where frames go.
   * @param limits - Bounds on lanes and socket.
   * @param counters - Where to count.
   */
  constructor(socket: WebSocket, limits: TransportLimits, counters: TransportCounters) {
    this.#socket = socket;
    this.#counters = counters;
    this.#socketBytesMax = limits.socketBytesMax;
    this.#lanes = {
      protocol: new LaneQueue(limits.frameBytesMax, limits.protocolLaneBytesMax),
      snapshot: new LaneQueue(limits.frameBytesMax, limits.snapshotLaneBytesMax),
    };
  }

  /**
   * Bytes that wait in a lane.
   *
   * @param lane - Which.
   */
  queuedBytes(lane: Lane): number {
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
    if (result === 'queued') {
      this.#flush ??= setImmediate(() => {
        this.#flush = undefined;
        this.pump();
      });
    }
    return result;
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
    const protocolGone = this.#pumpLane(this.#lanes.protocol, this.#socketBytesMax);
    const allGone =
      protocolGone && this.#pumpLane(this.#lanes.snapshot, this.#socketBytesMax * snapshotShare);
    this.#waitsForRoom = !allGone;
  }

  /** Forgets what waits; sends nothing more. */
  close(): void {
    this.#closed = true;
    clearImmediate(this.#flush);
    for (const lane of [this.#lanes.protocol, this.#lanes.snapshot]) {
      this.#counters.payloadsLost += lane.queuedPayloads;
      lane.clear();
    }
  }

  /** Returns whether the lane is empty now; if not, the socket has no room for it. */
  #pumpLane(lane: LaneQueue, socketBytesMax: number): boolean {
    while (!lane.empty) {
      if (this.#socket.bufferedAmount >= socketBytesMax) return false;
      const batch = lane.take();
      if (batch === undefined) return true;
      this.#counters.framesSent++;
      this.#counters.payloadsSent += batch.payloads;
      this.#counters.bytesSent += batch.frame.length;
      this.#socket.send(batch.frame, this.#onTaken);
    }
    return true;
  }

  /** The operating system took a frame, or the socket failed: then its closing is under way. */
  #afterTaken(): void {
    if (this.#waitsForRoom && !this.#closed) this.pump();
  }
}
