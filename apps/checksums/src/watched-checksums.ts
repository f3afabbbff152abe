/** The checksums whose detection is counted, each as a function to a value that `===` compares. */
import { adler32, checksum, checksumAlgorithm, crc32, crc32c } from '@synod/integrity';

/** A checksum under watch. */
export interface WatchedChecksum {
  /** Its name in the tables. */
  readonly name: string;
  /** The value of bytes. */
  readonly checkOf: (data: Uint8Array) => number | bigint;
}

/** From the weakest to the strongest; SHA-256 and BLAKE3 are left out, since no miss of theirs is known at all. */
export const watchedChecksums: readonly WatchedChecksum[] = [
  { name: 'sum mod 251', checkOf: (data) => checksum(data, 251) },
  { name: 'sum mod 65521', checkOf: (data) => checksum(data, 65_521) },
  { name: 'Fletcher-16', checkOf: valueBy('fletcher-16') },
  { name: 'Fletcher-32', checkOf: valueBy('fletcher-32') },
  { name: 'Adler-32', checkOf: (data) => adler32(data) },
  { name: 'Fletcher-64', checkOf: valueBy('fletcher-64') },
  { name: 'CRC-32', checkOf: (data) => crc32(data) },
  { name: 'CRC-32C', checkOf: (data) => crc32c(data) },
  { name: 'XXH3-64', checkOf: valueBy('xxh3-64') },
];

function valueBy(
  name: 'fletcher-16' | 'fletcher-32' | 'fletcher-64' | 'xxh3-64',
): WatchedChecksum['checkOf'] {
  const { digest } = checksumAlgorithm(name);
  return (data) => {
    const bytes = digest(data);
    const view = new DataView(bytes.buffer);
    if (bytes.length === 8) return view.getBigUint64(0);
    return bytes.length === 4 ? view.getUint32(0) : view.getUint16(0);
  };
}
