export { DiskModel } from './disk-model.js';
export { EngineCluster, type EngineClusterOptions } from './engine-cluster.js';
export { EngineNode, membersOf } from './engine-node.js';
