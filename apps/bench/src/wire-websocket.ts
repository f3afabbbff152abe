/**
 * Raw `ws`, in three manners: a WebSocket message for each message; messages of one turn in one WebSocket message, with
 * a length in front of each and nothing checked; and the same with the checks of a sealed frame, which is what our
 * transport sends, byte for byte, without its queues, lanes, limits and heartbeats.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { ByteReader, ByteWriter } from '@synod/core';
import { beginFrame, endFrame, openFrame } from '@synod/integrity';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { type OnMessage, socketBytesMax, type Wire, type WireKind } from './wire.js';

/** How messages become WebSocket messages. */
export type Packing = 'none' | 'lengths' | 'sealed';

/**
 * Raw `ws`.
 *
 * @param packing - How messages become WebSocket messages.
 */
export function websocketWire(packing: Packing): WireKind {
  return {
    async listen(onMessage) {
      const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
      server.on('connection', (socket) => attach(socket, packing, onMessage));
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    },
    async dial(port, onMessage) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
      await once(socket, 'open');
      return attach(socket, packing, onMessage);
    },
  };
}

function attach(socket: WebSocket, packing: Packing, onMessage: OnMessage): Wire {
  const wire = packing === 'none' ? plainWire(socket) : new PackedWire(socket, packing === 'sealed');
  socket.on('message', (data: RawData) => {
    if (!(data instanceof Uint8Array)) return;
    if (packing === 'none') onMessage(data, wire);
    else unpack(data, packing === 'sealed', onMessage, wire);
  });
  return wire;
}

function plainWire(socket: WebSocket): Wire {
  const room = new RoomOf(socket);
  return {
    send(message) {
      socket.send(message, room.onTaken);
      return socket.bufferedAmount < socketBytesMax;
    },
    room: () => room.wait(),
  };
}

/** Packs what is sent in one turn of the event loop. */
class PackedWire implements Wire {
  readonly #socket: WebSocket;
  readonly #sealed: boolean;
  readonly #room: RoomOf;
  #writer: ByteWriter | undefined;
  #capacity = 512;

  constructor(socket: WebSocket, sealed: boolean) {
    this.#socket = socket;
    this.#sealed = sealed;
    this.#room = new RoomOf(socket);
  }

  send(message: Uint8Array): boolean {
    const writer = this.#writer ?? this.#begin();
    writer.varint(0);
    writer.bytes(message);
    if (writer.length >= 256 * 1024) this.#flush();
    return this.#socket.bufferedAmount < socketBytesMax;
  }

  room(): Promise<void> {
    return this.#room.wait();
  }

  #begin(): ByteWriter {
    const writer = new ByteWriter(this.#capacity);
    if (this.#sealed) {
      beginFrame(writer);
      writer.u8(4);
    }
    this.#writer = writer;
    setImmediate(() => {
      if (this.#writer === writer) this.#flush();
    });
    return writer;
  }

  #flush(): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    if (this.#sealed) endFrame(writer, 0);
    this.#capacity = Math.max(512, Math.min(writer.length + (writer.length >> 2), 512 * 1024));
    this.#socket.send(writer.take(), this.#room.onTaken);
    this.#writer = undefined;
  }
}

function unpack(data: Uint8Array, sealed: boolean, onMessage: OnMessage, wire: Wire): void {
  let items = data;
  if (sealed) {
    const opened = openFrame(data, 0, { frameBytesMax: 4 * 1024 * 1024 });
    if (opened.type !== 'whole') throw new Error('the frame is not whole');
    items = opened.payload;
  }
  const reader = new ByteReader(items);
  if (sealed) reader.u8();
  while (reader.remaining > 0) {
    reader.varint();
    onMessage(reader.bytes(), wire);
  }
}

/** Room in a socket, told by its callbacks. */
class RoomOf {
  readonly #socket: WebSocket;
  #wake: (() => void) | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  readonly onTaken = (): void => {
    if (this.#socket.bufferedAmount >= socketBytesMax) return;
    this.#wake?.();
    this.#wake = undefined;
  };

  wait(): Promise<void> {
    if (this.#socket.bufferedAmount < socketBytesMax) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
