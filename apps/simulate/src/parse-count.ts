/** Numbers on the command line. */
import { InvalidArgumentError } from 'commander';

/**
 * Makes a reader of whole numbers.
 *
 * @param least - The least that is allowed.
 */
export function countFrom(least: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (Number.isSafeInteger(count) && count >= least) return count;
    throw new InvalidArgumentError(`give an integer from ${least}`);
  };
}
