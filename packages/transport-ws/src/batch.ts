/**
 * A batch: the payloads of one frame, one behind the other, each with its group in front. The layout is in
 * `handshake-frames.ts`.
 */
import { ByteReader, type ByteWriter, DecodeError, type GroupId } from '@synod/core';
import { openFrame } from '@synod/integrity';
import { exchangeFrameKind } from './exchange-items.js';
import { frameKind } from './handshake-frames.js';

/** Greatest {@link GroupId}. */
export const groupIdMax = 0xffff_ffff;

/**
 * Bytes that a payload takes in a batch.
 *
 * @param group - Its group.
 * @param payloadBytes - Its length.
 */
export function batchItemBytes(group: GroupId, payloadBytes: number): number {
  return varintBytes(group) + varintBytes(payloadBytes) + payloadBytes;
}

/**
 * Adds a payload to the batch that is being written.
 *
 * @param writer - Where the batch stands.
 * @param group - The payload's group.
 * @param payload - The bytes. Copied.
 */
export function writeBatchItem(writer: ByteWriter, group: GroupId, payload: Uint8Array): void {
  writer.varint(group);
  writer.bytes(payload);
}

/** Payloads of a batch that came from a peer, one at a time and without copies. */
export class BatchReader {
  readonly #reader: ByteReader;
  /** Kind of the frame: a batch of payloads, or of items of an exchange, which are laid out alike. */
  readonly kind: number;
  /** Group of the payload that {@link next} gave last. */
  group: GroupId = 0;

  /**
   * @param bytes - One WebSocket message.
   * @param frameBytesMax - Greatest accepted length.
   * @throws DecodeError when the frame is damaged or no batch.
   */
  constructor(bytes: Uint8Array, frameBytesMax: number) {
    const opened = openFrame(bytes, 0, { frameBytesMax });
    if (opened.type === 'incomplete') throw new DecodeError('the frame is shorter than it says');
    if (opened.type === 'damaged') throw new DecodeError(`the frame is damaged (${opened.reason})`);
    if (opened.end !== bytes.length) throw new DecodeError('more bytes follow the frame');
    this.#reader = new ByteReader(opened.payload);
    this.kind = this.#reader.u8();
    if (this.kind !== frameKind.batch && this.kind !== exchangeFrameKind)
      throw new DecodeError(`a frame of kind ${this.kind} came where a batch is expected`);
  }

  /**
   * The next payload, as a view into the message; `undefined` after the last.
   *
   * @throws DecodeError when what follows is no item of a batch.
   */
  next(): Uint8Array | undefined {
    if (this.#reader.remaining === 0) return undefined;
    const group = this.#reader.varint();
    if (group > groupIdMax) throw new DecodeError(`group ${group} is above ${groupIdMax}`);
    this.group = group;
    return this.#reader.bytes();
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}
