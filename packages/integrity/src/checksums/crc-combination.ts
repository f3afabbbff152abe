/**
 * The check of two parts joined, from the checks of the parts: the first one's remainder is moved up by the length of
 * the second, which is a multiplication by x^(8 length) modulo the generator. Powers come by squaring, so any length
 * costs at most 53 + 53 multiplications of 32 steps.
 */
import { InvalidArgumentError } from '@synod/core';

/**
 * Polynomials of degree below 32, modulo a generator. In a register that shifts right the highest bit is the term
 * x^0.
 *
 * @param reversedPolynomial - As for `createTables`.
 * @returns The function that gives the check of `a` followed by `b` from both checks and the bytes in `b`.
 */
export function createCombination(
  reversedPolynomial: number,
): (a: number, b: number, lengthOfB: number) => number {
  const one = 0x8000_0000;
  const xToThe8 = one >>> 8;

  const multiply = (first: number, second: number): number => {
    let product = 0;
    let shifted = second;
    for (let mask = one; mask !== 0; mask >>>= 1) {
      if ((first & mask) !== 0) product ^= shifted;
      shifted = (shifted >>> 1) ^ (shifted & 1 ? reversedPolynomial : 0);
    }
    return product >>> 0;
  };

  return (a, b, lengthOfB) => {
    checkWord('a', a);
    checkWord('b', b);
    checkLengthOfB(lengthOfB);
    let moved = a;
    let power = xToThe8;
    for (let left = lengthOfB; left > 0; left = Math.floor(left / 2)) {
      if (left % 2 === 1) moved = multiply(moved, power);
      power = multiply(power, power);
    }
    return (moved ^ b) >>> 0;
  };
}

/**
 * States that a value is a word of 32 bits.
 *
 * @param name - What the caller calls it.
 * @param value - The value.
 * @throws InvalidArgumentError when it is none.
 */
export function checkWord(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new InvalidArgumentError(`${name} is ${value}: it must be an integer from 0 to 4294967295`);
  }
}

/**
 * States that a length is one.
 *
 * @param lengthOfB - The bytes of the second part.
 * @throws InvalidArgumentError when it is no safe integer from 0.
 */
export function checkLengthOfB(lengthOfB: number): void {
  if (!Number.isSafeInteger(lengthOfB) || lengthOfB < 0) {
    throw new InvalidArgumentError(
      `lengthOfB is ${lengthOfB}: it must be the number of bytes in b, an integer from 0 to 2^53 - 1`,
    );
  }
}
