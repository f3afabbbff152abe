/** What a judge of health is made of, and the checks between it. */
import { InvalidArgumentError } from '@synod/core';
import { checkCount, checkShare, checkTime } from './health-numbers.js';
import type { FailureShareSettings, SuccessRateSettings } from './outlier-arithmetic.js';
import { type SlowStartOptions, type SlowStartSettings, settleSlowStart } from './slow-start.js';

/** Settings of ejection. Names and defaults follow Envoy's outlier detection and gRPC's proposal A50. */
export interface EjectionOptions {
  /** Failures in a row after which an endpoint is ejected at once; `undefined` for no such rule. Default 5. */
  readonly consecutiveFailures?: number | undefined;
  /** Ejects who stays behind the others; `undefined` for no such rule. Default: 1.9 deviations, 5 endpoints, 100 requests. */
  readonly successRate?: Partial<SuccessRateSettings> | undefined;
  /** Ejects who fails too much, whatever others do. Default: no such rule; given as `{}`: 0.85, 5 endpoints, 50 requests. */
  readonly failureShare?: Partial<FailureShareSettings> | undefined;
  /** Time between two looks at success rates and failure shares, and at who may come back, in milliseconds. Default 10,000. */
  readonly intervalMs?: number;
  /** Time of the first ejection, in milliseconds; the n-th in quick succession takes n times that. Default 30,000. */
  readonly ejectionMs?: number;
  /** Longest ejection, in milliseconds; never shorter than `ejectionMs`. Default 300,000. */
  readonly ejectionMostMs?: number;
  /**
   * Share of the endpoints that may be ejected at one time, from 0 to 1: at that share nobody more is. So one always may
   * be unless it is 0. Default 0.1.
   */
  readonly ejectedShareMost?: number;
}

/** Settings of {@link EndpointHealth}. */
export interface EndpointHealthOptions {
  /** Passive ejection. Default: as its parts say. `undefined` for none. */
  readonly ejection?: EjectionOptions | undefined;
  /**
   * Requests in flight to an endpoint that is back from an ejection, until it has answered one well; a failure before
   * that ejects it again. A whole number from 1, or `undefined` to let it back without a trial. Default 1.
   */
  readonly trialRequests?: number | undefined;
  /** Most requests in flight to one endpoint: beyond, others are picked. A whole number from 1. Default: no bound. */
  readonly inFlightMost?: number | undefined;
  /** How endpoints that are new after the first set, or back, come to their weight. Default: at once. */
  readonly slowStart?: SlowStartOptions | undefined;
  /**
   * Least share of the endpoints that must be fit, from 0 to 1; with fewer it is likelier that the judgement is wrong than
   * that all of them are, or those left would break under the load of all. 0 for never. Default 0.5, as Envoy has it.
   */
  readonly panicShare?: number;
  /** In a panic: `useAll` endpoints as if they were fit (default), or `useNone` of them. */
  readonly whenInPanic?: 'useAll' | 'useNone';
  /** Hears what happens to endpoints. Called within the call that brought it about; must not throw. */
  readonly onEvent?: (event: HealthEvent) => void;
}

/** What happened to an endpoint, or to the set. */
export type HealthEvent =
  | {
      readonly type: 'ejected';
      readonly id: string;
      readonly nowMs: number;
      /** Which rule it broke. */
      readonly reason: 'consecutiveFailures' | 'successRate' | 'failureShare' | 'trialFailed';
      /** For how long, in milliseconds; it comes back at the first look after that. */
      readonly forMs: number;
    }
  | { readonly type: 'returned'; readonly id: string; readonly nowMs: number }
  | { readonly type: 'marked'; readonly id: string; readonly nowMs: number; readonly healthy: boolean }
  | {
      readonly type: 'panic';
      readonly nowMs: number;
      /** Whether it began or ended. */
      readonly begins: boolean;
      /** Endpoints that are fit. */
      readonly fit: number;
      /** Endpoints of the set. */
      readonly all: number;
    };

/** Settings of ejection with the defaults filled in. */
export interface EjectionSettings {
  readonly consecutiveFailures: number | undefined;
  readonly successRate: SuccessRateSettings | undefined;
  readonly failureShare: FailureShareSettings | undefined;
  readonly intervalMs: number;
  readonly ejectionMs: number;
  readonly ejectionMostMs: number;
  readonly ejectedShareMost: number;
}

/** Settings of health with the defaults filled in. */
export interface HealthSettings {
  readonly ejection: EjectionSettings | undefined;
  readonly trialRequests: number | undefined;
  readonly inFlightMost: number | undefined;
  readonly slowStart: SlowStartSettings | undefined;
  readonly panicShare: number;
  readonly usesAllInPanic: boolean;
}

const successRateDefaults: SuccessRateSettings = {
  deviationFactor: 1.9,
  endpointsLeast: 5,
  requestsLeast: 100,
};
const failureShareDefaults: FailureShareSettings = {
  failureShareMost: 0.85,
  endpointsLeast: 5,
  requestsLeast: 50,
};

/**
 * Fills in the defaults.
 *
 * @param options - What the caller said.
 * @throws InvalidArgumentError naming the first that is out of range.
 */
export function settleHealth(options: EndpointHealthOptions): HealthSettings {
  const { slowStart, inFlightMost, panicShare = 0.5, whenInPanic = 'useAll' } = options;
  const trialRequests = 'trialRequests' in options ? options.trialRequests : 1;
  if (trialRequests !== undefined) checkCount('trialRequests', trialRequests);
  if (inFlightMost !== undefined) checkCount('inFlightMost', inFlightMost);
  checkShare('panicShare', panicShare);
  const ejection = 'ejection' in options ? options.ejection : {};
  return {
    ejection: ejection === undefined ? undefined : settleEjection(ejection),
    trialRequests,
    inFlightMost,
    slowStart: slowStart === undefined ? undefined : settleSlowStart(slowStart),
    panicShare,
    usesAllInPanic: whenInPanic === 'useAll',
  };
}

function settleEjection(options: EjectionOptions): EjectionSettings {
  const {
    intervalMs = 10_000,
    ejectionMs = 30_000,
    ejectionMostMs = 300_000,
    ejectedShareMost = 0.1,
  } = options;
  checkTime('ejection.intervalMs', intervalMs);
  checkTime('ejection.ejectionMs', ejectionMs);
  checkTime('ejection.ejectionMostMs', ejectionMostMs);
  checkShare('ejection.ejectedShareMost', ejectedShareMost);
  const consecutiveFailures = 'consecutiveFailures' in options ? options.consecutiveFailures : 5;
  if (consecutiveFailures !== undefined) checkCount('ejection.consecutiveFailures', consecutiveFailures);
  const asked = 'successRate' in options ? options.successRate : {};
  const successRate = asked === undefined ? undefined : { ...successRateDefaults, ...asked };
  if (successRate !== undefined) checkRule('ejection.successRate', successRate);
  const { failureShare: askedShare } = options;
  const failureShare = askedShare === undefined ? undefined : { ...failureShareDefaults, ...askedShare };
  if (failureShare !== undefined) checkRule('ejection.failureShare', failureShare);
  if (successRate !== undefined && !(successRate.deviationFactor >= 0))
    throw new InvalidArgumentError(
      `ejection.successRate.deviationFactor is ${successRate.deviationFactor}: it must be a number from 0`,
    );
  if (failureShare !== undefined)
    checkShare('ejection.failureShare.failureShareMost', failureShare.failureShareMost);
  return {
    consecutiveFailures,
    successRate,
    failureShare,
    intervalMs,
    ejectionMs,
    ejectionMostMs: Math.max(ejectionMs, ejectionMostMs),
    ejectedShareMost,
  };
}

function checkRule(
  name: string,
  { endpointsLeast, requestsLeast }: { readonly endpointsLeast: number; readonly requestsLeast: number },
): void {
  checkCount(`${name}.endpointsLeast`, endpointsLeast);
  checkCount(`${name}.requestsLeast`, requestsLeast);
}
