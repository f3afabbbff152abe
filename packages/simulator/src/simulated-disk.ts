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
  type Membership,
  type RecoveredState,
  type SnapshotMeta,
} from '@synod/core';
import { membershipIn } from './membership-ledger.js';

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
  /** Memberships that stand in the log, over those before it; `undefined` stands for the founders. */
  #memberships: { readonly index: LogIndex; readonly membership: Membership | undefined }[] = [
    { index: 0, membership: undefined },
  ];

  get hardState(): Uint8Array | undefined {
    return this.#hardState;
  }

  get snapshot(): StoredSnapshot | undefined {
    return this.#snapshot;
  }

  /** Makes one write durable. */
  apply(write: DurableWrite): void {
    const { discardThrough, truncateFrom } = write;
    if (discardThrough !== undefined && discardThrough.index >= this.#discarded.index) {
      this.#discardMemberships(discardThrough.index, truncateFrom === discardThrough.index + 1);
      for (let index = this.#discarded.index + 1; index <= discardThrough.index; index++)
        this.#entries.delete(index);
      this.#discarded = discardThrough;
      this.#lastIndex = Math.max(this.#lastIndex, discardThrough.index);
    }
    if (truncateFrom !== undefined) {
      this.#memberships = this.#memberships.filter(({ index }) => index < truncateFrom);
      for (let index = truncateFrom; index <= this.#lastIndex; index++) this.#entries.delete(index);
      this.#lastIndex = Math.min(this.#lastIndex, truncateFrom - 1);
    }
    for (const { index, term, kind, data } of write.entries) {
      const entry = { index, term, kind, data };
      this.#entries.set(index, entry);
      this.#noteMembership(entry);
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
    this.#snapshot = snapshot;
    this.#discardMemberships(found.discarded.index, snapshot?.meta.index === found.discarded.index);
    this.#memberships.length = 1;
    for (const entry of found.entries) {
      this.#entries.set(entry.index, entry);
      this.#noteMembership(entry);
      this.#lastIndex = entry.index;
    }
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

  /** Who governs there, for whoever starts from this disk; `undefined` for the founders. */
  get membership(): Membership | undefined {
    if (this.#snapshot !== undefined && this.end === this.#snapshot.meta)
      return this.#snapshot.meta.membership;
    return this.#memberships[this.#memberships.length - 1]?.membership;
  }

  /** Whether everything through an index is here, as entries or in a snapshot. */
  holdsThrough(index: LogIndex): boolean {
    if (index <= this.#discarded.index || index <= (this.#snapshot?.meta.index ?? 0)) return true;
    return index <= this.#lastIndex && this.#entries.has(index);
  }

  /** The entry at an index, if it is here. */
  entry(index: LogIndex): Entry | undefined {
    return this.#entries.get(index);
  }

  /** Whether an entry stands at an index, whatever stands before it, or a snapshot covers it. */
  holdsSlot(index: LogIndex): boolean {
    return (
      index <= this.#discarded.index || index <= (this.#snapshot?.meta.index ?? 0) || this.#entries.has(index)
    );
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

  #noteMembership(entry: Entry): void {
    const membership = membershipIn(entry);
    if (membership === undefined) return;
    this.#memberships = this.#memberships.filter(({ index }) => index < entry.index);
    this.#memberships.push({ index: entry.index, membership });
  }

  /** The log begins later: after what was in it, or after a snapshot that takes its place. */
  #discardMemberships(through: LogIndex, bySnapshot: boolean): void {
    const meta = this.#snapshot?.meta;
    const before = this.#memberships.filter(({ index }) => index <= through).pop();
    const membership = bySnapshot && meta?.index === through ? meta.membership : before?.membership;
    this.#memberships = [
      { index: through, membership },
      ...this.#memberships.filter(({ index }) => index > through),
    ];
  }
}
