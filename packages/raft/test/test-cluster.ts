/** Raft engines in a cluster that is moved by hand, for tests of the engine and for storms. */
import { encodeUtf8, type NodeId } from '@synod/core';
import { DiskModel, EngineCluster } from '@synod/core/compliance';
import {
  createRaftEngine,
  encodeHardState,
  type RaftLimits,
  type RaftMessage,
  raftMessageCodec,
} from '../src/index.js';

export { membersOf } from '@synod/core/compliance';

/** Options of a test cluster; limits hold for all nodes. */
export interface TestClusterOptions extends RaftLimits {
  readonly ids?: readonly NodeId[];
  /** Nodes that run too, but are no members at first. */
  readonly spare?: readonly NodeId[];
  /** Limits of single nodes. */
  readonly limitsOf?: Readonly<Record<NodeId, RaftLimits>>;
  readonly seed?: number;
  /** Disks to start from, by node. */
  readonly disks?: Readonly<Record<NodeId, DiskModel>>;
}

/** All nodes, and the messages between them. */
export class TestCluster extends EngineCluster<RaftMessage> {
  constructor(options: TestClusterOptions = {}) {
    const { ids, spare, limitsOf = {}, seed, disks, ...limits } = options;
    super({
      create: (start) => createRaftEngine({ ...limits, ...limitsOf[start.id], ...start }),
      codec: raftMessageCodec,
      ...(ids === undefined ? {} : { ids }),
      ...(spare === undefined ? {} : { spare }),
      ...(seed === undefined ? {} : { seed }),
      ...(disks === undefined ? {} : { disks }),
    });
  }
}

/** A disk that holds a log of the given terms, as the figures of the paper draw them. */
export function diskWithTerms(terms: readonly number[], term: number, votedFor = ''): DiskModel {
  const disk = new DiskModel();
  for (const [offset, entryTerm] of terms.entries()) {
    const index = offset + 1;
    disk.entries.set(index, {
      index,
      term: entryTerm,
      kind: 'command',
      data: encodeUtf8(`${entryTerm}.${index}`),
    });
  }
  const vote = votedFor === '' ? undefined : votedFor;
  disk.hardState = encodeHardState({ term, votedFor: vote, commitIndex: 0, life: 1 });
  return disk;
}
