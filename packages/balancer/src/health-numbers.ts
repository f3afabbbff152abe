/** Checks of numbers that settings of health are made of. */
import { InvalidArgumentError } from '@synod/core';

/** @throws InvalidArgumentError unless the value is finite and above 0. */
export function checkTime(name: string, value: number): void {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY))
    throw new InvalidArgumentError(`${name} is ${value}: it must be a number above 0`);
}

/** @throws InvalidArgumentError unless the value is from 0 to 1. */
export function checkShare(name: string, value: number): void {
  if (!(value >= 0 && value <= 1))
    throw new InvalidArgumentError(`${name} is ${value}: it must be a number from 0 to 1`);
}

/** @throws InvalidArgumentError unless the value is a whole number from 1. */
export function checkCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError(`${name} is ${value}: it must be a whole number from 1`);
}
