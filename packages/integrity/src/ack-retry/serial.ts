/**
 * Numbers that go round. Inside, blocks and transmissions have whole numbers that only grow; on the wire stand their
 * low 32 bits, and a reader near the number finds the rest again (RFC 1982 with SERIAL_BITS 32).
 */

/**
 * The low 32 bits of a number.
 *
 * @param number - An integer from 0 to 2^53 - 1.
 */
export function toSerial(number: number): number {
  return number >>> 0;
}

/**
 * The number that a serial stands for: the one with these low 32 bits that is nearest.
 *
 * @param serial - 32 bits, as they came.
 * @param near - A number that is less than 2^31 away from it.
 * @returns A number from `near` - 2^31 to `near` + 2^31 - 1; below 0 when the serial cannot be true.
 */
export function fromSerial(serial: number, near: number): number {
  return near + ((serial - toSerial(near)) | 0);
}
