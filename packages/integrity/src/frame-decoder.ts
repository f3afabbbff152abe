/**
 * Frames from a stream that is cut into chunks anywhere. A frame that lies whole in a chunk is handed on as a view of
 * it; only a frame cut by chunks is copied, into a buffer that grows with the bytes that came and never with the
 * length that was announced. So a peer must send a byte for each byte it makes us hold (at most two), up to
 * `frameBytesMax`.
 */
import { InvalidArgumentError, SynodError } from '@synod/core';
import {
  checkExpectation,
  type FrameDamage,
  type FrameExpectation,
  frameCheckHolds,
  frameOverheadBytes,
  neededBytes,
  payloadOf,
} from './frame.js';

const noBytes = new Uint8Array(0);

/** Bytes that should be a sealed frame are none. Nothing of it was handed on; close the connection they came from. */
export class FrameDamagedError extends SynodError {
  /** What does not hold. */
  readonly reason: FrameDamage;
  /** Where the frame begins, in bytes from the begin of the stream. */
  readonly offset: number;

  /**
   * @param reason - What does not hold.
   * @param offset - Where the frame begins, in bytes from the begin of the stream.
   */
  constructor(reason: FrameDamage, offset: number) {
    super({
      code: 'FRAME_DAMAGED',
      message: `the bytes at offset ${offset} are not a whole sealed frame of version 1: ${damageInWords[reason]}`,
    });
    this.reason = reason;
    this.offset = offset;
  }
}

const damageInWords: Readonly<Record<FrameDamage, string>> = {
  magic: 'the first byte is not 0xA7',
  header: 'the header check fails',
  version: 'the header is sound but of an unknown version',
  checksum: 'the header is sound but names a checksum that is not accepted',
  tooLarge: 'the frame is above the limit',
  payload: 'the frame check fails',
};

/** A sound header announces a frame above the reader's limit. Nothing of it was handed on. */
export class FrameTooLargeError extends SynodError {
  /** The limit that was passed, in bytes. */
  readonly frameBytesMax: number;
  /** Where the frame begins, in bytes from the begin of the stream. */
  readonly offset: number;

  /**
   * @param frameBytesMax - The limit that was passed, in bytes.
   * @param offset - Where the frame begins, in bytes from the begin of the stream.
   */
  constructor(frameBytesMax: number, offset: number) {
    super({
      code: 'FRAME_TOO_LARGE',
      message: `the frame at offset ${offset} is longer than frameBytesMax, ${frameBytesMax} bytes: send smaller ones, or raise the limit`,
    });
    this.frameBytesMax = frameBytesMax;
    this.offset = offset;
  }
}

/**
 * Finds the frames in a stream of chunks.
 *
 * @example
 * ```ts
 * const decoder = new FrameDecoder({ frameBytesMax: 1024 });
 * const frame = sealFrame(Uint8Array.of(1, 2, 3));
 * decoder.push(frame.subarray(0, 5), (payload) => console.log(payload)); // nothing yet
 * decoder.push(frame.subarray(5), (payload) => console.log(payload)); // Uint8Array [1, 2, 3]
 * ```
 */
export class FrameDecoder {
  readonly #expectation: FrameExpectation;
  /** The begin of a frame that is cut; the first `#pendingBytes` bytes are filled. */
  #buffer: Uint8Array = noBytes;
  #pendingBytes = 0;
  /** Offset in the stream of the frame that comes next, or that `#buffer` begins with. */
  #frameOffset = 0;
  /** Why no more is decoded. */
  #failure: Error | undefined;

  /**
   * @param expectation - Greatest accepted frame, and the salt.
   * @throws InvalidArgumentError when a limit is out of range.
   */
  constructor(expectation: FrameExpectation) {
    checkExpectation(expectation);
    this.#expectation = { ...expectation };
  }

  /** Bytes held of a frame that is not whole yet. More than 0 when the stream has ended: it was cut off. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * Takes the next bytes of the stream.
   *
   * @param chunk - The bytes. Not kept, but payloads may be views of it.
   * @param deliver - Called with the payload of each frame that became whole, in order, before `push` returns. The
   * payload is a view of `chunk`, or a buffer that belongs to the callee. It must not call `push`; what it throws
   * passes through, and ends the decoding.
   * @throws {@link FrameDamagedError} when the bytes are no frame; the whole frames before it were delivered.
   * @throws {@link FrameTooLargeError} when a frame is above the limit; likewise.
   *
   * @remarks
   * After a throw every later `push` throws the same: where the next frame begins is not known any more.
   */
  push(chunk: Uint8Array, deliver: (payload: Uint8Array) => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const start = this.#pendingBytes === 0 ? 0 : this.#finishPending(chunk, deliver);
      this.#openWhole(chunk, start, deliver);
    } catch (thrown) {
      this.#failure =
        thrown instanceof Error ? thrown : new InvalidArgumentError(`deliver threw ${String(thrown)}`);
      this.#buffer = noBytes;
      this.#pendingBytes = 0;
      throw thrown;
    }
  }

  /** Completes the frame that an earlier chunk began, and gives the offset in `chunk` where the next one begins. */
  #finishPending(chunk: Uint8Array, deliver: (payload: Uint8Array) => void): number {
    let taken = 0;
    for (;;) {
      const needed = this.#needed(this.#buffer, 0, this.#pendingBytes);
      const missing = needed - this.#pendingBytes;
      if (missing === 0) {
        const frame = this.#buffer;
        this.#buffer = noBytes;
        this.#pendingBytes = 0;
        this.#handOn(frame, 0, needed, deliver);
        return taken;
      }
      if (taken === chunk.length) return taken;
      const end = Math.min(chunk.length, taken + missing);
      this.#keep(chunk, taken, end, needed);
      taken = end;
    }
  }

  #openWhole(chunk: Uint8Array, from: number, deliver: (payload: Uint8Array) => void): void {
    let start = from;
    while (start < chunk.length) {
      const needed = this.#needed(chunk, start, chunk.length);
      const end = start + needed;
      if (end > chunk.length) {
        this.#keep(chunk, start, chunk.length, needed);
        return;
      }
      this.#handOn(chunk, start, end, deliver);
      start = end;
    }
  }

  #handOn(bytes: Uint8Array, start: number, end: number, deliver: (payload: Uint8Array) => void): void {
    if (!frameCheckHolds(bytes, start, end, this.#expectation)) {
      throw new FrameDamagedError('payload', this.#frameOffset);
    }
    this.#frameOffset += end - start;
    deliver(payloadOf(bytes, start));
  }

  #needed(bytes: Uint8Array, start: number, filled: number): number {
    const needed = neededBytes(bytes, start, filled, this.#expectation);
    if (typeof needed === 'number') return needed;
    if (needed === 'tooLarge')
      throw new FrameTooLargeError(this.#expectation.frameBytesMax, this.#frameOffset);
    throw new FrameDamagedError(needed, this.#frameOffset);
  }

  /** Appends a part of a chunk to the frame that is cut; doubling makes the copying cost at most one more copy. */
  #keep(chunk: Uint8Array, start: number, end: number, needed: number): void {
    const filled = this.#pendingBytes + end - start;
    if (filled > this.#buffer.length) {
      const grown = new Uint8Array(
        Math.min(needed, Math.max(filled, this.#buffer.length * 2, frameOverheadBytes)),
      );
      grown.set(this.#buffer.subarray(0, this.#pendingBytes));
      this.#buffer = grown;
    }
    this.#buffer.set(chunk.subarray(start, end), this.#pendingBytes);
    this.#pendingBytes = filled;
  }
}
