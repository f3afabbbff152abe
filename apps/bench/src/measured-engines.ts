/** The engines that are measured beside each other, whichever messages they have. */
import type { EngineMessage } from '@synod/core';
import { createMultiPaxosEngine, multiPaxosMessageCodec } from '@synod/paxos';
import { createRaftEngine, raftMessageCodec } from '@synod/raft';
import type { Replica, ReplicaHost } from '@synod/replica';
import { CommandCounter } from './command-counter.js';
import { type EngineUnderTest, InMemoryCluster } from './in-memory-cluster.js';

/** A group of three nodes in one thread. */
export type DrivenCluster = Pick<
  InMemoryCluster<EngineMessage>,
  | 'committed'
  | 'committedEverywhere'
  | 'propose'
  | 'settle'
  | 'compact'
  | 'messages'
  | 'messageBytes'
  | 'saves'
  | 'savedEntries'
>;

/** One engine family. */
export interface MeasuredEngine {
  /** Its name, as tables have it. */
  readonly name: string;
  /** Makes a group whose first node leads. */
  newCluster(): DrivenCluster;
  /**
   * Opens a group on a host.
   *
   * @param host - The host.
   */
  openGroup(host: ReplicaHost): Replica<number>;
}

/** Raft first: the others are compared with it. */
export const measuredEngines: readonly [MeasuredEngine, ...MeasuredEngine[]] = [
  measured('Raft', { create: createRaftEngine, codec: raftMessageCodec }),
  measured('Multi-Paxos', { create: createMultiPaxosEngine, codec: multiPaxosMessageCodec }),
];

function measured<Message extends EngineMessage>(
  name: string,
  engine: EngineUnderTest<Message>,
): MeasuredEngine {
  return {
    name,
    newCluster: () => new InMemoryCluster(engine),
    openGroup: (host) =>
      host.openGroup({
        createEngine: (start) => engine.create(start),
        codec: engine.codec,
        stateMachine: new CommandCounter(),
        snapshotEveryEntries: 100_000,
      }),
  };
}
