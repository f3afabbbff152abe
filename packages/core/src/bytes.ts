/**
 * Binary writing and reading for frames, records and snapshots. Integers are little-endian; `varint` is LEB128 for
 * safe integers. The reader trusts nothing: each length is checked against what is left before anything is taken or
 * allocated, so that a peer's bytes can cost no more memory than they occupy.
 */
import { DecodeError, InvariantViolation, invariant } from './errors.js';
import { decodeUtf8, encodeUtf8Into, utf8Length } from './utf8.js';

const empty = new Uint8Array(0);

/**
 * Collects bytes in one growing buffer.
 *
 * @example
 * ```ts
 * const writer = new ByteWriter();
 * writer.u8(1);
 * writer.string('hello');
 * const bytes = writer.take();
 * ```
 */
export class ByteWriter {
  // No DataView beside it: making one costs more than all that is ever read or written through it.
  #buffer: Uint8Array;
  // The latest view of this buffer: messages of one kind have one length, and making a view costs as much as a message.
  #view: Uint8Array = empty;
  #length = 0;

  /** @param capacity - Bytes to reserve at first; grows as needed. Default 256. */
  constructor(capacity = 256) {
    this.#buffer = new Uint8Array(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Writes one byte.
   *
   * @param value - Unsigned 8-bit integer.
   */
  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /**
   * Writes four bytes, little-endian.
   *
   * @param value - Unsigned 32-bit integer.
   */
  u32(value: number): void {
    this.#reserve(4);
    this.#length += 4;
    this.patchU32(this.#length - 4, value);
  }

  /**
   * Writes an integer in 1 to 8 bytes: seven bits a byte, least significant first.
   *
   * @param value - Integer from 0 to 2^53 - 1.
   */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new InvariantViolation(`varint ${value} is a safe integer from 0`);
    this.#reserve(8);
    let rest = value;
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 0x80))
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
    // What fits into 31 bits is shifted: most numbers do from the start.
    for (; rest >= 0x80; rest >>>= 7) this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
    this.#buffer[this.#length++] = rest;
  }

  /**
   * Writes a boolean as one byte, 1 or 0.
   *
   * @param value - What to write.
   */
  boolean(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  /**
   * Writes bytes with their length in front, as a varint.
   *
   * @param bytes - What to write; copied.
   */
  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /**
   * Writes bytes as they are, without a length.
   *
   * @param bytes - What to write; copied.
   */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /**
   * Writes a text as UTF-8 with its length in bytes in front.
   *
   * @param text - What to write; each lone surrogate becomes U+FFFD.
   */
  string(text: string): void {
    const length = utf8Length(text);
    this.varint(length);
    this.#reserve(length);
    encodeUtf8Into(text, this.#buffer, this.#length);
    this.#length += length;
  }

  /**
   * Overwrites four bytes that were written before, such as a length that was not known yet.
   *
   * @param position - Where they begin.
   * @param value - Unsigned 32-bit integer.
   */
  patchU32(position: number, value: number): void {
    invariant(position + 4 <= this.#length, 'patched bytes lie within what was written');
    const buffer = this.#buffer;
    buffer[position] = value;
    buffer[position + 1] = value >>> 8;
    buffer[position + 2] = value >>> 16;
    buffer[position + 3] = value >>> 24;
  }

  /** What was written, as a view that is valid until the next write or {@link clear}. No copy. */
  view(): Uint8Array {
    if (this.#view.length !== this.#length) this.#view = this.#buffer.subarray(0, this.#length);
    return this.#view;
  }

  /** What was written, as a copy of its own. */
  copy(): Uint8Array {
    const length = this.#length;
    if (length > 64) return this.#buffer.slice(0, length);
    // Short arrays live on the heap, and a loop fills them faster than a call.
    const copy = new Uint8Array(length);
    for (let position = 0; position < length; position++) copy[position] = this.#buffer[position] ?? 0;
    return copy;
  }

  /** Hands over what was written, without a copy, and starts again with an empty buffer. */
  take(): Uint8Array {
    const taken = this.view();
    this.#buffer = empty;
    this.#view = empty;
    this.#length = 0;
    return taken;
  }

  /** Forgets what was written and keeps the buffer for reuse. */
  clear(): void {
    this.#length = 0;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2, 64));
    grown.set(this.view());
    this.#buffer = grown;
    this.#view = empty;
  }
}

/**
 * Takes values off a byte array from front to back. Every method throws {@link DecodeError} instead of reading past
 * the end.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  /** @param bytes - What to read. Not copied. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Offset of the next byte to be read. */
  get position(): number {
    return this.#position;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  /** Reads an unsigned 8-bit integer. */
  u8(): number {
    return this.#bytes[this.#advance(1)] ?? 0;
  }

  /** Reads an unsigned 32-bit little-endian integer. */
  u32(): number {
    const start = this.#advance(4);
    const bytes = this.#bytes;
    const low = (bytes[start] ?? 0) | ((bytes[start + 1] ?? 0) << 8) | ((bytes[start + 2] ?? 0) << 16);
    return low + (bytes[start + 3] ?? 0) * 0x1000000;
  }

  /** Reads what {@link ByteWriter.varint} wrote; refuses values above 2^53 - 1 and needlessly long forms. */
  varint(): number {
    const first = this.#bytes[this.#position];
    if (first !== undefined && first < 0x80) {
      this.#position++;
      return first;
    }
    let value = 0;
    let scale = 1;
    for (let length = 1; length <= 8; length++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER)
          throw new DecodeError(`varint is above ${Number.MAX_SAFE_INTEGER}`);
        if (byte === 0 && length > 1) throw new DecodeError('varint has a needless last byte');
        return value;
      }
      scale *= 0x80;
    }
    throw new DecodeError('varint has more than 8 bytes');
  }

  /** Reads a boolean; any byte but 0 and 1 is refused. */
  boolean(): boolean {
    const byte = this.u8();
    if (byte > 1) throw new DecodeError(`byte ${byte} stands where 0 or 1 is expected`);
    return byte === 1;
  }

  /** Reads bytes with a length in front, as a view into the source (no copy). */
  bytes(): Uint8Array {
    return this.raw(this.varint());
  }

  /**
   * Reads a given number of bytes, as a view into the source (no copy).
   *
   * @param length - How many.
   */
  raw(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Reads a string; malformed UTF-8 is refused. */
  string(): string {
    return decodeUtf8(this.bytes());
  }

  /**
   * Reads the number of items that follow, and refuses one that cannot be true.
   *
   * @param most - Greatest allowed number.
   * @param subject - What is counted, for the message.
   */
  count(most: number, subject: string): number {
    const count = this.varint();
    if (count > most) throw new DecodeError(`${count} ${subject} are announced: at most ${most} are allowed`);
    if (count > this.remaining)
      throw new DecodeError(`${count} ${subject} are announced but only ${this.remaining} bytes follow`);
    return count;
  }

  /** States that everything was read. */
  end(): void {
    if (this.remaining !== 0)
      throw new DecodeError(`${this.remaining} bytes follow where the end is expected`);
  }

  #advance(length: number): number {
    if (length > this.remaining) {
      throw new DecodeError(
        `${length} bytes are expected at offset ${this.#position} but only ${this.remaining} follow`,
      );
    }
    const start = this.#position;
    this.#position += length;
    return start;
  }
}

/**
 * Orders byte strings as memcmp does: by the first differing byte, a prefix before what it begins.
 *
 * @param left - One byte string.
 * @param right - Another.
 * @returns A negative number, 0 or a positive number.
 */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length);
  for (let position = 0; position < shared; position++) {
    const difference = (left[position] ?? 0) - (right[position] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
