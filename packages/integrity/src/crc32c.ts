/**
 * CRC-32C (Castagnoli), the check of the wire and of the log: RFC 3720 section 12.1, with the vectors of appendix
 * B.4. Eight bytes a step through eight tables ("slicing-by-8": Kounavis and Berry, "Novel Table Lookup-Based
 * Algorithms for High-Performance CRC Generation", IEEE Transactions on Computers 57 (11), 2008).
 */

/** The generator polynomial 0x1EDC6F41 with its bits reversed, for a register that shifts right. */
const reversedPolynomial = 0x82f63b78;

/** From here on, whole words through a DataView win back what it costs to make one. */
const viewBytesMin = 512;

/**
 * Eight tables of 256 words, one after another: word `table * 256 + byte` is what `byte` adds to the remainder when
 * `table` more bytes follow it. Signed words, because the engine keeps those as machine integers.
 */
const tables = createTables();

/**
 * CRC-32C of bytes.
 *
 * @remarks
 * Every burst of up to 32 bits and every odd number of flipped bits is detected, as are all flips of 1 to 3 bits in
 * up to 2^31 - 33 bits (Koopman's tables of Hamming distances); other damage passes with a chance of 2^-32. It is no
 * protection against forgery: whoever changes the bytes on purpose can make the check agree.
 *
 * @param data - The bytes. Not changed, not kept.
 * @param previous - CRC-32C of what stands before `data`, to go on from there. Default 0, that of nothing.
 * @returns An integer from 0 to 2^32 - 1.
 *
 * @example In one go, or in parts.
 * ```ts
 * const data = Uint8Array.of(0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39);
 * crc32c(data); // 0xe3069283
 * crc32c(data.subarray(4), crc32c(data.subarray(0, 4))); // 0xe3069283
 * ```
 */
export function crc32c(data: Uint8Array, previous = 0): number {
  return crc32cOfRange(data, 0, data.length, previous);
}

/**
 * CRC-32C of some of the bytes, without a view made only for this.
 *
 * @param data - Where the bytes are.
 * @param start - Offset of the first one.
 * @param end - Offset after the last one, at most `data.length`.
 * @param previous - CRC-32C of what stands before.
 * @returns An integer from 0 to 2^32 - 1.
 */
export function crc32cOfRange(data: Uint8Array, start: number, end: number, previous: number): number {
  let remainder = ~previous;
  let position = start;
  if (end - start >= viewBytesMin) {
    const view = new DataView(data.buffer, data.byteOffset, end);
    for (; position <= end - 8; position += 8) {
      remainder = afterEight(remainder ^ view.getInt32(position, true), view.getInt32(position + 4, true));
    }
  }
  for (; position <= end - 8; position += 8) {
    remainder = afterEight(remainder ^ signedWordAt(data, position), signedWordAt(data, position + 4));
  }
  for (; position < end; position++) {
    remainder = (tables[(remainder ^ (data[position] ?? 0)) & 0xff] ?? 0) ^ (remainder >>> 8);
  }
  return ~remainder >>> 0;
}

/** The remainder after eight bytes: `first` is the first four, with the remainder so far folded in. */
function afterEight(first: number, second: number): number {
  return (
    (tables[0x700 + (first & 0xff)] ?? 0) ^
    (tables[0x600 + ((first >>> 8) & 0xff)] ?? 0) ^
    (tables[0x500 + ((first >>> 16) & 0xff)] ?? 0) ^
    (tables[0x400 + (first >>> 24)] ?? 0) ^
    (tables[0x300 + (second & 0xff)] ?? 0) ^
    (tables[0x200 + ((second >>> 8) & 0xff)] ?? 0) ^
    (tables[0x100 + ((second >>> 16) & 0xff)] ?? 0) ^
    (tables[second >>> 24] ?? 0)
  );
}

/**
 * Four bytes as a little-endian integer, from -2^31 to 2^31 - 1.
 *
 * @param data - Where they are.
 * @param position - Offset of the first one.
 */
export function signedWordAt(data: Uint8Array, position: number): number {
  return (
    (data[position] ?? 0) |
    ((data[position + 1] ?? 0) << 8) |
    ((data[position + 2] ?? 0) << 16) |
    ((data[position + 3] ?? 0) << 24)
  );
}

function createTables(): Int32Array {
  const words = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++)
      remainder = (remainder >>> 1) ^ (remainder & 1 ? reversedPolynomial : 0);
    words[byte] = remainder;
  }
  for (let position = 256; position < words.length; position++) {
    const oneByteEarlier = words[position - 256] ?? 0;
    words[position] = (oneByteEarlier >>> 8) ^ (words[oneByteEarlier & 0xff] ?? 0);
  }
  return words;
}
