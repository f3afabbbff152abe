/** An incarnation as the 16 bytes that files hold in place of its 32 digits. */
import {
  type ByteReader,
  type ByteWriter,
  type Incarnation,
  InvalidArgumentError,
  isIncarnation,
} from '@synod/core';

const incarnationLength = 16;

/**
 * Writes an incarnation.
 *
 * @param writer - Where.
 * @param incarnation - 32 lower-case hexadecimal digits.
 * @throws InvalidArgumentError when it is no incarnation.
 */
export function writeIncarnation(writer: ByteWriter, incarnation: Incarnation): void {
  if (!isIncarnation(incarnation)) {
    throw new InvalidArgumentError(
      `incarnation ${JSON.stringify(incarnation)} is not 32 lower-case hexadecimal digits`,
    );
  }
  for (let position = 0; position < incarnation.length; position += 2) {
    writer.u8(Number.parseInt(incarnation.slice(position, position + 2), 16));
  }
}

/**
 * Reads an incarnation.
 *
 * @param reader - Where.
 */
export function readIncarnation(reader: ByteReader): Incarnation {
  let digits = '';
  for (const byte of reader.raw(incarnationLength)) digits += byte.toString(16).padStart(2, '0');
  return digits;
}
