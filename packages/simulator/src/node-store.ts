/**
 * Where a node keeps what must survive it, as the node sees it: it asks, and is called back when virtual time has
 * come. Behind it is either a model of a storage, or a real one over a simulated drive.
 */
import type { DurableWrite, NodeId, Random } from '@synod/core';
import type { Coverage } from './coverage.js';
import type { SimulatedDisk, StoredSnapshot } from './simulated-disk.js';

/** What goes wrong at the next sync. */
export type SyncFate = 'succeeds' | 'fails' | 'finds no room' | 'is cut by a crash';

/** How a process ended. */
export type StopReason = 'failed' | 'crashed' | 'shut down';

/** How a snapshot fared that was to be stored. */
export type SnapshotFate = 'stored' | 'superseded' | 'failed';

/** The process that a store serves. */
export interface StoreOwner {
  readonly id: NodeId;
  readonly random: Random;
  readonly coverage: Coverage;
  /** Mean length of a sync in microseconds, as it is now. */
  readonly meanSyncUs: () => number;
  /**
   * Plans work of this life of the process, which waits while the process is paused; `otherwise` is done when the life
   * has ended by then.
   */
  readonly later: (delayUs: number, run: () => void, otherwise?: () => void) => void;
  /** Ends the process. */
  readonly stop: (why: StopReason) => void;
  /** Carries out effects that waited for saves. */
  readonly settle: () => void;
}

/** Keeps a node's durable state. */
export interface NodeStore {
  /** What is durable for sure: nothing that was confirmed is missing here. */
  readonly disk: SimulatedDisk;
  /** Saves that are under way. */
  readonly saving: number;
  /** What goes wrong at the next sync. */
  nextSync: SyncFate;
  /** There is room again on a disk that had none; absent in a store that does not wait for room. */
  readonly findRoom?: () => void;
  /** Whether saves wait for room on the disk, so that proposals must be refused. */
  readonly isFull: boolean;
  /** Whether bits on the disk were flipped at any time. */
  readonly isRotten: boolean;
  /** Begins a life: `opened` hears whether what the disk holds could be used. */
  open(opened: (outcome: 'recovered' | 'refused') => void): void;
  /** Makes a write durable, after those before it; without a write, waits for those. */
  save(write: DurableWrite | undefined, saved: () => void): void;
  /** Stores a snapshot. `done` is called in any case, even when the process ends meanwhile. */
  storeSnapshot(snapshot: StoredSnapshot, done: (fate: SnapshotFate) => void): void;
  /** Reads the newest snapshot back; `undefined` when it cannot be read. */
  readSnapshot(use: (snapshot: StoredSnapshot | undefined) => void): void;
  /** The process ends: of what is not durable, anything may be lost. */
  end(why: StopReason): void;
  /** Takes no more; `closed` is called when all that was asked for is durable. */
  close(closed: () => void): void;
  /** Flips a bit that was durable; `false` when there is none to flip. */
  rot(): boolean;
}
