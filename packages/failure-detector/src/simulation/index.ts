/**
 * A SWIM group in virtual time: try settings, losses, pauses and partitions before they meet a network.
 *
 * @example
 * ```ts
 * import { SimulatedGroup } from '@synod/failure-detector/simulation';
 *
 * const group = new SimulatedGroup({
 *   seed: 1,
 *   members: 5,
 *   onEvent: (member, event, atMs) => console.log(atMs, member, event),
 * });
 * group.crash('m3');
 * group.run(60_000);
 * ```
 *
 * @packageDocumentation
 */
export { SimulatedGroup, type SimulatedGroupOptions, type SimulatedNetwork } from './simulated-group.js';
