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
export { Balancer, type BalancerOptions } from './balancer.js';
export { type Endpoint, type EndpointStatus, priorityMost, weightLeast, weightMost } from './endpoint.js';
export type { EndpointView } from './endpoint-view.js';
export type { FailureDebtOptions } from './failure-debt.js';
export type { Health, HealthVerdicts } from './health.js';
export { HealthMarks, type HealthMarksOptions } from './health-marks.js';
export { LeastRequest } from './least-request.js';
export { type NoEndpoint, type Outcome, Pick, type PickContext } from './pick.js';
export { type Considered, type PassedOver, PickExplanation } from './pick-explanation.js';
export { RoundRobin, type RoundRobinOptions } from './round-robin.js';
export { noSlot, type Slot } from './slot-table.js';
export type { Strategy } from './strategy.js';
