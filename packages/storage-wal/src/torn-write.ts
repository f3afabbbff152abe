/**
 * Whether the broken end of a log is what a crash leaves of a write. Nothing stands behind the end of the log but zeros
 * and the end of the file, and a disk writes a sector as a whole or not at all. So a write that a crash cut short lacks
 * a sector, and where it lacks one there are zeros, or no file. When every sector of a broken batch holds something, it
 * was written to its end, and was damaged later. etcd draws the line in the same way (`isTornEntry` in its `server/storage/wal/decoder.go`).
 */

/** A broken batch at the end of the last segment. */
export interface BrokenEnd {
  /** Where it begins in its file. */
  readonly offset: number;
  /** All bytes from there to the end of the file. */
  readonly bytes: Uint8Array;
  /** Its length, if its header is sound; `undefined` when even that cannot be told. */
  readonly lengthBytes: number | undefined;
  /** Length of what the disk writes as one. */
  readonly sectorBytes: number;
}

/** Length of what a batch begins with in any case. */
const leastBytes = 16;

/**
 * Says why a broken end cannot be what a crash leaves of a write that nobody was told is durable.
 *
 * @param end - The end.
 * @returns `undefined` when it can be.
 */
export function whyNotTorn({ offset, bytes, lengthBytes, sectorBytes }: BrokenEnd): string | undefined {
  const known = lengthBytes ?? leastBytes;
  if (known > bytes.length) return undefined;
  // The next batch is not begun before this one is durable.
  if (lengthBytes !== undefined && !isZero(bytes, known, bytes.length)) return 'followed by a later write';
  for (let start = 0; start < known; ) {
    const end = Math.min(known, start + sectorBytes - ((offset + start) % sectorBytes));
    if (isZero(bytes, start, end)) return undefined;
    start = end;
  }
  return `with something in every sector of ${sectorBytes} bytes, so it was written to its end`;
}

/**
 * Whether bytes are all zero.
 *
 * @param bytes - Where they are.
 * @param start - First of them.
 * @param end - Behind the last of them.
 */
export function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let position = start; position < end; position++) if (bytes[position] !== 0) return false;
  return true;
}
