/** How a caller puts a real storage under the simulated nodes. */
import type { FileSystem, NodeId, NodeStorage, Random } from '@synod/core';

/** What a storage is opened with. */
export interface StorageOpening {
  /** Whose storage it is. */
  readonly node: NodeId;
  /** Where its files are: a simulated drive. */
  readonly fileSystem: FileSystem;
  /** Randomness that stands at the same place for every node and life of one seed: draw limits from it. */
  readonly settings: Random;
  /**
   * Counts a situation in the report's coverage.
   *
   * @param situation - Its name.
   */
  readonly reach: (situation: string) => void;
}

/**
 * Opens a node's storage, or makes it when there is none yet, as {@link NodeStorage} describes it. Damage must be
 * refused with an error of code `STORAGE_CORRUPT`. It must take its time, its randomness and its files from nowhere
 * else than what it is given.
 */
export type OpenStorage = (opening: StorageOpening) => Promise<NodeStorage>;
