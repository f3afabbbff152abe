/**
 * What an implementer of the contracts runs to see that they are kept.
 *
 * @packageDocumentation
 */
export { ComplianceError } from './contract-watch.js';
export { DiskModel } from './disk-model.js';
export { EngineCluster, type EngineClusterOptions } from './engine-cluster.js';
export { EngineNode, membersOf, type StartEngine, type UnsavedWork } from './engine-node.js';
export { engineCases } from './engine-suite.js';
export type { ComplianceCase, ComplianceLimits, EngineUnderTest } from './engine-under-test.js';
export { storageCases } from './storage-suite.js';
export type { StorageCase, StorageDisk, StorageUnderTest } from './storage-under-test.js';
export { transportCases } from './transport/transport-suite.js';
export type {
  TransportCase,
  TransportClusterUnderTest,
  TransportUnderTest,
} from './transport/transport-under-test.js';
