/**
 * Where does the next request go? Every strategy of the field over a set of endpoints that changes, with weights and
 * health, and without a clock, a socket or a timer: the same seed and the same calls give the same picks.
 *
 * @example
 * ```ts
 * import { Balancer, LeastRequest } from '@synod/balancer';
 * import { Random } from '@synod/core';
 *
 * const balancer = new Balancer({
 *   endpoints: [
 *     { id: 'n1', url: 'http://127.0.0.1:7001' },
 *     { id: 'n2', url: 'http://127.0.0.1:7002' },
 *   ],
 *   strategy: new LeastRequest({ random: new Random(7) }),
 * });
 * const pick = balancer.pick({ nowMs: performance.now() });
 * if (pick.type === 'picked') {
 *   console.log(`asking ${pick.endpoint.url}`);
 *   balancer.done(pick, { result: 'success', nowMs: performance.now() });
 * }
 * ```
 *
 * @packageDocumentation
 */
export { ActiveChecks, type ActiveChecksOptions } from './active-checks.js';
export { Balancer, type BalancerOptions } from './balancer.js';
export { deterministicSubset, type SubsetOptions } from './deterministic-subset.js';
export { EarliestDeadline, type EarliestDeadlineOptions } from './earliest-deadline.js';
export { type Endpoint, type EndpointStatus, priorityMost, weightLeast, weightMost } from './endpoint.js';
export { EndpointHealth, type EndpointHealthStatus } from './endpoint-health.js';
export type { EndpointView } from './endpoint-view.js';
export type { FailureDebtOptions } from './failure-debt.js';
export type { Health, HealthVerdicts } from './health.js';
export { HealthMarks, type HealthMarksOptions } from './health-marks.js';
export type { EjectionOptions, EndpointHealthOptions, HealthEvent } from './health-settings.js';
export { Hedging, type HedgingOptions } from './hedging.js';
export { jumpHash } from './jump-hash.js';
export { LeastRequest } from './least-request.js';
export type { HashOptions } from './load-bound.js';
export { LocalityTiers, type LocalityTiersOptions } from './locality-tiers.js';
export { Maglev, type MaglevOptions } from './maglev.js';
export type { FailureShareSettings, SuccessRateSettings } from './outlier-arithmetic.js';
export { PeakEwma, type PeakEwmaOptions } from './peak-ewma.js';
export { type NoEndpoint, type Outcome, Pick, type PickContext } from './pick.js';
export { type Considered, type PassedOver, PickExplanation } from './pick-explanation.js';
export { PowerOfChoices, type PowerOfChoicesOptions } from './power-of-choices.js';
export { Prequal, type PrequalOptions, type ProbeAnswer } from './prequal.js';
export { PriorityTiers, type PriorityTiersOptions } from './priority-tiers.js';
export { RandomChoice } from './random-choice.js';
export { Rendezvous } from './rendezvous.js';
export { fillWeights, type LoadReport, reportedWeight } from './reported-weight.js';
export { RetryBudget, type RetryBudgetOptions } from './retry-budget.js';
export { RingHash, type RingHashOptions } from './ring-hash.js';
export { RoundRobin, type RoundRobinOptions } from './round-robin.js';
export { ServerLoad } from './server-load.js';
export { noSlot, type Slot } from './slot.js';
export type { SlowStartOptions } from './slow-start.js';
export {
  SmoothWeightedRoundRobin,
  type SmoothWeightedRoundRobinOptions,
} from './smooth-weighted-round-robin.js';
export type { Strategy } from './strategy.js';
export { WeightedLeastRequest, type WeightedLeastRequestOptions } from './weighted-least-request.js';
export { WeightedRandom } from './weighted-random.js';
