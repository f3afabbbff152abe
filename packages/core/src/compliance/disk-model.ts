/** What one node's disk holds, as far as an engine can tell. */
import type { DurableWrite, RecoveredState, SnapshotMeta } from '../durable.js';
import type { Entry } from '../entry.js';
import { type LogIndex, logStart } from '../ids.js';

/** A disk that applies whole writes, in order. */
export class DiskModel {
  hardState: Uint8Array | undefined;
  discarded = logStart;
  entries = new Map<LogIndex, Entry>();
  snapshot: SnapshotMeta | undefined;

  /** Makes one write durable. */
  apply(write: DurableWrite): void {
    if (write.discardThrough !== undefined) {
      this.discarded = write.discardThrough;
      for (const index of this.entries.keys()) if (index <= this.discarded.index) this.entries.delete(index);
    }
    const { truncateFrom } = write;
    if (truncateFrom !== undefined)
      for (const index of this.entries.keys()) if (index >= truncateFrom) this.entries.delete(index);
    for (const { index, term, kind, data } of write.entries)
      this.entries.set(index, { index, term, kind, data });
    if (write.hardState !== undefined) this.hardState = write.hardState;
  }

  /** Whether an entry is durable, in the log or under a snapshot. */
  holds({ index, term }: Entry): boolean {
    return (this.snapshot?.index ?? 0) >= index || this.entries.get(index)?.term === term;
  }

  /** What an engine that starts on it is given. */
  recover(): RecoveredState {
    return {
      ...(this.hardState === undefined ? {} : { hardState: this.hardState }),
      discarded: this.discarded,
      entries: [...this.entries.values()].sort((left, right) => left.index - right.index),
      ...(this.snapshot === undefined ? {} : { snapshot: this.snapshot }),
    };
  }
}
