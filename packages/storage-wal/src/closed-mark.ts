/**
 * The file `wal/closed`: says, between a clean close and the next open, exactly where the log ends. While it is there,
 * a short or damaged tail cannot be a crash's torn tail, so it is refused like any other damage. It is gone, durably,
 * before anything is appended. One sealed header: "synod-closed", u8 version 1, then varints for the last segment, its
 * length in bytes and the number of the next batch.
 */
import { StorageCorruptError } from './errors.js';
import { type FileFormat, openHeaderFile, sealHeader } from './sealed-header.js';
import { segmentPath, walDirectory } from './segment.js';

/** Path of the mark. */
export const closedMarkPath = `${walDirectory}/closed`;

const format: FileFormat = {
  kind: 'synod-closed',
  version: 1,
  advice:
    'This disk does not keep what was written to it. When the log itself is known to be sound, remove this file: ' +
    'the log is then opened as after a crash',
};

/** Where the log ended when it was closed. */
export interface ClosedMark {
  /** Number of the last segment. */
  readonly segment: number;
  /** Length of that segment in bytes. */
  readonly lengthBytes: number;
  /** Number that the next batch will have. */
  readonly nextBatch: number;
}

/**
 * Makes the mark's contents.
 *
 * @param mark - What it says.
 */
export function encodeClosedMark(mark: ClosedMark): Uint8Array {
  return sealHeader(format, (writer) => {
    writer.varint(mark.segment);
    writer.varint(mark.lengthBytes);
    writer.varint(mark.nextBatch);
  });
}

/**
 * Reads the mark's contents.
 *
 * @param bytes - All of the file.
 * @throws {@link StorageCorruptError} when it is not whole, {@link StorageVersionError} when it is of another format.
 */
export function decodeClosedMark(bytes: Uint8Array): ClosedMark {
  return openHeaderFile(bytes, format, closedMarkPath, (reader) => ({
    segment: reader.varint(),
    lengthBytes: reader.varint(),
    nextBatch: reader.varint(),
  }));
}

/**
 * States that the log ends where it was closed.
 *
 * @param mark - What the mark says.
 * @param found - Where the last whole batch ends, and how long its file is.
 * @throws {@link StorageCorruptError} when they differ.
 */
export function checkClosedMark(mark: ClosedMark, found: ClosedMark & { readonly fileBytes: number }): void {
  const same =
    mark.segment === found.segment &&
    mark.lengthBytes === found.lengthBytes &&
    mark.lengthBytes === found.fileBytes &&
    mark.nextBatch === found.nextBatch;
  if (same) return;
  throw new StorageCorruptError({
    file: segmentPath(found.segment),
    offset: found.lengthBytes,
    expected: `the log as it was closed, in segment ${mark.segment} with ${mark.lengthBytes} bytes and next batch ${mark.nextBatch}`,
    found: `segment ${found.segment} with ${found.fileBytes} bytes, whole to ${found.lengthBytes}, and next batch ${found.nextBatch}`,
  });
}
