/** The division by the generator of CRC-32C, sixteen bytes a step: see `crc-tables.ts`. */
import { type CarryRemainder, createTables } from './crc-tables.js';

/** The generator polynomial 0x1EDC6F41 with its bits reversed, for a register that shifts right. */
export const crc32cPolynomial = 0x82f63b78;

/** Carries the remainder on over some bytes. */
export const divideByCrc32c: CarryRemainder = createDivision();

/** Called once; the tables stand inside because bundlers make variables of the constants of a module. */
function createDivision(): CarryRemainder {
  const tables = createTables(crc32cPolynomial);
  return (data: Uint8Array, start: number, end: number, before: number) => {
    let remainder = before | 0;
    let position = start;
    for (; position <= end - 16; position += 16) {
      remainder =
        (tables[0xf00 | ((data[position] ?? 0) ^ (remainder & 0xff))] ?? 0) ^
        (tables[0xe00 | ((data[position + 1] ?? 0) ^ ((remainder >>> 8) & 0xff))] ?? 0) ^
        (tables[0xd00 | ((data[position + 2] ?? 0) ^ ((remainder >>> 16) & 0xff))] ?? 0) ^
        (tables[0xc00 | ((data[position + 3] ?? 0) ^ (remainder >>> 24))] ?? 0) ^
        (tables[0xb00 | (data[position + 4] ?? 0)] ?? 0) ^
        (tables[0xa00 | (data[position + 5] ?? 0)] ?? 0) ^
        (tables[0x900 | (data[position + 6] ?? 0)] ?? 0) ^
        (tables[0x800 | (data[position + 7] ?? 0)] ?? 0) ^
        (tables[0x700 | (data[position + 8] ?? 0)] ?? 0) ^
        (tables[0x600 | (data[position + 9] ?? 0)] ?? 0) ^
        (tables[0x500 | (data[position + 10] ?? 0)] ?? 0) ^
        (tables[0x400 | (data[position + 11] ?? 0)] ?? 0) ^
        (tables[0x300 | (data[position + 12] ?? 0)] ?? 0) ^
        (tables[0x200 | (data[position + 13] ?? 0)] ?? 0) ^
        (tables[0x100 | (data[position + 14] ?? 0)] ?? 0) ^
        (tables[data[position + 15] ?? 0] ?? 0);
    }
    for (; position < end; position++) {
      remainder = (tables[(remainder ^ (data[position] ?? 0)) & 0xff] ?? 0) ^ (remainder >>> 8);
    }
    return remainder;
  };
}
