/**
 * Flow control of a stream, as two counters without sockets. A reader grants credit in bytes; a writer sends no more
 * than it was granted; what is read is granted again. So a reader that is stuck bounds what both sides hold. A chunk
 * costs its length and a fixed sum, for its place in the queue: a flood of tiny chunks is bounded as well.
 */
import { DecodeError } from '@synod/core';

/** What a chunk costs beside its length, in bytes of credit. */
export const chunkCostBytes = 64;

/** What a writer may send. */
export class SendCredit {
  #credit = 0;

  /** Bytes of payload that the next chunk may have; 0 when it has to wait. */
  get chunkBytesMax(): number {
    return Math.max(0, this.#credit - chunkCostBytes);
  }

  /**
   * The reader grants more.
   *
   * @param bytes - How much.
   * @throws DecodeError when that is more than can be counted.
   */
  grant(bytes: number): void {
    if (!Number.isSafeInteger(this.#credit + bytes))
      throw new DecodeError('the credit of a stream overflows');
    this.#credit += bytes;
  }

  /**
   * A chunk is sent.
   *
   * @param chunkBytes - Its length, at most {@link chunkBytesMax}.
   */
  spend(chunkBytes: number): void {
    this.#credit -= chunkBytes + chunkCostBytes;
  }
}

/** What a reader has granted, and holds. */
export class ReceiveWindow {
  readonly #window: number;
  #granted: number;
  #readSince = 0;

  /** @param window - Greatest cost of the chunks that are under way or wait here, in bytes. */
  constructor(window: number) {
    this.#window = window;
    this.#granted = window;
  }

  /**
   * A chunk came.
   *
   * @param chunkBytes - Its length.
   * @throws DecodeError when it was not granted.
   */
  receive(chunkBytes: number): void {
    this.#granted -= chunkBytes + chunkCostBytes;
    if (this.#granted < 0) throw new DecodeError('a chunk came on a stream without credit for it');
  }

  /**
   * A chunk was read and is held no more.
   *
   * @param chunkBytes - Its length.
   * @returns Credit to grant now: 0 until half the window was read, so that grants are few.
   */
  release(chunkBytes: number): number {
    this.#readSince += chunkBytes + chunkCostBytes;
    if (this.#readSince * 2 < this.#window) return 0;
    const grant = this.#readSince;
    this.#granted += grant;
    this.#readSince = 0;
    return grant;
  }
}
