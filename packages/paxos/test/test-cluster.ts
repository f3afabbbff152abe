/** Multi-Paxos engines in a cluster that is moved by hand, for tests of the engine and for storms. */
import type { NodeId } from '@synod/core';
import { EngineCluster } from '@synod/core/compliance';
import {
  createMultiPaxosEngine,
  type MultiPaxosLimits,
  type MultiPaxosMessage,
  multiPaxosMessageCodec,
} from '../src/index.js';

/** Options of a test cluster; limits hold for all nodes. */
export interface TestClusterOptions extends MultiPaxosLimits {
  readonly ids?: readonly NodeId[];
  /** Nodes that run too, but are no members at first. */
  readonly spare?: readonly NodeId[];
  readonly seed?: number;
}

/** All nodes, and the messages between them. */
export class TestCluster extends EngineCluster<MultiPaxosMessage> {
  constructor(options: TestClusterOptions = {}) {
    const { ids, spare, seed, ...limits } = options;
    super({
      create: (start) => createMultiPaxosEngine({ ...limits, ...start }),
      codec: multiPaxosMessageCodec,
      ...(ids === undefined ? {} : { ids }),
      ...(spare === undefined ? {} : { spare }),
      ...(seed === undefined ? {} : { seed }),
    });
  }
}
