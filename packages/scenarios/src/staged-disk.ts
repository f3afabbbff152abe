/** What one node's disk holds in a scenario: exactly the writes that were made durable, in their order. */
import {
  type DurableWrite,
  type Entry,
  type LogIndex,
  logStart,
  type RecoveredState,
  type SnapshotMeta,
} from '@synod/core';

/** A stored snapshot: what it covers, and the state machine in it. */
export interface StoredSnapshot {
  readonly meta: SnapshotMeta;
  readonly commands: readonly string[];
}

/** A disk that keeps what was saved through every crash. */
export class StagedDisk {
  hardState: Uint8Array | undefined;
  discarded = logStart;
  snapshot: StoredSnapshot | undefined;
  #entries = new Map<LogIndex, Entry>();

  /** A copy, such as an operator makes of a data directory. */
  copy(): StagedDisk {
    const copy = new StagedDisk();
    copy.hardState = this.hardState;
    copy.discarded = this.discarded;
    copy.snapshot = this.snapshot;
    copy.#entries = new Map(this.#entries);
    return copy;
  }

  /** Entries in the order of their indexes. */
  get entries(): readonly Entry[] {
    return [...this.#entries.values()].sort((left, right) => left.index - right.index);
  }

  apply({ discardThrough, truncateFrom, entries, hardState }: DurableWrite): void {
    if (discardThrough !== undefined) {
      this.discarded = discardThrough;
      this.#forget((index) => index <= discardThrough.index);
    }
    if (truncateFrom !== undefined) this.#forget((index) => index >= truncateFrom);
    for (const entry of entries) this.put(entry);
    if (hardState !== undefined) this.hardState = hardState;
  }

  put({ index, term, kind, data }: Entry): void {
    this.#entries.set(index, { index, term, kind, data });
  }

  recover(): RecoveredState {
    return {
      ...(this.hardState === undefined ? {} : { hardState: this.hardState }),
      discarded: this.discarded,
      entries: this.entries,
      ...(this.snapshot === undefined ? {} : { snapshot: this.snapshot.meta }),
    };
  }

  #forget(lost: (index: LogIndex) => boolean): void {
    for (const index of [...this.#entries.keys()]) if (lost(index)) this.#entries.delete(index);
  }
}
