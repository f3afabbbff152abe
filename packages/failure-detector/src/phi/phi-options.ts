/** What can be set about phi-accrual detection, with the range and the reason of every limit. */
import { InvalidArgumentError, parseInteger } from '@synod/core';
import type { PhiForm } from './suspicion-level.js';

/** Settings of a {@link PhiAccrualDetector}. Times are in milliseconds. */
export interface PhiOptions {
  /** How intervals are distributed. Default `normal`. */
  readonly form?: PhiForm;
  /** Suspicion level from which a peer is suspected, above 0. Default 8. */
  readonly threshold?: number;
  /** Intervals remembered for each peer, 2 to 100 000. Default 1000. */
  readonly windowSize?: number;
  /** The interval expected before there are any, above 0: what the peer was told to keep. Default 1000. */
  readonly firstEstimateMs?: number;
  /**
   * What the deviation is not taken to be below, above 0: heartbeats that come like clockwork would make the slightest delay
   * a failure. Default a tenth of `firstEstimateMs`.
   */
  readonly minDeviationMs?: number;
  /**
   * Silence that is forgiven on top of the mean, from 0: for heartbeats that get lost and for pauses of the peer. Default
   * three times `firstEstimateMs`.
   */
  readonly acceptablePauseMs?: number;
  /**
   * How long a suspected peer must be heard without a gap before it is trusted again, from 0: damps flapping. Default twice
   * `firstEstimateMs`.
   */
  readonly minUpTimeMs?: number;
  /**
   * How often the caller asks for verdicts. If given, a gap between two calls that is longer is taken for a pause of this
   * process, by as much as it is longer, as Cassandra does with its own pauses; so {@link PhiAccrualDetector.localPause} need
   * not be called. Default: not known.
   */
  readonly verdictsEveryMs?: number;
  /** Peers that are watched at a time, 1 to 1 000 000; heartbeats of more are not taken. Default 10 000. */
  readonly peersMax?: number;
}

/** Settings with every default filled in. */
export interface PhiSettings {
  readonly form: PhiForm;
  readonly threshold: number;
  readonly windowSize: number;
  readonly firstEstimateMs: number;
  readonly minDeviationMs: number;
  readonly acceptablePauseMs: number;
  readonly minUpTimeMs: number;
  readonly verdictsEveryMs: number;
  readonly peersMax: number;
}

const forms: readonly string[] = ['normal', 'logistic', 'exponential'] satisfies PhiForm[];
/** About 31 years: longer times are no times, and their squares stay far from overflow. */
const msMax = 1e12;
const msMin = 1e-3;

/**
 * Fills in defaults and checks ranges.
 *
 * @param options - As the caller gave them.
 * @throws InvalidArgumentError when one is out of its range.
 */
export function parsePhiOptions(options: PhiOptions): PhiSettings {
  const form = options.form ?? 'normal';
  if (!forms.includes(form))
    throw new InvalidArgumentError(`form is ${JSON.stringify(form)}: it must be one of ${forms.join(', ')}`);
  const firstEstimateMs = parseNumber(options.firstEstimateMs ?? 1000, 'firstEstimateMs', msMin);
  return {
    form,
    threshold: parseNumber(options.threshold ?? 8, 'threshold', Number.MIN_VALUE, 1e9),
    windowSize: parseInteger(options.windowSize ?? 1000, 'windowSize', 2, 100_000),
    firstEstimateMs,
    minDeviationMs: parseNumber(options.minDeviationMs ?? firstEstimateMs / 10, 'minDeviationMs', msMin / 10),
    acceptablePauseMs: parseNumber(options.acceptablePauseMs ?? 3 * firstEstimateMs, 'acceptablePauseMs', 0),
    minUpTimeMs: parseNumber(options.minUpTimeMs ?? 2 * firstEstimateMs, 'minUpTimeMs', 0),
    verdictsEveryMs:
      options.verdictsEveryMs === undefined
        ? Number.POSITIVE_INFINITY
        : parseNumber(options.verdictsEveryMs, 'verdictsEveryMs', msMin),
    peersMax: parseInteger(options.peersMax ?? 10_000, 'peersMax', 1, 1_000_000),
  };
}

/**
 * Checks that a number is finite and within a range.
 *
 * @param value - The number that a caller gave.
 * @param subject - Its name, for the message.
 * @param least - Smallest allowed value.
 * @param most - Greatest allowed value.
 * @returns The same number.
 * @throws InvalidArgumentError when it is not.
 */
export function parseNumber(value: number, subject: string, least: number, most = msMax): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw new InvalidArgumentError(
    `${subject} is ${String(value)}: it must be a number from ${least} to ${most}`,
  );
}
