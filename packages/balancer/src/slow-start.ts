/** Slow start: an endpoint that is new, or back, gets its share little by little, since its caches are cold. */
import { checkShare, checkTime } from './health-numbers.js';

/** Settings of a slow start. */
export interface SlowStartOptions {
  /** Time until an endpoint has its full weight, in milliseconds, above 0. */
  readonly windowMs: number;
  /** Form of the rise, above 0: 1 is a straight line, more rises faster at first. Default 1. */
  readonly aggression?: number;
  /** Share that it begins with, from 0 to 1 and above 0. Default 0.1. */
  readonly shareLeast?: number;
}

/** Settings of a slow start with the defaults filled in. */
export interface SlowStartSettings {
  readonly windowMs: number;
  readonly aggression: number;
  readonly shareLeast: number;
}

/** In so many steps an endpoint comes to its full weight: strategies take each for a change of weights. */
const steps = 20;

/**
 * Fills in the defaults.
 *
 * @param options - What the caller said.
 * @throws InvalidArgumentError naming what is out of range.
 */
export function settleSlowStart({
  windowMs,
  aggression = 1,
  shareLeast = 0.1,
}: SlowStartOptions): SlowStartSettings {
  checkTime('slowStart.windowMs', windowMs);
  checkTime('slowStart.aggression', aggression);
  checkShare('slowStart.shareLeast', shareLeast);
  return { windowMs, aggression, shareLeast: Math.max(shareLeast, Number.EPSILON) };
}

/**
 * Share of its weight that an endpoint has: `max(shareLeast, (max(elapsed, 1 s) / window) ^ (1 / aggression))`, as
 * Envoy documents it for its slow start, in twenty steps.
 *
 * @param elapsedMs - Time since it began.
 * @param settings - The rule.
 * @returns From above 0 to 1.
 */
export function slowStartShare(
  elapsedMs: number,
  { windowMs, aggression, shareLeast }: SlowStartSettings,
): number {
  if (elapsedMs >= windowMs) return 1;
  const stepMs = windowMs / steps;
  const stepped = Math.floor(elapsedMs / stepMs) * stepMs;
  const factor = Math.min(1, Math.max(stepped, 1_000) / windowMs);
  return Math.min(1, Math.max(shareLeast, factor ** (1 / aggression)));
}

/** Time from one step to the next, in milliseconds. */
export function slowStartStepMs({ windowMs }: SlowStartSettings): number {
  return windowMs / steps;
}
