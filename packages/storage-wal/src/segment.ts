/**
 * One file of the log. Segments are named by number, `wal/00000001.log` and on; each begins with a sealed header of
 * fixed length:
 *
 * ```text
 * bytes   what
 *     9   "synod-wal"
 *     1   format version, 1
 *    16   incarnation of the storage
 *     4   number of the segment, u32
 *     8   number of its first batch, u32 low and u32 high
 * ```
 *
 * A segment is prepared under another name and gets its own only when its header is durable, so a segment without a
 * whole header was damaged later. Frames after the header are sealed under a salt made from incarnation and number:
 * no bytes that a client stores, and no frame of another file, can pass for a batch of this one.
 */
import { ByteWriter, type Incarnation } from '@synod/core';
import { crc32c, frameOverheadBytes } from '@synod/integrity';
import { readIncarnation, writeIncarnation } from './incarnation-bytes.js';
import { type FileFormat, openHeader, sealHeader } from './sealed-header.js';

/** Folder of the segments. */
export const walDirectory = 'wal';

/** Added to the name of a segment that is not in use yet. */
export const preparedSuffix = '.tmp';

/** Most segments that a log can ever have had: their number is a u32. */
export const segmentSequenceMax = 0xffff_ffff;

const format: FileFormat = { kind: 'synod-wal', version: 1 };
const wordSize = 0x1_0000_0000;

/** Length of a segment's header, its frame included. */
export const segmentHeaderBytes = frameOverheadBytes + format.kind.length + 1 + 16 + 4 + 8;

/** What a segment says of itself. */
export interface SegmentHeader {
  /** The storage it belongs to. */
  readonly incarnation: Incarnation;
  /** Its number, from 1. */
  readonly sequence: number;
  /** Number that its first batch has. */
  readonly firstBatch: number;
}

/**
 * Path of a segment.
 *
 * @param sequence - Its number.
 */
export function segmentPath(sequence: number): string {
  return `${walDirectory}/${String(sequence).padStart(8, '0')}.log`;
}

/**
 * Number of the segment that a file name stands for.
 *
 * @param name - Name without folder.
 * @returns `undefined` when it is not a segment's name.
 */
export function segmentSequence(name: string): number | undefined {
  const sequence = Number(name.slice(0, -'.log'.length));
  const isName = Number.isSafeInteger(sequence) && `${walDirectory}/${name}` === segmentPath(sequence);
  return isName ? sequence : undefined;
}

/**
 * Salt that the frames of a segment are sealed under.
 *
 * @param incarnation - The storage.
 * @param sequence - Number of the segment.
 */
export function segmentSalt(incarnation: Incarnation, sequence: number): number {
  const writer = new ByteWriter(20);
  writeIncarnation(writer, incarnation);
  writer.u32(sequence);
  return crc32c(writer.view());
}

/**
 * Makes a segment's header.
 *
 * @param header - What it says.
 */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  return sealHeader(format, (writer) => {
    writeIncarnation(writer, header.incarnation);
    writer.u32(header.sequence);
    writer.u32(header.firstBatch % wordSize);
    writer.u32(Math.floor(header.firstBatch / wordSize));
  });
}

/**
 * Reads a segment's header.
 *
 * @param bytes - The first {@link segmentHeaderBytes} of the file, or fewer when it is shorter.
 * @param file - Its path, for errors.
 * @throws {@link StorageCorruptError} when it is not whole, {@link StorageVersionError} when it is of another format.
 */
export function decodeSegmentHeader(bytes: Uint8Array, file: string): SegmentHeader {
  const { header } = openHeader(bytes, format, file, (reader) => {
    const incarnation = readIncarnation(reader);
    const sequence = reader.u32();
    const low = reader.u32();
    return { incarnation, sequence, firstBatch: reader.u32() * wordSize + low };
  });
  return header;
}
