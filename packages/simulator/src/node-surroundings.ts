/** What a simulated node needs of the world around it. */
import type { ConsensusEngine, EngineEvent, EngineMessage, EngineTiming, NodeId } from '@synod/core';
import type { EngineStep } from '@synod/core/recording';
import type { Coverage } from './coverage.js';
import type { EventQueue } from './event-queue.js';
import type { LeaseWatch } from './lease-watch.js';
import type { NodeStore, StoreOwner } from './node-store.js';
import type { SafetyLedger } from './safety-ledger.js';
import type { Weather } from './script.js';
import type { SimulatedDisk, StoredSnapshot } from './simulated-disk.js';

/** The world, as one node sees it. */
export interface NodeSurroundings<Message extends EngineMessage> {
  readonly queue: EventQueue;
  readonly weather: Weather;
  readonly coverage: Coverage;
  readonly ledger: SafetyLedger;
  readonly leases: LeaseWatch;
  /** Timing that operators have set since; `undefined` for that of the engine's options. */
  readonly timing: () => EngineTiming | undefined;
  /** Sends a message. */
  readonly send: (message: Message) => void;
  /** Hears what the engine tells. */
  readonly onEvent: (node: NodeId, isLeader: boolean, event: EngineEvent) => void;
  /** Carries a snapshot to a peer. */
  readonly carrySnapshot: (from: NodeId, to: NodeId, snapshot: StoredSnapshot, message: Message) => void;
  /** Hears every input before it is stepped; for recordings. */
  readonly onInput: ((node: NodeId, life: number, input: EngineStep<Message>) => void) | undefined;
  /** Makes where the node keeps what must survive it. */
  readonly createStore: (owner: StoreOwner) => NodeStore;
  readonly createEngine: (id: NodeId, life: number, disk: SimulatedDisk) => ConsensusEngine<Message>;
}
