/**
 * The suspicion level phi: -log10 of the chance that a heartbeat is still to come after a given silence (Hayashibara,
 * Défago, Yared and Katayama, "The φ accrual failure detector", SRDS 2004, §4.2). Phi 1 is wrong in one case of ten, phi 2
 * in one of a hundred, if intervals are distributed as the form says. Three forms are in use, and they differ.
 */
import { naturalLogarithm, unreachable } from '@synod/core';
import { portableExponential } from './portable-exponential.js';

/**
 * How intervals between heartbeats are taken to be distributed.
 *
 * - `normal`: the exact tail of a normal distribution, as the paper has it.
 * - `logistic`: Akka's approximation of that tail. It is within 0.00014 of the distribution up to 3 deviations; further out
 *   its phi is above the exact one: 7.3 in place of 6.5 at 5 deviations.
 * - `exponential`: Cassandra's. It looks at the mean alone, and needs 18.4 means of silence for phi 8.
 */
export type PhiForm = 'normal' | 'logistic' | 'exponential';

/** What is known of the intervals between a peer's heartbeats. */
export interface IntervalStatistics {
  /** Mean in milliseconds, above 0. */
  readonly meanMs: number;
  /** Standard deviation in milliseconds, above 0. */
  readonly deviationMs: number;
}

/** Where the series for the middle of the normal distribution gives way to the continued fraction for its tail. */
const tailFrom = 3;
const seriesTerms = 45;
const fractionTerms = 60;

const halfLogarithmOfTwoPi = naturalLogarithm(2 * Math.PI) / 2;
const inverseRootOfTwoPi = 1 / Math.sqrt(2 * Math.PI);

/**
 * The suspicion level after a silence.
 *
 * @param form - How intervals are distributed.
 * @param silenceMs - Time since the last heartbeat, less what is forgiven; may be below 0.
 * @param statistics - Of the intervals so far.
 * @returns From 0; finite for every silence and every statistics above 0.
 */
export function suspicionLevel(form: PhiForm, silenceMs: number, statistics: IntervalStatistics): number {
  const { meanMs, deviationMs } = statistics;
  switch (form) {
    case 'normal':
      return phiOfNormal((silenceMs - meanMs) / deviationMs);
    case 'logistic':
      return phiOfLogistic((silenceMs - meanMs) / deviationMs);
    case 'exponential':
      return Math.max(0, silenceMs) / meanMs / Math.LN10;
    default:
      return unreachable(form);
  }
}

/**
 * Phi of the exact normal tail.
 *
 * @param deviations - By how many standard deviations the silence exceeds the mean.
 */
export function phiOfNormal(deviations: number): number {
  if (deviations >= tailFrom) return -logarithmOfTail(deviations) / Math.LN10;
  if (deviations > -tailFrom) return -naturalLogarithm(0.5 - centralArea(deviations)) / Math.LN10;
  return -naturalLogarithm(1 - portableExponential(logarithmOfTail(-deviations))) / Math.LN10;
}

/**
 * Phi of Akka's approximation, 1 / (1 + e^-z) with z = y (1.5976 + 0.070566 y²), written so that no exponential overflows:
 * as it stands there, it gives infinity from about 21 deviations on.
 *
 * @param deviations - By how many standard deviations the silence exceeds the mean.
 */
export function phiOfLogistic(deviations: number): number {
  const z = deviations * (1.5976 + 0.070566 * deviations * deviations);
  const correction = naturalLogarithm(1 + portableExponential(-Math.abs(z))) / Math.LN10;
  return z > 0 ? z / Math.LN10 + correction : correction;
}

/** ln of the area beyond y, by Laplace's continued fraction; y from 3 up. */
function logarithmOfTail(y: number): number {
  let fraction = y;
  for (let term = fractionTerms; term > 0; term--) fraction = y + term / fraction;
  return -(y * y) / 2 - halfLogarithmOfTwoPi - naturalLogarithm(fraction);
}

/** The area between 0 and y, negative for negative y, by the Taylor series of the density; |y| below 3. */
function centralArea(y: number): number {
  let power = y;
  let sum = y;
  for (let term = 1; term < seriesTerms; term++) {
    power *= -(y * y) / (2 * term);
    sum += power / (2 * term + 1);
  }
  return sum * inverseRootOfTwoPi;
}
