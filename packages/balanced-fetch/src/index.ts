/**
 * `fetch` over a set of servers: balanced by any strategy of `@synod/balancer`, with health, safe retries within a
 * budget, and hedging. `@synod/balanced-fetch/undici` does the balancing for undici's dispatchers.
 *
 * @packageDocumentation
 */
export { type BalancedFetch, balancedFetch } from './balanced-fetch.js';
export { NoServerError } from './errors.js';
export type { Server, ServerEndpoint } from './server.js';
export type { BalancedFetchOptions, BalancingOptions } from './settings.js';
