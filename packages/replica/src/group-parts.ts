/** What the replica of one group is put together from. */
import type {
  Clock,
  ConsensusEngine,
  Defer,
  EngineMessage,
  GroupId,
  GroupStorage,
  Membership,
  MessageCodec,
  NodeId,
  StateMachine,
  StorageRoom,
  Transport,
} from '@synod/core';
import type { ReplicaFailedError } from './errors.js';
import type { EventStream } from './event-stream.js';
import type { ReplicaSettings } from './limits.js';
import type { PayloadWriters } from './peer-outbox.js';
import type { SendRate } from './send-rate.js';
import type { SnapshotStore } from './snapshot-store.js';

/** Its parts. */
export interface GroupParts<Message extends EngineMessage, Result> {
  readonly id: NodeId;
  readonly group: GroupId;
  readonly engine: ConsensusEngine<Message>;
  readonly codec: MessageCodec<Message>;
  readonly stateMachine: StateMachine<Result>;
  readonly membership: Membership;
  readonly snapshots: SnapshotStore;
  readonly storage: GroupStorage;
  /** How the storage stands with room on the disk. */
  readonly room: StorageRoom | undefined;
  readonly transport: Transport;
  readonly settings: ReplicaSettings;
  readonly snapshotEveryEntries: number;
  readonly snapshotEveryBytes: number;
  readonly clock: Clock;
  readonly writers: PayloadWriters;
  readonly rate: SendRate;
  readonly defer: Defer;
  readonly tickMs: number;
  readonly events: EventStream;
  /** Says why the node does not take part yet. */
  readonly admissionGap: () => string;
  /** The replica stopped by itself; `storage` concerns the whole node. */
  readonly stopped: (what: 'storage' | 'replica', error: ReplicaFailedError) => void;
  /** Something reaches the replica while it sleeps, or is about to; `speaker` is the peer that caused it. */
  readonly stir: (reason: string, speaker?: NodeId) => void;
  /** The replica takes no part any more. */
  readonly ended: () => void;
  /** The replica is closed. */
  readonly closed: () => void;
}
