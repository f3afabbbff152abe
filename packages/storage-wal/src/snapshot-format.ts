/**
 * A snapshot's file, `snapshots/GROUP/INDEX-TERM.snap`. It has its name only once it is whole and durable.
 *
 * ```text
 * header    sealed header: "synod-snapshot", u8 version 1, then varints for group, index, term and chunk length,
 *           then the membership
 * chunks    one frame each: u8 1, then as many bytes as the chunk length says; the last may have fewer
 * trailer   one frame: u8 2, number of bytes in all chunks, u32 low and u32 high
 * ```
 *
 * The frame of chunk k is sealed under a salt made from the header and k, the trailer's under one made from the
 * header: a chunk of another snapshot, or one in another place, does not open. All chunks but the last have the same
 * length, so any offset can be read without reading what is before it.
 */
import {
  ByteReader,
  ByteWriter,
  DecodeError,
  type GroupId,
  type LogPosition,
  readMembership,
  type SnapshotMeta,
  writeMembership,
} from '@synod/core';
import { crc32c, frameOverheadBytes } from '@synod/integrity';
import { type FileFormat, openHeader, sealHeader } from './sealed-header.js';

/** Folder of the snapshots. */
export const snapshotsDirectory = 'snapshots';

const format: FileFormat = { kind: 'synod-snapshot', version: 1 };
const wordSize = 0x1_0000_0000;
const chunkBytesMax = 1 << 24;
/** First byte of a chunk's payload. */
export const chunkMark = 1;
const trailerMark = 2;
/** Salt of the trailer is that of this chunk, which no file can hold. */
const trailerNumber = 0xffff_ffff;

/** Bytes that a chunk's frame has besides the chunk. */
export const chunkOverheadBytes = frameOverheadBytes + 1;

/** Length of the trailer's frame. */
export const trailerBytes = frameOverheadBytes + 9;

/** What a snapshot's header says. */
export interface SnapshotHeader {
  /** The group it is of. */
  readonly group: GroupId;
  /** What it covers. */
  readonly meta: SnapshotMeta;
  /** Bytes of each chunk but the last. */
  readonly chunkBytes: number;
}

/**
 * Folder of a group's snapshots.
 *
 * @param group - The group.
 */
export function groupDirectory(group: GroupId): string {
  return `${snapshotsDirectory}/${group}`;
}

/**
 * Path of a snapshot.
 *
 * @param group - Its group.
 * @param meta - What it covers.
 */
export function snapshotPath(group: GroupId, meta: LogPosition): string {
  return `${groupDirectory(group)}/${fileName(meta)}`;
}

/**
 * What a file's name says that it covers.
 *
 * @param name - Name without folder.
 * @returns `undefined` when it is not a snapshot's name.
 */
export function snapshotPosition(
  name: string,
): { readonly index: number; readonly term: number } | undefined {
  const match = /^(\d{1,16})-(\d{1,16})\.snap$/.exec(name);
  const position = { index: Number(match?.[1]), term: Number(match?.[2]) };
  return name === fileName(position) ? position : undefined;
}

function fileName({ index, term }: LogPosition): string {
  return `${index}-${term}.snap`;
}

/**
 * Makes a snapshot's header.
 *
 * @param header - What it says.
 */
export function encodeSnapshotHeader(header: SnapshotHeader): Uint8Array {
  return sealHeader(format, (writer) => {
    writer.varint(header.group);
    writer.varint(header.meta.index);
    writer.varint(header.meta.term);
    writer.varint(header.chunkBytes);
    writeMembership(writer, header.meta.membership);
  });
}

/**
 * Reads a snapshot's header.
 *
 * @param bytes - Begin of the file, long enough for any header or the whole file.
 * @param file - Its path, for errors.
 * @returns The header and the offset of the first chunk.
 * @throws {@link StorageCorruptError} when it is not whole, {@link StorageVersionError} when it is of another format.
 */
export function decodeSnapshotHeader(
  bytes: Uint8Array,
  file: string,
): { readonly header: SnapshotHeader; readonly end: number } {
  return openHeader(bytes, format, file, (reader) => {
    const group = reader.varint();
    const index = reader.varint();
    const term = reader.varint();
    const chunkBytes = reader.varint();
    if (chunkBytes < 1 || chunkBytes > chunkBytesMax) {
      throw new DecodeError(
        `chunks of ${chunkBytes} bytes are announced: 1 to ${chunkBytesMax} are possible`,
      );
    }
    return { group, meta: { index, term, membership: readMembership(reader) }, chunkBytes };
  });
}

/**
 * Salt of a chunk's frame.
 *
 * @param header - The header's bytes.
 * @param number - Which chunk, from 0.
 */
export function chunkSalt(header: Uint8Array, number: number): number {
  const writer = new ByteWriter(4);
  writer.u32(number);
  return crc32c(writer.view(), crc32c(header));
}

/**
 * Salt of the trailer's frame.
 *
 * @param header - The header's bytes.
 */
export function trailerSalt(header: Uint8Array): number {
  return chunkSalt(header, trailerNumber);
}

/**
 * Writes the trailer's payload.
 *
 * @param writer - Where, within its frame.
 * @param bytesTotal - Bytes in all chunks.
 */
export function writeTrailer(writer: ByteWriter, bytesTotal: number): void {
  writer.u8(trailerMark);
  writer.u32(bytesTotal % wordSize);
  writer.u32(Math.floor(bytesTotal / wordSize));
}

/**
 * Reads the trailer's payload.
 *
 * @param payload - Payload of its frame.
 * @returns Bytes in all chunks.
 * @throws {@link DecodeError} when it is no trailer.
 */
export function readTrailer(payload: Uint8Array): number {
  const reader = new ByteReader(payload);
  if (reader.u8() !== trailerMark)
    throw new DecodeError('a frame of something else stands where the trailer is expected');
  const low = reader.u32();
  const bytesTotal = reader.u32() * wordSize + low;
  reader.end();
  return bytesTotal;
}

/**
 * Length of a whole file.
 *
 * @param headerBytes - Length of its header.
 * @param chunkBytes - Bytes of each chunk but the last.
 * @param bytesTotal - Bytes in all chunks.
 */
export function snapshotFileBytes(headerBytes: number, chunkBytes: number, bytesTotal: number): number {
  const chunks = Math.ceil(bytesTotal / chunkBytes);
  return headerBytes + chunks * chunkOverheadBytes + bytesTotal + trailerBytes;
}
