/**
 * Reference implementations of the contracts, in memory: for tests, examples and pages. They keep every rule that the
 * contracts state and lose everything when the process ends.
 *
 * @example Two nodes exchange a payload.
 * ```ts
 * import { MemoryNetwork } from '@synod/core/memory';
 *
 * const network = new MemoryNetwork();
 * const left = network.transport('left');
 * const right = network.transport('right');
 * ```
 *
 * @packageDocumentation
 */
export { ManualClock } from './manual-clock.js';
export { MemoryNetwork, type MemoryNetworkOptions, type MemoryNetworkStats } from './memory-network.js';
export {
  MemoryNodeStorage,
  type MemoryNodeStorageOptions,
  type MemoryStorageStats,
} from './memory-storage.js';
