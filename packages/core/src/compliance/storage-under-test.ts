/** What the suite of storages must be told of one, and what it gives back. */
import type { NodeStorage } from '../durable.js';

/** One disk, which outlives the processes that use it. */
export interface StorageDisk {
  /** Opens the storage on it, or makes it when there is none yet. Called once a life. */
  open(): Promise<NodeStorage>;
  /** Ends the process that has it open, without warning: what is not durable may be gone. */
  crash(): void | Promise<void>;
  /** Lets every sync from now on fail, until the next open. Left out, cases about that are left out. */
  failSyncs?(): void;
  /** Lets no write find room from now on. Left out, cases about that are left out. */
  fill?(): void;
  /** Ends that. */
  empty?(): void;
}

/** A storage, as the suite needs it. */
export interface StorageUnderTest {
  /** A disk that was never used before. No two give a storage of the same incarnation. */
  newDisk(): StorageDisk | Promise<StorageDisk>;
  /** Lets a moment pass, so that what is under way can go on: on a real disk by a timer. Default a settled promise. */
  pause?(): Promise<void>;
}

/** One thing that a storage must do. */
export interface StorageCase {
  /** What it must do, as the end of a sentence that begins with the storage. */
  readonly name: string;
  /** Tries it; rejects with a {@link ComplianceError} that says what went wrong. */
  readonly run: () => Promise<void>;
}
