/** Makes a backup piece by piece, so that nobody ever holds all of it. */
import { crc32c, sealFrame } from '@synod/integrity';
import {
  type BackupHeader,
  backupChunkBytesMax,
  backupSalt,
  chunkMark,
  encodeBackupHeader,
  encodeBackupTrailer,
  trailerMark,
} from './backup-format.js';

/**
 * A backup's bytes.
 *
 * @param header - What it says of itself.
 * @param content - A snapshot of the store, in pieces of any size.
 * @returns The header, then a frame for each chunk, then the trailer.
 */
export function* backupBytes(header: BackupHeader, content: Iterable<Uint8Array>): Generator<Uint8Array> {
  const headerFrame = encodeBackupHeader(header);
  yield headerFrame;
  let chunks = 0;
  let bytes = 0;
  let checksum = 0;
  for (const piece of content) {
    for (let start = 0; start < piece.length; start += backupChunkBytesMax) {
      const chunk = piece.subarray(start, start + backupChunkBytesMax);
      yield sealFrame([Uint8Array.of(chunkMark), chunk], backupSalt(headerFrame, chunks, chunkMark));
      chunks++;
      bytes += chunk.length;
      checksum = crc32c(chunk, checksum);
    }
  }
  const trailer = encodeBackupTrailer({ chunks, bytes, checksum });
  yield sealFrame(trailer, backupSalt(headerFrame, chunks, trailerMark));
}
