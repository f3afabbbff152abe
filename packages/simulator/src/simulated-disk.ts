/**
 * What one node's disk holds for sure: the durable state of a group as the storage contract describes it, each write
 * whole or not at all. Time, lost writes and failures are the store's business, and so are the bytes of a real log.
 */
import {
  type DurableWrite,
  type Entry,
  type LogIndex,
  type LogPosition,
  logStart,
  type RecoveredState,
  type SnapshotMeta,
} from '@synod/core';

/** A stored snapshot. */
export interface StoredSnapshot {
  readonly meta: SnapshotMeta;
  readonly bytes: Uint8Array;
}

/** Durable state of one group on one node. */
export class SimulatedDisk {
  #hardState: Uint8Array | undefined;
  #discarded: LogPosition = logStart;
  readonly #entries = new Map<LogIndex, Entry>();
  #lastIndex: LogIndex = 0;
  #snapshot: StoredSnapshot | undefined;

  get hardState(): Uint8Array | undefined {
    return this.#hardState;
  }

  get snapshot(): StoredSnapshot | undefined {
    return this.#snapshot;
  }

  /** Makes one write durable. */
  apply(write: DurableWrite): void {
    const { discardThrough, truncateFrom } = write;
    if (discardThrough !== undefined) {
      for (let index = this.#discarded.index + 1; index <= discardThrough.index; index++)
        this.#entries.delete(index);
      this.#discarded = discardThrough;
      this.#lastIndex = Math.max(this.#lastIndex, discardThrough.index);
    }
    if (truncateFrom !== undefined) {
      for (let index = truncateFrom; index <= this.#lastIndex; index++) this.#entries.delete(index);
      this.#lastIndex = Math.min(this.#lastIndex, truncateFrom - 1);
    }
    for (const { index, term, kind, data } of write.entries) {
      this.#entries.set(index, { index, term, kind, data });
      if (index > this.#lastIndex) this.#lastIndex = index;
    }
    if (write.hardState !== undefined) this.#hardState = write.hardState;
  }

  /** Takes over what a storage found. */
  become(found: RecoveredState, snapshot: StoredSnapshot | undefined): void {
    this.#hardState = found.hardState;
    this.#discarded = found.discarded;
    this.#entries.clear();
    this.#lastIndex = found.discarded.index;
    for (const entry of found.entries) {
      this.#entries.set(entry.index, entry);
      this.#lastIndex = entry.index;
    }
    this.#snapshot = snapshot;
  }

  /** Another with the same state. */
  copy(): SimulatedDisk {
    const copy = new SimulatedDisk();
    copy.become(this.recover(), this.#snapshot);
    return copy;
  }

  /** Makes a snapshot durable, unless a newer one is there. */
  store(snapshot: StoredSnapshot): void {
    if (this.#snapshot === undefined || this.#snapshot.meta.index < snapshot.meta.index)
      this.#snapshot = snapshot;
  }

  /** Where the log ends, or the snapshot if it reaches further: what an election compares. */
  get end(): LogPosition {
    const last = this.#entries.get(this.#lastIndex) ?? this.#discarded;
    const meta = this.#snapshot?.meta;
    return meta !== undefined &&
      (meta.term > last.term || (meta.term === last.term && meta.index > last.index))
      ? meta
      : last;
  }

  /** Whether everything through an index is here, as entries or in a snapshot. */
  holdsThrough(index: LogIndex): boolean {
    if (index <= this.#discarded.index || index <= (this.#snapshot?.meta.index ?? 0)) return true;
    return index <= this.#lastIndex && this.#entries.has(index);
  }

  /** Whether an entry is here, or covered by a snapshot. */
  holds(index: LogIndex, term: number): boolean {
    if (index <= this.#discarded.index || index <= (this.#snapshot?.meta.index ?? 0)) return true;
    return this.#entries.get(index)?.term === term;
  }

  /** What a storage would find when it is opened. */
  recover(): RecoveredState {
    return {
      ...(this.#hardState === undefined ? {} : { hardState: this.#hardState }),
      discarded: this.#discarded,
      entries: [...this.#entries.values()].sort((left, right) => left.index - right.index),
      ...(this.#snapshot === undefined ? {} : { snapshot: this.#snapshot.meta }),
    };
  }
}
