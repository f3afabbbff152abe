/** Changes of a register: pure functions from its value to its next value (CASPaxos §2.2). */
import { compareBytes } from '@synod/core';

/**
 * A change of a register. It must be pure: it may be called several times, and only the last call counts. To leave the
 * register as it is, it gives back what it was given.
 *
 * @param current - The register's value; `undefined` while it is empty. Not to be changed in place.
 * @returns The next value; `undefined` to empty the register.
 */
export type RegisterChange = (current: Uint8Array | undefined) => Uint8Array | undefined;

/**
 * Leaves a register as it is: a linearizable read. The answer's `after` is its value.
 *
 * @param current - Its value.
 */
export function readRegister(current: Uint8Array | undefined): Uint8Array | undefined {
  return current;
}

/**
 * A change that sets a register whatever it held.
 *
 * @param value - The new value; `undefined` to empty it.
 */
export function writeRegister(value: Uint8Array | undefined): RegisterChange {
  return () => value;
}

/**
 * A change that sets a register if it holds what is expected. Whether it did shows in the answer: `before` is what was
 * expected then.
 *
 * @param expected - What it must hold; `undefined` for nothing.
 * @param value - What it shall hold then; `undefined` to empty it.
 */
export function compareAndSetRegister(
  expected: Uint8Array | undefined,
  value: Uint8Array | undefined,
): RegisterChange {
  return (current) => (isSame(current, expected) ? value : current);
}

function isSame(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return compareBytes(left, right) === 0;
}
