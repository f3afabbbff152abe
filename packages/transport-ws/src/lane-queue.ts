/**
 * One lane's waiting frames. A payload is copied once, straight into the frame that it will leave in, so waiting costs
 * neither an object a message nor a second copy; the frame is sealed when it is taken or full. The queue is bounded in
 * bytes: what does not fit is refused, which consensus treats as a lost message.
 */
import { ByteWriter, type GroupId } from '@synod/core';
import { beginFrame, endFrame, frameOverheadBytes } from '@synod/integrity';
import { batchItemBytes, writeBatchItem } from './batch.js';
import { frameKind } from './handshake-frames.js';

/** A frame ready to leave. */
export interface SealedBatch {
  /** The frame. */
  readonly frame: Uint8Array;
  /** Payloads in it. */
  readonly payloads: number;
}

/** What became of a payload. */
export type PushResult = 'queued' | 'too-large' | 'lane-full';

const batchHeaderBytes = frameOverheadBytes + 1;

/**
 * A frame is closed once it has this many bytes, even if more could fit: the peer can use nothing of a frame before
 * all of it is there, and nothing more urgent can pass it.
 */
const batchBytesGoal = 256 * 1024;
const capacityLeast = 512;

/** First in, first out, by the frame. */
export class LaneQueue {
  readonly #frameBytesMax: number;
  readonly #laneBytesMax: number;
  readonly #sealed: SealedBatch[] = [];
  #sealedBytes = 0;
  #open: ByteWriter | undefined;
  #openPayloads = 0;
  #capacityHint = capacityLeast;

  /**
   * @param frameBytesMax - Greatest length of a frame.
   * @param laneBytesMax - Greatest sum of the lengths of all waiting frames; at least `frameBytesMax`.
   */
  constructor(frameBytesMax: number, laneBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
    this.#laneBytesMax = laneBytesMax;
  }

  /** Bytes that wait. */
  get queuedBytes(): number {
    return this.#sealedBytes + (this.#open?.length ?? 0);
  }

  /** Payloads that wait. */
  get queuedPayloads(): number {
    let payloads = this.#openPayloads;
    for (const batch of this.#sealed) payloads += batch.payloads;
    return payloads;
  }

  /** Whether nothing waits. */
  get empty(): boolean {
    return this.#sealed.length === 0 && this.#open === undefined;
  }

  /**
   * Adds a payload at the end, or refuses it.
   *
   * @param group - Its group.
   * @param payload - The bytes. Copied.
   */
  push(group: GroupId, payload: Uint8Array): PushResult {
    const itemBytes = batchItemBytes(group, payload.length);
    if (batchHeaderBytes + itemBytes > this.#frameBytesMax) return 'too-large';
    const fitsOpen = this.#open !== undefined && this.#open.length + itemBytes <= this.#frameBytesMax;
    const addedBytes = fitsOpen ? itemBytes : itemBytes + batchHeaderBytes;
    if (this.queuedBytes + addedBytes > this.#laneBytesMax) return 'lane-full';
    if (!fitsOpen) this.#sealOpen();
    const writer = this.#open ?? this.#begin(itemBytes);
    writeBatchItem(writer, group, payload);
    this.#openPayloads++;
    if (writer.length >= batchBytesGoal) this.#sealOpen();
    return 'queued';
  }

  /** Takes the oldest frame, and seals it first if it is still being filled. */
  take(): SealedBatch | undefined {
    if (this.#sealed.length === 0) this.#sealOpen();
    const batch = this.#sealed.shift();
    if (batch !== undefined) this.#sealedBytes -= batch.frame.length;
    return batch;
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#sealed.length = 0;
    this.#sealedBytes = 0;
    this.#open = undefined;
    this.#openPayloads = 0;
  }

  #begin(itemBytes: number): ByteWriter {
    const writer = new ByteWriter(Math.max(this.#capacityHint, batchHeaderBytes + itemBytes));
    beginFrame(writer);
    writer.u8(frameKind.batch);
    this.#open = writer;
    return writer;
  }

  #sealOpen(): void {
    const writer = this.#open;
    if (writer === undefined) return;
    endFrame(writer, 0);
    const frame = writer.take();
    this.#sealed.push({ frame, payloads: this.#openPayloads });
    this.#sealedBytes += frame.length;
    this.#open = undefined;
    this.#openPayloads = 0;
    // Frames of one connection tend to be alike: room for the last one and a little more saves growing the next.
    this.#capacityHint = Math.min(
      Math.max(capacityLeast, frame.length + (frame.length >> 2)),
      batchBytesGoal * 2,
    );
  }
}
