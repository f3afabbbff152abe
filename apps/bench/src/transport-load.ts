/**
 * The load on one transport, as two programs: one listens and answers, one dials and measures. Messages begin with a
 * byte that says what they are for.
 */

import { quantile } from './quantile.js';
import type { OnMessage, Wire, WireKind } from './wire.js';
import { grpcWire } from './wire-grpc.js';
import { socketIoWire } from './wire-socket-io.js';
import { synodWire } from './wire-synod.js';
import { websocketWire } from './wire-websocket.js';

/** What is measured. */
export const wireKinds: Readonly<Record<string, WireKind>> = {
  synod: synodWire(true),
  'synod-unmasked': synodWire(false),
  ws: websocketWire('none'),
  'ws-lengths': websocketWire('lengths'),
  'ws-sealed': websocketWire('sealed'),
  'socket.io': socketIoWire,
  grpc: grpcWire,
};

const floodByte = 0;
const echoByte = 1;
const reportByte = 2;

/** A flood in one direction. */
export interface FloodFigures {
  readonly messagesPerSecond: number;
  /** Processor time of both processes, in microseconds. */
  readonly processorUsPerMessage: number;
}

/** Messages there and back. */
export interface EchoFigures {
  readonly roundTripsPerSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** The listening program: answers echoes, counts floods, and reports its processor time. Never ends by itself. */
export function listenForLoad(kind: WireKind): Promise<number> {
  return kind.listen((message, wire) => {
    if (message[0] === echoByte) wire.send(message.slice());
    else if (message[0] === reportByte) {
      const report = new Uint8Array(16);
      report[0] = reportByte;
      const { user, system } = process.cpuUsage();
      new DataView(report.buffer).setFloat64(8, user + system);
      wire.send(report);
    }
  });
}

/** The dialing program. */
export class LoadClient {
  readonly #wire: Wire;
  #onReport: (processorUs: number) => void = () => {};
  #onEcho: (message: Uint8Array) => void = () => {};

  private constructor(wire: Wire, listen: (onMessage: OnMessage) => void) {
    this.#wire = wire;
    listen((message) => {
      if (message[0] === echoByte) this.#onEcho(message);
      else this.#onReport(new DataView(message.buffer, message.byteOffset).getFloat64(8));
    });
  }

  /** Connects. */
  static async dial(kind: WireKind, port: number): Promise<LoadClient> {
    let onMessage: OnMessage = () => {};
    const wire = await kind.dial(port, (message, from) => onMessage(message, from));
    return new LoadClient(wire, (listener) => {
      onMessage = listener;
    });
  }

  /** Sends as much as the transport takes, a burst a turn of the event loop, until all has arrived. */
  async flood(durationMs: number, messageBytes: number, burst: number): Promise<FloodFigures> {
    const message = new Uint8Array(messageBytes).fill(7);
    message[0] = floodByte;
    const peerBefore = await this.#report();
    const before = process.cpuUsage();
    const began = performance.now();
    let sent = 0;
    while (performance.now() - began < durationMs) {
      let room = true;
      for (let left = burst; left > 0 && room; left--) {
        room = this.#wire.send(message);
        sent++;
      }
      if (!room) await this.#wire.room();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const peerAfter = await this.#report();
    const elapsedMs = performance.now() - began;
    const own = process.cpuUsage(before);
    return {
      messagesPerSecond: (sent * 1000) / elapsedMs,
      processorUsPerMessage: (own.user + own.system + peerAfter - peerBefore) / sent,
    };
  }

  /** Keeps a number of messages under way, each sent when an earlier one came back. */
  async echo(durationMs: number, messageBytes: number, inFlight: number): Promise<EchoFigures> {
    const latencies: number[] = [];
    const began = performance.now();
    let open = 0;
    await new Promise<void>((resolve) => {
      const send = (): void => {
        const message = new Uint8Array(messageBytes);
        message[0] = echoByte;
        new DataView(message.buffer).setFloat64(8, performance.now());
        this.#wire.send(message);
        open++;
      };
      this.#onEcho = (message) => {
        const now = performance.now();
        latencies.push(now - new DataView(message.buffer, message.byteOffset).getFloat64(8));
        open--;
        if (now - began < durationMs) send();
        else if (open === 0) resolve();
      };
      for (let sent = 0; sent < inFlight; sent++) send();
    });
    // The first tenth warms up.
    const measured = latencies.slice(Math.floor(latencies.length / 10));
    return {
      roundTripsPerSecond: (latencies.length * 1000) / (performance.now() - began),
      medianMs: quantile(measured, 0.5),
      p99Ms: quantile(measured, 0.99),
    };
  }

  /** The peer's processor time, asked after all that was sent: when it is there, all has arrived. */
  #report(): Promise<number> {
    return new Promise((resolve) => {
      this.#onReport = resolve;
      const question = new Uint8Array(16);
      question[0] = reportByte;
      this.#wire.send(question);
    });
  }
}
