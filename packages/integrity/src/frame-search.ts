/**
 * Frames from a stream in which some bytes are damaged, as on a raw device or a serial line: what is no frame is
 * skipped up to the next one that is whole. Over a transport that keeps bytes whole by itself damage means that an end
 * is broken; there, refuse with `FrameDecoder`.
 */
import { InvalidArgumentError } from '@synod/core';
import { checkExpectation, type FrameExpectation, frameCheckHolds, neededBytes, payloadOf } from './frame.js';
import { FrameDamagedError } from './frame-decoder.js';

const magic = 0xa7;
const noBytes = new Uint8Array(0);

/** What a {@link FrameSearch} needs to know. */
export interface FrameSearchOptions extends FrameExpectation {
  /**
   * Called once for each run of skipped bytes, before the frame after it is delivered.
   *
   * @param bytes - How many.
   * @param offset - Where they begin, in bytes from the begin of the stream.
   */
  readonly onSkipped: (bytes: number, offset: number) => void;
  /**
   * Bytes that may be checked in vain for each byte of the stream, at least 1. Default 8. A sound header that no sound
   * frame follows costs a check of all that it announced; in accidents that is rare, so only an opponent's stream
   * reaches the limit. `frameBytesMax` times as many are granted at once.
   */
  readonly checkedPerByte?: number;
}

/**
 * Finds the whole frames in a stream, whatever else is in it.
 *
 * @remarks
 * It never delivers a damaged frame: skipping changes where a frame is looked for, not what is accepted. It holds at
 * most one frame, `frameBytesMax` bytes. A damaged length that passes its own check may make it wait for that many bytes
 * before it finds the frames among them. The work for each byte is bounded, by `checkedPerByte`.
 *
 * @example
 * ```ts
 * const search = new FrameSearch({ frameBytesMax: 1024, onSkipped: (bytes) => console.log('skipped', bytes) });
 * search.push(Uint8Array.of(9, 9, ...sealFrame(Uint8Array.of(1, 2, 3))), (payload) => console.log(payload));
 * // skipped 2, then Uint8Array [1, 2, 3]
 * ```
 */
export class FrameSearch {
  readonly #options: FrameSearchOptions;
  readonly #checkedPerByte: number;
  /** What may yet begin a frame; the first `#pendingBytes` bytes are filled. */
  #buffer: Uint8Array = noBytes;
  #pendingBytes = 0;
  /** Bytes to have in `#buffer` before it is worth looking again. */
  #needed = 0;
  /** Offset in the stream of what `#buffer` begins with. */
  #offset = 0;
  /** Bytes skipped since the last whole frame. */
  #skipped = 0;
  /** Bytes that may still be checked in vain. */
  #checkable: number;
  #failure: Error | undefined;

  /**
   * @param options - Greatest accepted frame, the salt, and whom to tell of skipped bytes.
   * @throws InvalidArgumentError when a limit is out of range.
   */
  constructor(options: FrameSearchOptions) {
    checkExpectation(options);
    const { checkedPerByte = 8 } = options;
    if (!(checkedPerByte >= 1)) {
      throw new InvalidArgumentError(`checkedPerByte is ${checkedPerByte}: it must be at least 1`);
    }
    this.#options = { ...options };
    this.#checkedPerByte = checkedPerByte;
    this.#checkable = checkedPerByte * options.frameBytesMax;
  }

  /** Bytes held that may yet begin a frame. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * Takes the next bytes of the stream.
   *
   * @param chunk - The bytes. Not kept, but payloads may be views of it.
   * @param deliver - Called with the payload of each whole frame, in order. It must not call `push`; what it throws
   * passes through, and ends the search.
   * @throws {@link FrameDamagedError} when more was checked in vain than `checkedPerByte` allows.
   *
   * @remarks
   * After a throw every later `push` throws the same.
   */
  push(chunk: Uint8Array, deliver: (payload: Uint8Array) => void): void {
    this.#guard(() => {
      if (this.#pendingBytes === 0) {
        this.#keepFrom(chunk, this.#search(chunk, deliver, false));
        return;
      }
      this.#append(chunk);
      if (this.#pendingBytes < this.#needed) return;
      const bytes = this.#takePending();
      this.#keepFrom(bytes, this.#search(bytes, deliver, false));
    });
  }

  /**
   * Says that the stream has ended: what is held begins no whole frame, so those inside it are found.
   *
   * @param deliver - As for {@link FrameSearch.push}.
   * @throws {@link FrameDamagedError} as `push`.
   */
  end(deliver: (payload: Uint8Array) => void): void {
    this.#guard(() => {
      this.#search(this.#takePending(), deliver, true);
      this.#reportSkipped();
    });
  }

  #guard(act: () => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      act();
    } catch (thrown) {
      this.#failure =
        thrown instanceof Error ? thrown : new InvalidArgumentError(`a callback threw ${String(thrown)}`);
      this.#takePending();
      throw thrown;
    }
  }

  /** Delivers what is whole, skips what is no frame, and gives where a frame may begin that is not all there. */
  #search(bytes: Uint8Array, deliver: (payload: Uint8Array) => void, ended: boolean): number {
    let start = 0;
    while (start < bytes.length) {
      const needed = neededBytes(bytes, start, bytes.length, this.#options);
      const end = typeof needed === 'string' ? start : start + needed;
      if (end > bytes.length && !ended) {
        this.#needed = end - start;
        return start;
      }
      if (end === start || end > bytes.length || !this.#holds(bytes, start, end)) {
        const distance = distanceToMagic(bytes, start);
        this.#skipped += distance;
        this.#pass(distance);
        start += distance;
        continue;
      }
      this.#reportSkipped();
      this.#pass(end - start);
      deliver(payloadOf(bytes, start));
      start = end;
    }
    return start;
  }

  #holds(bytes: Uint8Array, start: number, end: number): boolean {
    if (frameCheckHolds(bytes, start, end, this.#options)) return true;
    this.#checkable -= end - start;
    if (this.#checkable < 0) throw new FrameDamagedError('payload', this.#offset);
    return false;
  }

  #pass(bytes: number): void {
    this.#offset += bytes;
    const { frameBytesMax } = this.#options;
    this.#checkable = Math.min(
      this.#checkable + this.#checkedPerByte * bytes,
      this.#checkedPerByte * frameBytesMax,
    );
  }

  #reportSkipped(): void {
    const skipped = this.#skipped;
    this.#skipped = 0;
    if (skipped > 0) this.#options.onSkipped(skipped, this.#offset - skipped);
  }

  #keepFrom(bytes: Uint8Array, start: number): void {
    if (start === bytes.length) return;
    this.#append(bytes.subarray(start));
  }

  #takePending(): Uint8Array {
    const bytes = this.#buffer.subarray(0, this.#pendingBytes);
    this.#buffer = noBytes;
    this.#pendingBytes = 0;
    return bytes;
  }

  /** Doubling makes the copying cost at most one more copy. */
  #append(bytes: Uint8Array): void {
    const filled = this.#pendingBytes + bytes.length;
    if (filled > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(filled, Math.min(2 * this.#buffer.length, this.#needed)));
      grown.set(this.#buffer.subarray(0, this.#pendingBytes));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#pendingBytes);
    this.#pendingBytes = filled;
  }
}

/** From a byte that begins no frame to the next one that may. */
function distanceToMagic(bytes: Uint8Array, start: number): number {
  const next = bytes.indexOf(magic, start + 1);
  return (next === -1 ? bytes.length : next) - start;
}
