/**
 * How every file of the storage begins: one sealed frame that names the kind of file and its format version before
 * anything else. A file that is damaged, one of another kind and one of a later release are then three different
 * things.
 */
import { ByteReader, ByteWriter, encodeUtf8, isSynodError } from '@synod/core';
import { openFrame, sealFrame } from '@synod/integrity';
import { StorageCorruptError, StorageVersionError } from './errors.js';

const headerBytesMax = 1 << 24;

/** A kind of file. */
export interface FileFormat {
  /** Name that stands at the begin of such a file, in ASCII. */
  readonly kind: string;
  /** Version that this code reads and writes, 1 to 255. */
  readonly version: number;
  /** What to do about a damaged one, when that differs from the usual. */
  readonly advice?: string;
}

/**
 * Seals a header.
 *
 * @param format - Kind of file.
 * @param write - Writes what follows the kind and the version.
 */
export function sealHeader(format: FileFormat, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  writer.raw(encodeUtf8(format.kind));
  writer.u8(format.version);
  write(writer);
  return sealFrame(writer.view());
}

/**
 * Opens a header.
 *
 * @param bytes - Begin of the file.
 * @param format - Kind of file that is expected.
 * @param file - Path of the file, for errors.
 * @param read - Reads what follows the kind and the version, to the end.
 * @returns What `read` gave, and the offset after the header.
 * @throws {@link StorageCorruptError} when it is no whole header of that kind, {@link StorageVersionError} when it is
 * of a version that is not known.
 */
export function openHeader<Header>(
  bytes: Uint8Array,
  format: FileFormat,
  file: string,
  read: (reader: ByteReader) => Header,
): { readonly header: Header; readonly end: number } {
  const opened = openFrame(bytes, 0, { frameBytesMax: headerBytesMax });
  if (opened.type === 'incomplete') throw damaged(format, file, `only ${bytes.length} bytes`);
  if (opened.type === 'damaged') throw damaged(format, file, `a frame with a wrong ${opened.reason}`);
  try {
    const reader = new ByteReader(opened.payload);
    const kind = reader.raw(format.kind.length);
    if (kind.some((byte, position) => byte !== format.kind.charCodeAt(position))) {
      throw damaged(format, file, 'a file of another kind');
    }
    const version = reader.u8();
    if (version !== format.version) throw new StorageVersionError(file, version, format.version);
    const header = read(reader);
    reader.end();
    return { header, end: opened.end };
  } catch (error) {
    if (isSynodError(error) && error.code === 'DECODE_FAILED') throw damaged(format, file, error.message);
    throw error;
  }
}

/**
 * Opens a file that is a header and nothing else.
 *
 * @param bytes - All of the file.
 * @param format - As for {@link openHeader}.
 * @param file - As for {@link openHeader}.
 * @param read - As for {@link openHeader}.
 * @throws As {@link openHeader}, and {@link StorageCorruptError} when anything follows.
 */
export function openHeaderFile<Header>(
  bytes: Uint8Array,
  format: FileFormat,
  file: string,
  read: (reader: ByteReader) => Header,
): Header {
  const { header, end } = openHeader(bytes, format, file, read);
  if (end === bytes.length) return header;
  const found = `${bytes.length - end} bytes more`;
  throw new StorageCorruptError({ file, offset: end, expected: 'the end of the file', found }, format.advice);
}

function damaged(format: FileFormat, file: string, found: string): StorageCorruptError {
  return new StorageCorruptError(
    { file, offset: 0, expected: `a sealed ${format.kind} header`, found },
    format.advice,
  );
}
