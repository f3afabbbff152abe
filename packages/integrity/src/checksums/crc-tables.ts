/**
 * Cyclic redundancy checks by tables: sixteen bytes a step through sixteen tables ("slicing": Kounavis and Berry,
 * "Novel Table Lookup-Based Algorithms for High-Performance CRC Generation", IEEE Transactions on Computers 57 (11),
 * 2008). This way needs no platform, and is the fastest one for short inputs everywhere.
 *
 * The loop over the tables stands once a polynomial, in `crc32-division.ts` and `crc32c-division.ts`: only tables that
 * are constants of the function are read without checks of bounds, and one function for both runs at two thirds.
 */

/**
 * Carries the remainder of a division on over some bytes.
 *
 * @param data - Where the bytes are.
 * @param start - Offset of the first one.
 * @param end - Offset after the last one, at most `data.length`.
 * @param remainder - The remainder before, as a signed or unsigned word; not complemented.
 * @returns The remainder after, as a signed word; not complemented.
 */
export type CarryRemainder = (data: Uint8Array, start: number, end: number, remainder: number) => number;

const tableCount = 16;

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

/**
 * The tables of one polynomial, 16 KiB.
 *
 * @remarks
 * Tables of 256 words, one after another: word `table * 256 + byte` is what `byte` adds to the remainder when `table`
 * more bytes follow it. Signed words, because the engine keeps those as machine integers.
 *
 * @param reversedPolynomial - The generator without its highest term and with its bits reversed, for a register that
 * shifts right.
 */
export function createTables(reversedPolynomial: number): Int32Array {
  const words = new Int32Array(tableCount * 256);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++)
      remainder = (remainder >>> 1) ^ (remainder & 1 ? reversedPolynomial : 0);
    words[byte] = remainder;
  }
  for (let place = 256; place < words.length; place++) {
    const oneByteEarlier = words[place - 256] ?? 0;
    words[place] = (oneByteEarlier >>> 8) ^ (words[oneByteEarlier & 0xff] ?? 0);
  }
  return words;
}
