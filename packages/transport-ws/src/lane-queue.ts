/**
 * One lane's waiting frames. A payload is copied once, straight into the frame that it will leave in, so waiting costs
 * neither an object a message nor a second copy; the frame is sealed when it is taken or full. The queue is bounded in
 * bytes: what does not fit is refused, which consensus treats as a lost message. Behind frames that wait, a fair lane
 * keeps the payloads of each group apart.
 */
import { ByteWriter, type GroupId } from '@synod/core';
import { beginFrame, endFrame, frameOverheadBytes } from '@synod/integrity';
import { batchItemBytes, writeBatchItem } from './batch.js';
import { FairBacklog } from './fair-backlog.js';

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

/** While less than this waits in whole frames, payloads of all groups share frames in the order they came in. */
const fairFromBytes = 1024 * 1024;

/** First in, first out, by the frame. */
export class LaneQueue {
  readonly #frameBytesMax: number;
  readonly #laneBytesMax: number;
  readonly #kind: number;
  readonly #backlog: FairBacklog | undefined;
  readonly #fairFromBytes: number;
  readonly #sealed: SealedBatch[] = [];
  #sealedBytes = 0;
  #open: ByteWriter | undefined;
  #openPayloads = 0;
  #capacityHint = capacityLeast;

  /**
   * @param frameBytesMax - Greatest length of a frame.
   * @param laneBytesMax - Greatest sum of the lengths of all waiting frames; at least `frameBytesMax`.
   * @param kind - First payload byte of its frames.
   * @param fair - Whether groups share a lane that is held up, and a full one takes an eighth more from groups of which
   * little waits; otherwise all leave in the order they came in.
   */
  constructor(frameBytesMax: number, laneBytesMax: number, kind: number, fair: boolean) {
    this.#frameBytesMax = frameBytesMax;
    this.#laneBytesMax = laneBytesMax;
    this.#kind = kind;
    this.#backlog = fair ? new FairBacklog() : undefined;
    this.#fairFromBytes = Math.min(fairFromBytes, laneBytesMax / 4);
  }

  /** Bytes that wait. */
  get queuedBytes(): number {
    return this.#frontBytes + (this.#backlog?.bytes ?? 0);
  }

  /** Payloads that wait. */
  get queuedPayloads(): number {
    let payloads = this.#openPayloads + (this.#backlog?.payloads ?? 0);
    for (const batch of this.#sealed) payloads += batch.payloads;
    return payloads;
  }

  /** Whether nothing waits. */
  get empty(): boolean {
    return this.#sealed.length === 0 && this.#open === undefined && (this.#backlog?.payloads ?? 0) === 0;
  }

  /** Whether it is at most half full: worth telling whoever waits for room. */
  get roomy(): boolean {
    return this.queuedBytes * 2 <= this.#laneBytesMax;
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
    const backlog = this.#backlog;
    if (backlog !== undefined && (this.#sealedBytes >= this.#fairFromBytes || backlog.payloads > 0)) {
      const freeBytes = this.#laneBytesMax - this.queuedBytes - batchHeaderBytes;
      return backlog.push(group, payload, freeBytes, this.#laneBytesMax) ? 'queued' : 'lane-full';
    }
    const writer = this.#roomFor(itemBytes, 0);
    if (writer === undefined) return 'lane-full';
    writeBatchItem(writer, group, payload);
    this.#added(writer);
    return 'queued';
  }

  /**
   * Adds an item of two parts at the end, or refuses it.
   *
   * @param tag - What stands in the place of a group.
   * @param head - Its first bytes. Copied.
   * @param payload - The others. Copied.
   * @param spareBytes - Bytes above the lane's bound that it may take.
   */
  pushItem(tag: number, head: Uint8Array, payload: Uint8Array, spareBytes: number): PushResult {
    const itemBytes = batchItemBytes(tag, head.length + payload.length);
    if (batchHeaderBytes + itemBytes > this.#frameBytesMax) return 'too-large';
    const writer = this.#roomFor(itemBytes, spareBytes);
    if (writer === undefined) return 'lane-full';
    writer.varint(tag);
    writer.varint(head.length + payload.length);
    writer.raw(head);
    writer.raw(payload);
    this.#added(writer);
    return 'queued';
  }

  /** Takes the oldest frame, and seals it first if it is still being filled. */
  take(): SealedBatch | undefined {
    if (this.#sealed.length === 0) {
      if (this.#open === undefined) this.#openBacklog();
      this.#sealOpen();
    }
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
    this.#backlog?.clear();
  }

  get #frontBytes(): number {
    return this.#sealedBytes + (this.#open?.length ?? 0);
  }

  /** Where an item of this length goes; `undefined` when the lane has no room for it. */
  #roomFor(itemBytes: number, spareBytes: number): ByteWriter | undefined {
    const open = this.#open;
    const fitsOpen = open !== undefined && open.length + itemBytes <= this.#frameBytesMax;
    const addedBytes = fitsOpen ? itemBytes : itemBytes + batchHeaderBytes;
    if (this.#frontBytes + addedBytes > this.#laneBytesMax + spareBytes) return undefined;
    if (fitsOpen) return open;
    this.#sealOpen();
    return this.#begin(itemBytes);
  }

  #added(writer: ByteWriter): void {
    this.#openPayloads++;
    if (writer.length >= batchBytesGoal) this.#sealOpen();
  }

  #openBacklog(): void {
    const backlog = this.#backlog;
    if (backlog === undefined || backlog.payloads === 0) return;
    const writer = this.#begin(Math.min(backlog.bytes, batchBytesGoal));
    this.#openPayloads = backlog.fill(writer, batchBytesGoal, this.#frameBytesMax);
  }

  #begin(itemBytes: number): ByteWriter {
    const writer = new ByteWriter(Math.max(this.#capacityHint, batchHeaderBytes + itemBytes));
    beginFrame(writer);
    writer.u8(this.#kind);
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
