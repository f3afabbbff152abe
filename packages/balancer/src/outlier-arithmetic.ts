/**
 * Who stands out by its failures, as Envoy's outlier detection and gRPC's proposal A50 reckon it. Both look at what
 * happened within one interval, and only at endpoints that had enough requests in it.
 */

/** What an endpoint answered within one interval. */
export interface IntervalCounts {
  /** Requests that succeeded. */
  readonly successes: number;
  /** Requests that failed. */
  readonly failures: number;
}

/** Settings of the rule of success rates. */
export interface SuccessRateSettings {
  /** By how many standard deviations an endpoint may stay behind the mean success rate. Default 1.9. */
  readonly deviationFactor: number;
  /** Least number of endpoints with enough requests for the rule to apply at all. Default 5. */
  readonly endpointsLeast: number;
  /** Least number of requests within the interval for an endpoint to be looked at. Default 100. */
  readonly requestsLeast: number;
}

/** Settings of the rule of failure shares. */
export interface FailureShareSettings {
  /** Greatest share of failures that an endpoint may have, from 0 to 1. Default 0.85. */
  readonly failureShareMost: number;
  /** Least number of endpoints in the set for the rule to apply at all. Default 5. */
  readonly endpointsLeast: number;
  /** Least number of requests within the interval for an endpoint to be looked at. Default 50. */
  readonly requestsLeast: number;
}

/**
 * The success rate below which an endpoint is an outlier: the mean of all rates, less some standard deviations (gRPC
 * A50, "Success Rate Algorithm"). The deviation is that of the whole population.
 *
 * @param all - What each endpoint answered.
 * @param settings - The rule.
 * @returns A rate, which may be below 0: then nobody is one. `undefined` when too few endpoints had enough requests.
 */
export function successRateBound(
  all: readonly IntervalCounts[],
  { deviationFactor, endpointsLeast, requestsLeast }: SuccessRateSettings,
): number | undefined {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (const { successes, failures } of all) {
    const requests = successes + failures;
    if (requests < requestsLeast || requests === 0) continue;
    const rate = successes / requests;
    count++;
    sum += rate;
    squares += rate * rate;
  }
  if (count < endpointsLeast || count === 0) return undefined;
  const mean = sum / count;
  const variance = Math.max(0, squares / count - mean * mean);
  return mean - deviationFactor * Math.sqrt(variance);
}

/**
 * Whether an endpoint is an outlier by its success rate.
 *
 * @param counts - What it answered.
 * @param bound - From the rule of success rates.
 * @param settings - The rule.
 */
export function isBelowSuccessRate(
  { successes, failures }: IntervalCounts,
  bound: number,
  { requestsLeast }: SuccessRateSettings,
): boolean {
  const requests = successes + failures;
  return requests >= requestsLeast && requests > 0 && successes / requests < bound;
}

/**
 * Whether an endpoint fails more than its share (gRPC A50, "Failure Percentage Algorithm").
 *
 * @param counts - What it answered.
 * @param settings - The rule.
 */
export function exceedsFailureShare(
  { successes, failures }: IntervalCounts,
  { failureShareMost, requestsLeast }: FailureShareSettings,
): boolean {
  const requests = successes + failures;
  return requests >= requestsLeast && requests > 0 && failures / requests > failureShareMost;
}
