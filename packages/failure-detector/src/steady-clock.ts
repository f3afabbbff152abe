/**
 * Time that only goes forwards, made of a caller's clock that may not. A reading a little before the latest counts as the
 * latest: packets carry the time at which they came, and are looked at after others. A reading far before it is a clock that
 * was set back: time goes on from where it was.
 */
import { InvalidArgumentError } from '@synod/core';

/** A clock set back by more than this goes on from where it was; less is waited for. */
const jitterMs = 1000;
const readingMax = Number.MAX_SAFE_INTEGER;

/** Makes a steady time out of readings. */
export class SteadyClock {
  #latestMs = Number.NEGATIVE_INFINITY;
  #offsetMs = 0;

  /**
   * The steady time of a reading.
   *
   * @param reading - In milliseconds, by any clock.
   * @returns Never before an earlier one.
   * @throws InvalidArgumentError when the reading is no finite number within the safe integers.
   */
  at(reading: number): number {
    if (!(typeof reading === 'number' && Math.abs(reading) <= readingMax))
      throw new InvalidArgumentError(
        `now is ${String(reading)}: it must be a number of milliseconds from ${-readingMax} to ${readingMax}`,
      );
    const steady = reading + this.#offsetMs;
    if (steady >= this.#latestMs) this.#latestMs = steady;
    else if (this.#latestMs - steady > jitterMs) this.#offsetMs += this.#latestMs - steady;
    return this.#latestMs;
  }
  /**
   * What the caller's clock will show at a steady time, if it is not set again.
   *
   * @param steadyMs - A steady time.
   * @returns A reading whose steady time is not before that one.
   */
  readingAt(steadyMs: number): number {
    const reading = steadyMs - this.#offsetMs;
    // What rounding took away is given back, or who waits until then would be too early for ever.
    return reading + this.#offsetMs >= steadyMs ? reading : reading + Math.abs(reading) * 2 ** -51;
  }
}
