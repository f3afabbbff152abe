/** Reads one snapshot: its ends when the storage is opened, any part of it later, each chunk checked. */
import { type FileHandle, InvalidArgumentError, type SnapshotMeta, type SnapshotReader } from '@synod/core';
import { openFrame } from '@synod/integrity';
import { StorageCorruptError } from './errors.js';
import {
  chunkMark,
  chunkOverheadBytes,
  chunkSalt,
  decodeSnapshotHeader,
  readTrailer,
  type SnapshotHeader,
  snapshotFileBytes,
  snapshotPath,
  trailerBytes,
  trailerSalt,
} from './snapshot-format.js';

/** More than the longest header: 1023 members with the longest names. */
const headerReadBytes = 1 << 18;

/** What the ends of a snapshot's file say. */
export interface SnapshotEnds {
  /** Its header. */
  readonly header: SnapshotHeader;
  /** The header's bytes, from which salts are made. */
  readonly headerBytes: Uint8Array;
  /** Bytes in all chunks. */
  readonly bytesTotal: number;
}

/**
 * Reads and checks header, trailer and length of a snapshot's file.
 *
 * @param handle - The open file.
 * @param file - Its path, which must be the one that the header calls for.
 * @throws {@link StorageCorruptError} when they are not whole or do not agree.
 */
export async function readSnapshotEnds(handle: FileHandle, file: string): Promise<SnapshotEnds> {
  const fileBytes = await handle.size();
  const head = await handle.read(0, Math.min(fileBytes, headerReadBytes));
  const { header, end } = decodeSnapshotHeader(head, file);
  const headerBytes = new Uint8Array(head.subarray(0, end));
  const bytesTotal = await readTrailerAt(handle, file, Math.max(end, fileBytes - trailerBytes), headerBytes);
  const bytesExpected = snapshotFileBytes(end, header.chunkBytes, bytesTotal);
  const fileExpected = snapshotPath(header.group, header.meta);
  if (bytesExpected === fileBytes && fileExpected === file) return { header, headerBytes, bytesTotal };
  throw new StorageCorruptError({
    file,
    offset: 0,
    expected: `${fileExpected} with ${bytesExpected} bytes`,
    found: `${fileBytes} bytes`,
  });
}

async function readTrailerAt(
  handle: FileHandle,
  file: string,
  offset: number,
  headerBytes: Uint8Array,
): Promise<number> {
  const bytes = await handle.read(offset, trailerBytes);
  const opened = openFrame(bytes, 0, { frameBytesMax: trailerBytes, salt: trailerSalt(headerBytes) });
  if (opened.type !== 'whole') {
    const found =
      opened.type === 'damaged' ? `a frame with a wrong ${opened.reason}` : `${bytes.length} bytes`;
    throw new StorageCorruptError({ file, offset, expected: 'the trailer of the snapshot', found });
  }
  return readTrailer(opened.payload);
}

/** What a reader is made from. */
export interface SnapshotFileReaderInit {
  /** The open file. */
  readonly handle: FileHandle;
  /** Its path, for errors. */
  readonly file: string;
  /** What its ends said. */
  readonly ends: SnapshotEnds;
  /** Called once when it is closed. */
  readonly onClosed: () => Promise<void>;
}

/** Gives out the bytes of one snapshot. */
export class SnapshotFileReader implements SnapshotReader {
  /** See {@link SnapshotReader.meta}. */
  readonly meta: SnapshotMeta;
  /** See {@link SnapshotReader.bytesTotal}. */
  readonly bytesTotal: number;
  readonly #init: SnapshotFileReaderInit;
  #closed = false;

  /** @param init - The open file and what is known of it. */
  constructor(init: SnapshotFileReaderInit) {
    this.#init = init;
    this.meta = init.ends.header.meta;
    this.bytesTotal = init.ends.bytesTotal;
  }

  /** See {@link SnapshotReader.read}. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    if (this.#closed)
      throw new InvalidArgumentError('this snapshot reader is closed: open the snapshot again');
    if (!Number.isSafeInteger(offset) || offset < 0)
      throw new InvalidArgumentError(`offset is ${offset}: it must be an integer from 0`);
    if (!Number.isSafeInteger(length) || length < 0)
      throw new InvalidArgumentError(`length is ${length}: it must be an integer from 0`);
    const end = Math.min(offset + length, this.bytesTotal);
    if (offset >= end) return new Uint8Array(0);
    const { chunkBytes } = this.#init.ends.header;
    const first = Math.floor(offset / chunkBytes);
    const last = Math.floor((end - 1) / chunkBytes);
    if (first === last)
      return (await this.#readChunk(first)).subarray(offset - first * chunkBytes, end - first * chunkBytes);
    const bytes = new Uint8Array(end - offset);
    for (let number = first; number <= last; number++) {
      const chunk = await this.#readChunk(number);
      const start = number * chunkBytes;
      const part = chunk.subarray(Math.max(0, offset - start), end - start);
      bytes.set(part, Math.max(0, start - offset));
    }
    return bytes;
  }

  /** See {@link SnapshotReader.close}. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#init.handle.close();
    await this.#init.onClosed();
  }

  async #readChunk(number: number): Promise<Uint8Array> {
    const { handle, file, ends } = this.#init;
    const { chunkBytes } = ends.header;
    const length = Math.min(chunkBytes, this.bytesTotal - number * chunkBytes) + chunkOverheadBytes;
    const position = ends.headerBytes.length + number * (chunkBytes + chunkOverheadBytes);
    const bytes = await handle.read(position, length);
    const opened = openFrame(bytes, 0, { frameBytesMax: length, salt: chunkSalt(ends.headerBytes, number) });
    if (opened.type === 'whole' && opened.end === length && opened.payload[0] === chunkMark)
      return opened.payload.subarray(1);
    const found =
      opened.type === 'damaged'
        ? `a frame with a wrong ${opened.reason}`
        : `${bytes.length} bytes of something else`;
    throw new StorageCorruptError({
      file,
      offset: position,
      expected: `chunk ${number} of the snapshot`,
      found,
    });
  }
}
