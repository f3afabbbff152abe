/**
 * The streams of one connection. Those that can send stand in line and send a chunk each in turn; nothing is queued
 * for them, as frames are made of what their writers wait with when the socket has room.
 */
import { ByteWriter, type Clock, DecodeError } from '@synod/core';
import { beginFrame, endFrame, frameOverheadBytes } from '@synod/integrity';
import { definite, ExchangeError, failureOf, uncertain } from './exchange-error.js';
import {
  type ExchangeItem,
  exchangeFrameKind,
  type Failure,
  itemTag,
  methodNameBytesMax,
  writeItemHead,
} from './exchange-items.js';
import type { ExchangeLink } from './exchange-link.js';
import { type NodeStream, StreamEnd, type StreamOwner } from './node-stream.js';

/**
 * Takes streams of one name that peers open. The stream ends when what it returns has settled: then its writing side
 * is finished, and it is given up if the opener still sends. What it throws reaches the opener.
 */
export type StreamHandler = (stream: NodeStream) => void | Promise<void>;

/** How a stream is opened. */
export interface StreamOptions {
  /** Said to the handler before anything else, at most 4096 bytes. Default: nothing. */
  readonly header?: Uint8Array;
  /** Milliseconds until the peer must have accepted it. 1 to 2^31 - 1. Default: `limits.callTimeoutMs`. */
  readonly timeoutMs?: number;
  /** Gives the stream up, at any time. */
  readonly signal?: AbortSignal;
}

/** Bounds on the streams of a connection. */
export interface StreamLimits {
  /** Greatest length of a frame. */
  readonly frameBytesMax: number;
  /** Most open streams that this side opened, and that the other side opened. */
  readonly streamsOpenMax: number;
  /** What the other end may send unread. */
  readonly streamWindowBytes: number;
  /** Greatest length of a chunk. */
  readonly streamChunkBytes: number;
}

interface Opening {
  resolve(stream: StreamEnd): void;
  reject(error: ExchangeError): void;
  stopTimer(): void;
}

/** Bytes of a frame around the payload of one chunk, with room to spare for the numbers. */
const frameRoomBytes = frameOverheadBytes + 32;

/** Bytes of a frame around the header of an opened stream, its name included. */
const openRoomBytes = frameRoomBytes + methodNameBytesMax;
/** Greatest length of the header of a stream. */
const streamHeaderBytesMax = 4096;

/** Streams over one connection. */
export class StreamTable implements StreamOwner {
  readonly #link: ExchangeLink;
  readonly #clock: Clock;
  readonly #limits: StreamLimits;
  readonly #handlers: ReadonlyMap<string, StreamHandler>;
  readonly #streams = new Map<number, StreamEnd>();
  readonly #openings = new Map<number, Opening>();
  readonly #stopWatching = new Map<StreamEnd, () => void>();
  #line: StreamEnd[] = [];
  readonly #head = new ByteWriter(64);
  #nextId: number;
  #highestForeignId: number;
  #ownOpen = 0;
  /** Whether new streams are refused, since this side is about to close. */
  draining = false;
  /** Told when a stream is open no more. */
  onEnded: () => void = () => {};

  /**
   * @param link - The connection.
   * @param clock - Where deadlines come from.
   * @param limits - Bounds.
   * @param handlers - Handlers by name.
   * @param dialer - Whether this side dialed: its streams have odd ids.
   */
  constructor(
    link: ExchangeLink,
    clock: Clock,
    limits: StreamLimits,
    handlers: ReadonlyMap<string, StreamHandler>,
    dialer: boolean,
  ) {
    this.#link = link;
    this.#clock = clock;
    this.#limits = limits;
    this.#handlers = handlers;
    this.#nextId = dialer ? 1 : 2;
    this.#highestForeignId = dialer ? 0 : -1;
  }

  /** Streams that are open. */
  get size(): number {
    return this.#streams.size;
  }

  /** Whether a stream has something to send. */
  get sendable(): boolean {
    return this.#line.length > 0;
  }

  /**
   * Opens a stream; resolves when the peer accepted it.
   *
   * @param name - Name of the handler.
   * @param options - How.
   * @param deadlineMs - When the peer must have accepted, by the clock.
   */
  open(name: string, options: StreamOptions, deadlineMs: number): Promise<NodeStream> {
    const { peer } = this.#link;
    const header = new Uint8Array(options.header ?? []);
    const refusal = this.#refusalBeforehand(name, header, options.signal);
    if (refusal !== undefined) return Promise.reject(new ExchangeError(peer, name, refusal));
    const id = this.#nextId;
    this.#nextId += 2;
    this.#ownOpen++;
    const stream = new StreamEnd(id, { peer, name, header }, this.#limits.streamWindowBytes, this);
    this.#streams.set(id, stream);
    this.#watch(stream, options.signal);
    return new Promise((resolve, reject) => {
      const stopTimer = this.#clock.after(Math.max(0, deadlineMs - this.#clock.now()), () =>
        stream.giveUp(uncertain('DEADLINE_EXCEEDED', `${peer} did not accept the stream ${name} in time`)),
      );
      this.#openings.set(id, { resolve, reject, stopTimer });
      stream.closed.catch((error: ExchangeError) => {
        this.#openings.delete(id);
        stopTimer();
        reject(error);
      });
      const window = this.#limits.streamWindowBytes;
      const result = this.#link.push({ type: 'open', id, name, window, payload: header }, 'bounded');
      if (result !== 'queued') stream.fail(laneFull);
    });
  }

  /**
   * The peer said something about a stream.
   *
   * @param item - What.
   * @throws DecodeError when it may not.
   */
  receive(
    item: Extract<ExchangeItem, { type: 'open' | 'accept' | 'chunk' | 'end' | 'credit' | 'reset' }>,
  ): void {
    if (item.type === 'open') {
      this.#accept(item);
      return;
    }
    const stream = this.#streams.get(item.id);
    if (stream === undefined) {
      if (!this.#wasOpen(item.id)) throw new DecodeError(`stream ${item.id} was never opened`);
      return;
    }
    switch (item.type) {
      case 'accept':
        this.#onAccepted(stream, item.window);
        return;
      case 'chunk':
        stream.receiveChunk(item.payload);
        return;
      case 'end':
        if (!stream.receiveEnd()) throw new DecodeError(`stream ${item.id} ended twice`);
        return;
      case 'credit':
        stream.grant(item.bytes);
        return;
      case 'reset':
        stream.failRemotely(item.failure, this.#isOwn(item.id));
        return;
    }
  }

  /** The next frame of chunks, a chunk of each stream in turn; `undefined` when none can send. */
  takeFrame(): Uint8Array | undefined {
    const { frameBytesMax, streamChunkBytes } = this.#limits;
    const goal = Math.min(frameBytesMax, streamChunkBytes + frameRoomBytes);
    let writer: ByteWriter | undefined;
    while (this.#line.length > 0 && (writer?.length ?? 0) + frameRoomBytes < goal) {
      const stream = this.#line.shift();
      if (stream === undefined) break;
      stream.inLine = false;
      const room = goal - (writer?.length ?? frameOverheadBytes + 1) - (frameRoomBytes - frameOverheadBytes);
      const chunkBytes = Math.min(room, streamChunkBytes);
      writer ??= this.#beginFrame(Math.min(stream.sendableBytes, chunkBytes));
      const item = stream.takeItem(chunkBytes);
      if (item !== undefined) this.#append(writer, item);
      if (stream.sendable) this.onSendable(stream);
    }
    if (writer === undefined || writer.length === frameOverheadBytes + 1) return undefined;
    endFrame(writer, 0);
    return writer.take();
  }

  onSendable(stream: StreamEnd): void {
    if (stream.inLine) return;
    stream.inLine = true;
    this.#line.push(stream);
    this.#link.wakeStreams();
  }

  say(item: ExchangeItem): void {
    this.#link.push(item, 'forced');
  }

  onOver(stream: StreamEnd): void {
    if (!this.#streams.delete(stream.id)) return;
    if (this.#isOwn(stream.id)) this.#ownOpen--;
    this.#stopWatching.get(stream)?.();
    this.#stopWatching.delete(stream);
    if (stream.inLine) this.#line = this.#line.filter((each) => each !== stream);
    stream.inLine = false;
    this.onEnded();
  }

  /**
   * The connection ended: all streams failed.
   *
   * @param failure - Why.
   */
  end(failure: Failure): void {
    for (const stream of [...this.#streams.values()]) stream.fail(failure);
  }

  #refusalBeforehand(name: string, header: Uint8Array, signal: AbortSignal | undefined): Failure | undefined {
    if (signal?.aborted) return definite('CANCELLED', 'the signal was aborted before the stream was opened');
    if (this.#ownOpen >= this.#limits.streamsOpenMax)
      return definite('TOO_MANY_STREAMS', 'too many streams to this peer are open: finish some first');
    if (header.length > this.#headerBytesMax)
      return definite(
        'TOO_LARGE',
        `a header of ${header.length} bytes is too long for ${name}: say at most ${this.#headerBytesMax}, write the rest`,
      );
    return undefined;
  }

  /** Headers are held while their streams are open, and so are bounded more tightly than frames. */
  get #headerBytesMax(): number {
    return Math.min(streamHeaderBytesMax, this.#limits.frameBytesMax - openRoomBytes);
  }

  #watch(stream: StreamEnd, signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const onAbort = (): void => stream.cancel('the signal of its opener was aborted');
    signal.addEventListener('abort', onAbort);
    this.#stopWatching.set(stream, () => signal.removeEventListener('abort', onAbort));
  }

  #accept(item: Extract<ExchangeItem, { type: 'open' }>): void {
    const { id, name, window, payload } = item;
    if (payload.length > streamHeaderBytesMax)
      throw new DecodeError(`stream ${id} has a header of more than ${streamHeaderBytesMax} bytes`);
    if (this.#isOwn(id) || id <= this.#highestForeignId)
      throw new DecodeError(`stream ${id} was opened under an id that is not the next one of the peer`);
    this.#highestForeignId = id;
    const handler = this.#handlers.get(name);
    const refusal = this.#refusalOf(handler);
    if (handler === undefined || refusal !== undefined) {
      this.say({ type: 'reset', id, failure: refusal ?? noSuchStream });
      return;
    }
    const subject = { peer: this.#link.peer, name, header: new Uint8Array(payload) };
    const stream = new StreamEnd(id, subject, this.#limits.streamWindowBytes, this);
    this.#streams.set(id, stream);
    this.say({ type: 'accept', id, window: this.#limits.streamWindowBytes });
    stream.grant(window);
    void serve(stream, handler);
  }

  #refusalOf(handler: StreamHandler | undefined): Failure | undefined {
    if (this.draining) return definite('DRAINING', 'this node is about to close: open it at another');
    if (handler === undefined) return noSuchStream;
    if (this.#streams.size - this.#ownOpen < this.#limits.streamsOpenMax) return undefined;
    return definite('TOO_MANY_STREAMS', 'too many streams of this peer are open here: open it later');
  }

  #onAccepted(stream: StreamEnd, window: number): void {
    const opening = this.#openings.get(stream.id);
    if (opening === undefined) throw new DecodeError(`stream ${stream.id} was accepted without being asked`);
    this.#openings.delete(stream.id);
    opening.stopTimer();
    stream.grant(window);
    opening.resolve(stream);
  }

  #isOwn(id: number): boolean {
    return id % 2 === this.#nextId % 2;
  }

  #wasOpen(id: number): boolean {
    return this.#isOwn(id) ? id > 0 && id < this.#nextId : id <= this.#highestForeignId;
  }

  #beginFrame(payloadBytes: number): ByteWriter {
    const writer = new ByteWriter(payloadBytes + frameRoomBytes + 128);
    beginFrame(writer);
    writer.u8(exchangeFrameKind);
    return writer;
  }

  #append(writer: ByteWriter, item: ExchangeItem): void {
    this.#head.clear();
    const payload = writeItemHead(this.#head, item);
    const head = this.#head.view();
    writer.varint(itemTag[item.type]);
    writer.varint(head.length + payload.length);
    writer.raw(head);
    writer.raw(payload);
  }
}

const laneFull = definite('LANE_FULL', 'too many bytes wait for the peer: open it once there is room');
const noSuchStream = definite('NO_SUCH_STREAM', 'this node handles no stream of this name');

async function serve(stream: StreamEnd, handler: StreamHandler): Promise<void> {
  try {
    await handler(stream);
    await stream.finish();
    if (!stream.endReceived) stream.cancel('its handler ended before the opener did');
  } catch (error) {
    stream.giveUp(failureOf(error));
  }
}
