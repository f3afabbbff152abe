/**
 * Sealed frames: bytes that can say whether they are whole. The log and the wire use the same ones. Layout, with
 * integers little-endian:
 *
 * ```text
 * offset  bytes  what
 *      0      1  magic 0xA7
 *      1      1  version 1
 *      2      1  checksum of the frame: 0 for CRC-32C, else the byte of another one
 *      3      1  reserved, 0
 *      4      4  payload length
 *      8      4  header check: CRC-32C of bytes 0 to 7
 *     12      4  frame check: CRC-32C of bytes 0 to 7 and of the payload; 0 with another checksum
 *     16         payload
 *                digest of bytes 0 to 11 and of the payload, with another checksum than CRC-32C alone
 * ```
 *
 * The header has a check of its own because a length is believed before the bytes it counts have come: without it, a
 * flipped bit in a length makes a whole file look like a short one, and an announced gigabyte look like patience.
 * Both checks go on from a salt, which is not written: bytes sealed under one salt never open under another. That
 * keeps a log from taking a frame inside some user's value, or one of an older file, for a frame of its own (the
 * reason why RocksDB's recyclable log carries the log's number in each record). Later versions keep these 16 bytes.
 */
import { type ByteWriter, InvalidArgumentError } from '@synod/core';
import type { ChecksumAlgorithm } from './checksums/algorithm.js';
import { signedWordAt } from './checksums/crc-tables.js';
import { crc32cOfRange } from './checksums/crc32c.js';

/** Bytes that a frame is longer than its payload: 16. */
export const frameOverheadBytes = 16;

const magic = 0xa7;
const version = 1;
const wordMax = 0xffff_ffff;
const checksumOffset = 2;
const lengthOffset = 4;
const headerCheckOffset = 8;
const frameCheckOffset = 12;

/**
 * Why bytes are no frame.
 *
 * - `magic`: the first byte is not that of a frame.
 * - `header`: the header check fails: the header is damaged, or was sealed under another salt.
 * - `version`: the header is sound, but of a version this code does not know.
 * - `checksum`: the header is sound, but names a checksum that the reader does not accept.
 * - `tooLarge`: the header is sound, but announces a frame above `frameBytesMax`.
 * - `payload`: the frame check fails: the payload is damaged.
 */
export type FrameDamage = 'magic' | 'header' | 'version' | 'checksum' | 'tooLarge' | 'payload';

/** What {@link openFrame} found. */
export type OpenedFrame =
  | {
      /** The frame is there and its checks hold. */
      readonly type: 'whole';
      /** View into the opened bytes, not a copy: it changes when they do. */
      readonly payload: Uint8Array;
      /** Offset after the frame, where the next one may begin. */
      readonly end: number;
    }
  | {
      /** All bytes so far agree with a frame, but the bytes end before it does. */
      readonly type: 'incomplete';
      /**
       * Bytes to have from the frame's begin before it is worth trying again: 16 while the header is not whole, then
       * the frame's whole length. At most `frameBytesMax`.
       */
      readonly needed: number;
    }
  | {
      /** No frame begins here, whatever may follow. */
      readonly type: 'damaged';
      /** What does not hold. */
      readonly reason: FrameDamage;
    };

/** One value for each reason, because a search for the next frame asks at every byte. */
const damaged: Readonly<Record<FrameDamage, OpenedFrame>> = {
  magic: { type: 'damaged', reason: 'magic' },
  header: { type: 'damaged', reason: 'header' },
  version: { type: 'damaged', reason: 'version' },
  checksum: { type: 'damaged', reason: 'checksum' },
  tooLarge: { type: 'damaged', reason: 'tooLarge' },
  payload: { type: 'damaged', reason: 'payload' },
};

/** What a reader accepts. */
export interface FrameExpectation {
  /** Greatest accepted length of a frame in bytes, its header and its digest included: 16 to 2^32 + 15. */
  readonly frameBytesMax: number;
  /** The salt that the frames were sealed under, 0 to 2^32 - 1. Default 0. */
  readonly salt?: number;
  /** All checksums that a frame may be sealed with. Default CRC-32C alone. */
  readonly checksums?: readonly ChecksumAlgorithm[];
}

/**
 * Seals a payload into a frame of its own. To seal without a copy, write into a ByteWriter between
 * {@link beginFrame} and {@link endFrame}.
 *
 * @param payload - The bytes, or parts that are joined. Copied.
 * @param salt - A number that reader and writer agree on outside the frame, 0 to 2^32 - 1. Default 0.
 * @param checksum - Checks the frame in the place of CRC-32C; a reader must accept it. Its digest follows the payload.
 * @returns The frame: 16 bytes more than the payload, and a digest with another checksum than CRC-32C.
 * @throws InvalidArgumentError when the payload is longer than 2^32 - 1 bytes or the salt out of range.
 *
 * @example
 * ```ts
 * const frame = sealFrame(Uint8Array.of(1, 2, 3));
 * const opened = openFrame(frame, 0, { frameBytesMax: 1024 });
 * if (opened.type === 'whole') console.log(opened.payload, opened.end); // Uint8Array [1, 2, 3], 19
 * ```
 */
export function sealFrame(
  payload: Uint8Array | readonly Uint8Array[],
  salt = 0,
  checksum?: ChecksumAlgorithm,
): Uint8Array {
  const parts = payload instanceof Uint8Array ? [payload] : payload;
  let payloadBytes = 0;
  for (const part of parts) payloadBytes += part.length;
  checkPayloadLength(payloadBytes);
  checkSalt(salt);
  const end = frameOverheadBytes + payloadBytes;
  const frame = new Uint8Array(end + digestBytesOf(checksum));
  let position = frameOverheadBytes;
  for (const part of parts) {
    frame.set(part, position);
    position += part.length;
  }
  frame[0] = magic;
  frame[1] = version;
  frame[checksumOffset] = checksum?.id ?? 0;
  setWord(frame, lengthOffset, payloadBytes);
  setWord(frame, headerCheckOffset, headerCheck(frame, 0, salt));
  if (frame.length === end) setWord(frame, frameCheckOffset, frameCheck(frame, 0, end));
  else if (checksum !== undefined) frame.set(digestOf(checksum, frame, 0, end), end);
  return frame;
}

/**
 * Leaves room for a header; what is written next is the payload. Close it with {@link endFrame}.
 *
 * @param writer - Where the frame goes, behind what it holds already.
 * @returns Where the frame begins, for {@link endFrame}.
 *
 * @example Two frames in one buffer, without a copy.
 * ```ts
 * const writer = new ByteWriter();
 * for (const name of ['leader', 'follower']) {
 *   const start = beginFrame(writer);
 *   writer.string(name);
 *   endFrame(writer, start);
 * }
 * const bytes = writer.take();
 * ```
 */
export function beginFrame(writer: ByteWriter): number {
  const start = writer.length;
  writer.u8(magic);
  writer.u8(version);
  writer.u8(0);
  writer.u8(0);
  writer.u32(0);
  writer.u32(0);
  writer.u32(0);
  return start;
}

/**
 * Seals what was written since {@link beginFrame}, in place.
 *
 * @param writer - The writer that the frame was begun in.
 * @param start - What {@link beginFrame} gave.
 * @param salt - As for {@link sealFrame}. Default 0.
 * @param checksum - As for {@link sealFrame}.
 * @returns Length of the frame in bytes, its header included.
 * @throws InvalidArgumentError when no frame begins at `start`, the payload is longer than 2^32 - 1 bytes or
 * the salt out of range.
 */
export function endFrame(writer: ByteWriter, start: number, salt = 0, checksum?: ChecksumAlgorithm): number {
  const bytes = writer.view();
  const frameBytes = bytes.length - start;
  if (bytes[start] !== magic || frameBytes < frameOverheadBytes) {
    throw new InvalidArgumentError(
      `no frame was begun at ${start}: pass what beginFrame gave for this writer`,
    );
  }
  checkPayloadLength(frameBytes - frameOverheadBytes);
  checkSalt(salt);
  if (checksum !== undefined) writer.patchU32(start, magic | (version << 8) | (checksum.id << 16));
  writer.patchU32(start + lengthOffset, frameBytes - frameOverheadBytes);
  writer.patchU32(start + headerCheckOffset, headerCheck(bytes, start, salt));
  if (checksum === undefined || digestBytesOf(checksum) === 0) {
    writer.patchU32(start + frameCheckOffset, frameCheck(bytes, start, bytes.length));
    return frameBytes;
  }
  writer.raw(digestOf(checksum, bytes, start, bytes.length));
  return frameBytes + checksum.digestBytes;
}

/**
 * Opens the frame that begins at an offset. Whatever the bytes are, it neither throws nor allocates by a length they
 * announce.
 *
 * @param bytes - Where the frame is.
 * @param offset - Where it begins: an integer from 0. At or after the end of the bytes, the answer is `incomplete`.
 * @param expectation - What is accepted.
 * @returns The payload as a view, or why there is none.
 * @throws InvalidArgumentError when `offset`, `frameBytesMax` or `salt` is out of range.
 */
export function openFrame(bytes: Uint8Array, offset: number, expectation: FrameExpectation): OpenedFrame {
  checkExpectation(expectation);
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new InvalidArgumentError(`offset is ${offset}: it must be an integer from 0`);
  }
  const needed = neededBytes(bytes, offset, bytes.length, expectation);
  if (typeof needed === 'string') return damaged[needed];
  const end = offset + needed;
  if (end > bytes.length) return { type: 'incomplete', needed };
  if (!frameCheckHolds(bytes, offset, end, expectation)) return damaged.payload;
  return { type: 'whole', payload: payloadOf(bytes, offset), end };
}

/**
 * How many bytes a frame takes, as far as can be told.
 *
 * @param bytes - Where it is.
 * @param start - Offset where it begins.
 * @param filled - Offset after the last byte that is there.
 * @param expectation - What is accepted.
 * @returns 16 while the header is not whole, then the frame's whole length, or why these bytes begin no frame.
 */
export function neededBytes(
  bytes: Uint8Array,
  start: number,
  filled: number,
  expectation: FrameExpectation,
): number | FrameDamage {
  if (start < filled && bytes[start] !== magic) return 'magic';
  if (filled - start < frameOverheadBytes) return frameOverheadBytes;
  if (wordAt(bytes, start + headerCheckOffset) !== headerCheck(bytes, start, expectation.salt ?? 0))
    return 'header';
  if (bytes[start + 1] !== version || bytes[start + 3] !== 0) return 'version';
  const id = bytes[start + checksumOffset] ?? 0;
  const checksum = acceptedChecksum(id, expectation);
  if (checksum === undefined && (id !== 0 || expectation.checksums !== undefined)) return 'checksum';
  const frameBytes = frameOverheadBytes + wordAt(bytes, start + lengthOffset) + digestBytesOf(checksum);
  return frameBytes > expectation.frameBytesMax ? 'tooLarge' : frameBytes;
}

/**
 * Whether the frame check agrees with the payload and with a header that was found sound.
 *
 * @param bytes - Where the frame is.
 * @param start - Offset where it begins.
 * @param end - Offset after it.
 * @param expectation - What is accepted.
 */
export function frameCheckHolds(
  bytes: Uint8Array,
  start: number,
  end: number,
  expectation: FrameExpectation,
): boolean {
  const check = wordAt(bytes, start + frameCheckOffset);
  const id = bytes[start + checksumOffset] ?? 0;
  if (id === 0) return check === frameCheck(bytes, start, end);
  const checksum = acceptedChecksum(id, expectation);
  if (checksum === undefined || check !== 0) return false;
  const payloadEnd = end - checksum.digestBytes;
  const digest = digestOf(checksum, bytes, start, payloadEnd);
  return digest.every((byte, place) => byte === bytes[payloadEnd + place]);
}

/**
 * The payload of a frame, as a plain `Uint8Array` even when `bytes` is a Buffer, whose `slice` would not copy.
 *
 * @param bytes - Where the frame is.
 * @param start - Offset where it begins.
 */
export function payloadOf(bytes: Uint8Array, start: number): Uint8Array {
  const payloadStart = start + frameOverheadBytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset + payloadStart, wordAt(bytes, start + lengthOffset));
}

/**
 * States that a reader's limits make sense.
 *
 * @param expectation - The limits.
 * @throws InvalidArgumentError when one is out of range.
 */
export function checkExpectation(expectation: FrameExpectation): void {
  const { frameBytesMax, salt } = expectation;
  if (!isIntegerWithin(frameBytesMax, frameOverheadBytes, frameOverheadBytes + wordMax)) {
    throw new InvalidArgumentError(
      `frameBytesMax is ${frameBytesMax}: it must be an integer from ${frameOverheadBytes} to ${frameOverheadBytes + wordMax}`,
    );
  }
  if (salt !== undefined) checkSalt(salt);
}

function headerCheck(bytes: Uint8Array, start: number, salt: number): number {
  return crc32cOfRange(bytes, start, start + headerCheckOffset, salt);
}

/**
 * Goes on from the header check, and not over it: a CRC taken over bytes and their own CRC is a constant, which would
 * forget the header and the salt.
 */
function frameCheck(bytes: Uint8Array, start: number, end: number): number {
  return crc32cOfRange(bytes, start + frameOverheadBytes, end, wordAt(bytes, start + headerCheckOffset));
}

/** Over the header check too, and so over the salt. */
function digestOf(checksum: ChecksumAlgorithm, bytes: Uint8Array, start: number, end: number): Uint8Array {
  return checksum
    .create()
    .update(bytes.subarray(start, start + frameCheckOffset))
    .update(bytes.subarray(start + frameOverheadBytes, end))
    .digest();
}

/** Bytes of the digest behind the payload; CRC-32C has its place in the header. */
function digestBytesOf(checksum: ChecksumAlgorithm | undefined): number {
  return checksum === undefined || checksum.id === 0 ? 0 : checksum.digestBytes;
}

function acceptedChecksum(id: number, { checksums }: FrameExpectation): ChecksumAlgorithm | undefined {
  return checksums?.find((checksum) => checksum.id === id);
}

function checkPayloadLength(payloadBytes: number): void {
  if (payloadBytes > wordMax) {
    throw new InvalidArgumentError(`payload has ${payloadBytes} bytes: a frame holds at most ${wordMax}`);
  }
}

function checkSalt(salt: number): void {
  if (!isIntegerWithin(salt, 0, wordMax)) {
    throw new InvalidArgumentError(`salt is ${salt}: it must be an integer from 0 to ${wordMax}`);
  }
}

function isIntegerWithin(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}

function wordAt(bytes: Uint8Array, position: number): number {
  return signedWordAt(bytes, position) >>> 0;
}

function setWord(bytes: Uint8Array, position: number, value: number): void {
  bytes[position] = value;
  bytes[position + 1] = value >>> 8;
  bytes[position + 2] = value >>> 16;
  bytes[position + 3] = value >>> 24;
}
