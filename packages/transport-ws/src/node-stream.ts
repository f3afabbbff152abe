/**
 * One end of a stream: a writer that waits for credit and a reader that grants it. Both directions are alike; the
 * stream is over when both have ended and all was read, or at once when one side gives it up.
 */
import { DecodeError, InvalidArgumentError, type NodeId } from '@synod/core';
import { ExchangeError, uncertain } from './exchange-error.js';
import type { ExchangeItem, Failure } from './exchange-items.js';
import { ReceiveWindow, SendCredit } from './stream-credit.js';

/** Bytes in both directions between two nodes, in order, as fast as the reader reads. */
export interface NodeStream extends AsyncIterable<Uint8Array> {
  /** The other side. */
  readonly peer: NodeId;
  /** Name under which it was opened. */
  readonly name: string;
  /** What the opener said about it. */
  readonly header: Uint8Array;
  /**
   * Sends bytes. Waits until all are handed to the connection, which takes no more than the reader granted: await it,
   * and a slow reader slows the writer.
   *
   * @param bytes - Any number; they travel in chunks. Not to be changed before the promise settles.
   * @throws ExchangeError (as a rejection) when the stream failed.
   * @throws InvalidArgumentError (as a rejection) when an earlier write is under way, or after `finish`.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends this direction: the reader sees the end after the last byte. Resolves once that is handed to the connection. */
  finish(): Promise<void>;
  /**
   * The next bytes, in chunks of any length; `undefined` after the last. `for await` does the same, and gives the
   * stream up when it is left early. One reader at a time.
   *
   * @throws ExchangeError (as a rejection) when the stream failed.
   */
  read(): Promise<Uint8Array | undefined>;
  /**
   * Gives the whole stream up: what waits is forgotten, and both sides' reads and writes fail with `CANCELLED`.
   *
   * @param reason - Why, for people at the other end.
   */
  cancel(reason?: string): void;
  /** Resolves when both directions have ended and all was read; rejects with an ExchangeError when the stream failed. */
  readonly closed: Promise<void>;
}

/** What an end of a stream asks of its connection. */
export interface StreamOwner {
  /** It has something to send. */
  onSendable(stream: StreamEnd): void;
  /** Says something to the other end, ahead of what waits in streams. */
  say(item: ExchangeItem): void;
  /** It is over. */
  onOver(stream: StreamEnd): void;
}

interface PendingWrite {
  readonly bytes: Uint8Array;
  sent: number;
  resolve(): void;
  reject(error: ExchangeError): void;
}

interface Settler {
  resolve(): void;
  reject(error: ExchangeError): void;
}

interface WaitingReader {
  resolve(chunk: Uint8Array | undefined): void;
  reject(error: ExchangeError): void;
}

/** One end of a stream. */
export class StreamEnd implements NodeStream {
  readonly id: number;
  readonly peer: NodeId;
  readonly name: string;
  readonly header: Uint8Array;
  readonly closed: Promise<void>;
  /** Whether it stands in its connection's line of streams that can send. */
  inLine = false;
  readonly #owner: StreamOwner;
  readonly #credit = new SendCredit();
  readonly #window: ReceiveWindow;
  readonly #chunks: Uint8Array[] = [];
  #write: PendingWrite | undefined;
  #finish: Settler | undefined;
  #finished: Promise<void> | undefined;
  #endSent = false;
  #endReceived = false;
  #reader: WaitingReader | undefined;
  #failure: ExchangeError | undefined;
  #readFailure: ExchangeError | undefined;
  #settleClosed: Settler | undefined;

  /**
   * @param id - Its id on the connection.
   * @param subject - Whom it is with, and about what.
   * @param windowBytes - What the other end may send unread.
   * @param owner - The connection's streams.
   */
  constructor(
    id: number,
    subject: { readonly peer: NodeId; readonly name: string; readonly header: Uint8Array },
    windowBytes: number,
    owner: StreamOwner,
  ) {
    this.id = id;
    this.peer = subject.peer;
    this.name = subject.name;
    this.header = subject.header;
    this.#window = new ReceiveWindow(windowBytes);
    this.#owner = owner;
    this.closed = new Promise<void>((resolve, reject) => {
      this.#settleClosed = { resolve, reject };
    });
    // Whoever does not look at it hears of the failure from reads and writes.
    this.closed.catch(() => {});
  }

  /** Bytes of payload that can be sent now. */
  get sendableBytes(): number {
    const write = this.#write;
    return write === undefined ? 0 : Math.min(write.bytes.length - write.sent, this.#credit.chunkBytesMax);
  }

  /** Whether it has something to send, and may. */
  get sendable(): boolean {
    if (this.#failure !== undefined || this.#endSent) return false;
    return this.#write === undefined ? this.#finish !== undefined : this.#credit.chunkBytesMax > 0;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#finished !== undefined)
      return Promise.reject(new InvalidArgumentError('the stream was finished: write before that'));
    if (this.#write !== undefined)
      return Promise.reject(new InvalidArgumentError('a write is under way: await it before the next'));
    if (bytes.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#write = { bytes, sent: 0, resolve, reject };
      this.#tellSendable();
    });
  }

  finish(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#finished ??= new Promise((resolve, reject) => {
      this.#finish = { resolve, reject };
      this.#tellSendable();
    });
    return this.#finished;
  }

  read(): Promise<Uint8Array | undefined> {
    if (this.#readFailure !== undefined) return Promise.reject(this.#readFailure);
    if (this.#reader !== undefined)
      return Promise.reject(new InvalidArgumentError('a read is under way: await it before the next'));
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#release(chunk);
      this.#endIfOver();
      return Promise.resolve(chunk);
    }
    if (this.#endReceived) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    let ended = false;
    try {
      for (;;) {
        const chunk = await this.read();
        if (chunk === undefined) {
          ended = true;
          return;
        }
        yield chunk;
      }
    } finally {
      if (!ended) this.cancel('the reader stopped before the end');
    }
  }

  cancel(reason = 'no reason was given'): void {
    this.giveUp(uncertain('CANCELLED', `the stream was given up: ${reason}`));
  }

  /** Ends it from this side, and tells the other. */
  giveUp(failure: Failure): void {
    if (this.#over) return;
    this.#owner.say({ type: 'reset', id: this.id, failure });
    this.fail(failure);
  }

  /** It failed. */
  fail(failure: Failure): void {
    this.#fail(new ExchangeError(this.peer, this.name, failure), false);
  }

  /**
   * The other side gave it up.
   *
   * @param failure - Why.
   * @param opened - Whether this side opened it. What came whole before can then still be read; for the other side it
   * is forgotten, as a stream that is open no more must hold no memory that a peer decides on.
   */
  failRemotely(failure: Failure, opened: boolean): void {
    this.#fail(
      new ExchangeError(this.peer, this.name, failure, { remote: true }),
      opened && this.#endReceived,
    );
  }

  /** The other end may be sent more. */
  grant(bytes: number): void {
    this.#credit.grant(bytes);
    this.#tellSendable();
  }

  /** A chunk came. Kept until it is read. */
  receiveChunk(chunk: Uint8Array): void {
    if (this.#endReceived) throw new DecodeError('a chunk came on a stream after its end');
    this.#window.receive(chunk.length);
    // A small chunk would hold on to all the memory of the message that it came in.
    const kept = chunk.buffer.byteLength > chunk.length * 2 ? new Uint8Array(chunk) : chunk;
    const reader = this.#reader;
    if (reader === undefined) {
      this.#chunks.push(kept);
      return;
    }
    this.#reader = undefined;
    this.#release(kept);
    reader.resolve(kept);
  }

  /** The other end sends no more. Returns whether it had not said so before. */
  receiveEnd(): boolean {
    if (this.#endReceived) return false;
    this.#endReceived = true;
    this.#reader?.resolve(undefined);
    this.#reader = undefined;
    this.#endIfOver();
    return true;
  }

  /** Whether the other end sent its end, or may not send any more. */
  get endReceived(): boolean {
    return this.#endReceived;
  }

  /**
   * What is to be sent next, if it may be.
   *
   * @param chunkBytesMax - Greatest length of a chunk.
   */
  takeItem(chunkBytesMax: number): ExchangeItem | undefined {
    const write = this.#write;
    if (write === undefined) {
      if (this.#finish === undefined || this.#endSent) return undefined;
      this.#endSent = true;
      this.#finish.resolve();
      this.#endIfOver();
      return { type: 'end', id: this.id };
    }
    const chunkBytes = Math.min(this.sendableBytes, chunkBytesMax);
    if (chunkBytes === 0) return undefined;
    this.#credit.spend(chunkBytes);
    const payload = write.bytes.subarray(write.sent, write.sent + chunkBytes);
    write.sent += chunkBytes;
    if (write.sent === write.bytes.length) {
      this.#write = undefined;
      write.resolve();
    }
    return { type: 'chunk', id: this.id, payload };
  }

  #fail(error: ExchangeError, stillRead: boolean): void {
    if (this.#over) return;
    this.#failure = error;
    this.#write?.reject(error);
    this.#finish?.reject(error);
    this.#finished?.catch(() => {});
    this.#write = undefined;
    this.#settleClosed?.reject(error);
    this.#owner.onOver(this);
    if (stillRead) return;
    this.#readFailure = error;
    this.#chunks.length = 0;
    this.#reader?.reject(error);
    this.#reader = undefined;
  }

  get #over(): boolean {
    return this.#failure !== undefined || this.#settleClosed === undefined;
  }

  #release(chunk: Uint8Array): void {
    const bytes = this.#window.release(chunk.length);
    if (bytes > 0 && !this.#endReceived && this.#failure === undefined)
      this.#owner.say({ type: 'credit', id: this.id, bytes });
  }

  #tellSendable(): void {
    if (this.sendable) this.#owner.onSendable(this);
  }

  #endIfOver(): void {
    if (!this.#endSent || !this.#endReceived || this.#chunks.length > 0) return;
    this.#settleClosed?.resolve();
    this.#settleClosed = undefined;
    this.#owner.onOver(this);
  }
}
