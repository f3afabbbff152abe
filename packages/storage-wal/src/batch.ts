/**
 * A batch: everything that one sync of the disk makes durable, as one sealed frame, so that a crash leaves all of it
 * or none (group commit, Gray & Reuter, "Transaction Processing", 1993, §9). The frame's payload is the batch's
 * number, u32 low and u32 high, and then records. Numbers go up by one through all segments: a batch that is missing,
 * misplaced or from another file is seen.
 */
import { ByteReader, type ByteWriter, DecodeError } from '@synod/core';
import { beginFrame, endFrame, frameOverheadBytes } from '@synod/integrity';
import { decodeRecord, type LogRecord } from './record.js';

/** Bytes of a batch before its first record. */
export const batchOverheadBytes = frameOverheadBytes + 8;

const wordSize = 0x1_0000_0000;

/** A batch that was read back. */
export interface Batch {
  /** Number of the batch, from 1. */
  readonly number: number;
  /** Its records, in order; their byte arrays are views into the source. */
  readonly records: readonly LogRecord[];
}

/**
 * Starts a batch in an empty writer: what is written next are its records.
 *
 * @param writer - Cleared first.
 */
export function beginBatch(writer: ByteWriter): void {
  writer.clear();
  beginFrame(writer);
  writer.u32(0);
  writer.u32(0);
}

/**
 * Numbers and seals the batch that {@link beginBatch} started.
 *
 * @param writer - The batch.
 * @param number - Its number, known only when its turn comes.
 * @param salt - Salt of the segment it goes to.
 */
export function sealBatch(writer: ByteWriter, number: number, salt: number): void {
  writer.patchU32(frameOverheadBytes, number % wordSize);
  writer.patchU32(frameOverheadBytes + 4, Math.floor(number / wordSize));
  endFrame(writer, 0, salt);
}

/**
 * Reads the payload of a whole frame as a batch.
 *
 * @param payload - The frame's payload.
 * @param onRecord - Hears where each record begins and ends in the payload, for tools that show it.
 * @throws {@link DecodeError} when it is no batch.
 */
export function decodeBatch(payload: Uint8Array, onRecord?: (from: number, end: number) => void): Batch {
  const reader = new ByteReader(payload);
  const low = reader.u32();
  const number = reader.u32() * wordSize + low;
  if (!Number.isSafeInteger(number)) throw new DecodeError(`batch number ${number} is above 2^53 - 1`);
  const records: LogRecord[] = [];
  while (reader.remaining > 0) {
    const from = reader.position;
    records.push(decodeRecord(reader));
    onRecord?.(from, reader.position);
  }
  return { number, records };
}
