/**
 * Where does the next request go? Round robin and least request over a set of endpoints that changes, with health,
 * and without a clock, a socket or a timer: the same seed and the same calls give the same picks.
 *
 * @example
 * ```ts
 * import { LeastRequest } from '@synod/balancer';
 * import { Random } from '@synod/core';
 *
 * const nodes = [
 *   { id: 'n1', url: 'http://127.0.0.1:7001' },
 *   { id: 'n2', url: 'http://127.0.0.1:7002' },
 * ];
 * const balancer = new LeastRequest(nodes, { random: new Random(7) });
 * const pick = balancer.pick();
 * if (pick.type === 'picked') {
 *   console.log(`asking ${pick.endpoint.url}`);
 *   pick.done('success');
 * }
 * ```
 *
 * @packageDocumentation
 */
export type { Balancer, BalancerOptions, NoEndpoint, Outcome, Pick } from './balancer.js';
export type { Endpoint, EndpointStatus } from './endpoint.js';
export { LeastRequest } from './least-request.js';
export { RoundRobin } from './round-robin.js';
