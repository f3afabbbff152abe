/**
 * Reads a segment frame by frame through a window, so that a large segment costs neither its size in memory nor a
 * long stretch of the event loop.
 */
import { ByteReader, type FileHandle } from '@synod/core';
import { frameOverheadBytes, openFrame } from '@synod/integrity';
import { segmentHeaderBytes } from './segment.js';
import { isZero } from './torn-write.js';

/** Bytes that one read of a segment asks for, unless a frame is longer. */
const windowBytes = 1 << 20;
/** Length a frame can announce at all: what a segment's file holds is the true limit. */
const frameBytesMax = 0xffff_ffff;

/** Where a frame's header holds the length of its payload. */
const frameLengthOffset = 4;

const empty = new Uint8Array(0);

/** Bytes that are no whole frame. */
export interface BrokenFrame {
  /** Says so. */
  readonly type: 'broken';
  /** Where they begin. */
  readonly offset: number;
  /** What is wrong with them. */
  readonly found: string;
  /** First offset at which another frame could begin. */
  readonly resumeAt: number;
  /** Length of the frame, when its header is sound. */
  readonly lengthBytes?: number;
}

/** What stands at the reader's position. */
export type ReadFrame =
  /** A whole frame; the reader goes on after it. The payload is a view, valid until the next read. */
  | { readonly type: 'whole'; readonly offset: number; readonly payload: Uint8Array; readonly end: number }
  /** The end of the file, exactly. */
  | { readonly type: 'end'; readonly offset: number }
  | BrokenFrame;

/** Takes the frames after a segment's header one by one. */
export class SegmentReader {
  readonly #file: FileHandle;
  readonly #salt: number;
  readonly #fileBytes: number;
  #position = segmentHeaderBytes;
  #window: Uint8Array = empty;
  #windowStart = segmentHeaderBytes;

  /**
   * @param file - The segment.
   * @param fileBytes - Its length.
   * @param salt - Salt of its frames.
   */
  constructor(file: FileHandle, fileBytes: number, salt: number) {
    this.#file = file;
    this.#fileBytes = fileBytes;
    this.#salt = salt;
  }

  /** The next frame, or why there is none. */
  async next(): Promise<ReadFrame> {
    const offset = this.#position;
    if (offset >= this.#fileBytes) return { type: 'end', offset };
    let wanted = frameOverheadBytes;
    for (;;) {
      if (offset + wanted > this.#fileBytes) {
        const found = `${this.#fileBytes - offset} bytes of a frame that needs at least ${wanted}`;
        if (wanted === frameOverheadBytes) return { type: 'broken', offset, found, resumeAt: offset + 1 };
        return { type: 'broken', offset, found, resumeAt: this.#fileBytes, lengthBytes: wanted };
      }
      await this.#have(offset, wanted);
      const opened = openFrame(this.#window, offset - this.#windowStart, { frameBytesMax, salt: this.#salt });
      if (opened.type === 'damaged') {
        const found = `a frame with a wrong ${opened.reason}`;
        if (opened.reason !== 'payload') return { type: 'broken', offset, found, resumeAt: offset + 1 };
        const resumeAt = this.#announcedEnd(offset);
        return { type: 'broken', offset, found, resumeAt, lengthBytes: resumeAt - offset };
      }
      if (opened.type === 'whole') {
        const end = this.#windowStart + opened.end;
        this.#position = end;
        return { type: 'whole', offset, payload: opened.payload, end };
      }
      wanted = Math.max(opened.needed, wanted + 1);
    }
  }

  /**
   * Goes on at an offset, for tools that look at what stands behind damage.
   *
   * @param offset - Where the next frame is looked for.
   */
  skipTo(offset: number): void {
    this.#position = offset;
    this.#window = empty;
  }

  /**
   * All bytes from an offset to the end of the file.
   *
   * @param offset - Where to begin.
   */
  rest(offset: number): Promise<Uint8Array> {
    return this.#file.read(offset, this.#fileBytes - offset);
  }

  /**
   * Whether nothing but zeros stands from an offset on, as where room was made for batches to come.
   *
   * @param offset - Where to begin.
   */
  async isZeroFrom(offset: number): Promise<boolean> {
    const bytes = await this.rest(offset);
    return isZero(bytes, 0, bytes.length);
  }

  /**
   * Looks for a whole frame at an offset or after it, byte by byte.
   *
   * @param offset - Where to begin.
   * @returns Offset of the first whole frame, or `undefined` when there is none.
   */
  async findWhole(offset: number): Promise<number | undefined> {
    const rest = await this.rest(offset);
    const expectation = { frameBytesMax, salt: this.#salt };
    for (let position = 0; position + frameOverheadBytes <= rest.length; position++) {
      if (openFrame(rest, position, expectation).type === 'whole') return offset + position;
    }
    return undefined;
  }

  /**
   * Where a frame ends whose header is sound: the header has a check of its own, so its length holds even when the
   * payload is wrong, and what looks like a frame before that end is data.
   */
  #announcedEnd(offset: number): number {
    const header = new ByteReader(this.#window.subarray(offset - this.#windowStart + frameLengthOffset));
    return offset + frameOverheadBytes + header.u32();
  }

  async #have(offset: number, bytes: number): Promise<void> {
    const windowEnd = this.#windowStart + this.#window.length;
    if (offset >= this.#windowStart && offset + bytes <= windowEnd) return;
    this.#window = await this.#file.read(offset, Math.max(bytes, windowBytes));
    this.#windowStart = offset;
  }
}
