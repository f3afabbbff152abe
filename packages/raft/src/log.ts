/**
 * The log in memory (Raft §5.3, §7): entries after the discarded prefix, and how far they are durable. An entry counts
 * as durable only when the save that last wrote its index is: a save that was under way when its entries were
 * overwritten says nothing about what replaced them.
 */
import {
  type DurableWrite,
  type Entry,
  type FingerprintBuilder,
  type FingerprintView,
  InvariantViolation,
  invariant,
  type LogIndex,
  type LogPosition,
  type SaveReceipt,
  type Term,
} from '@synod/core';
import { NumberPairs } from './number-pairs.js';

/** Consecutive entries for an append. */
export interface LogSlice {
  readonly from: LogIndex;
  readonly through: LogIndex;
  readonly entries: readonly Entry[];
  readonly bytes: number;
}

/** A contiguous log with a discarded prefix. */
export class RaftLog {
  #discarded: LogPosition;
  #entries: Entry[];
  #durableIndex: LogIndex;
  /** First index that no save holds yet. */
  #unsavedFrom: LogIndex;
  #truncateFrom: LogIndex | undefined;
  #discardThrough: LogPosition | undefined;
  /** Number of each save whose receipt is out, and through where it still proves the log durable. */
  #savesUnderWay = new NumberPairs();
  #saveSequence = 0;
  /** The latest slice that reached the end of the log. */
  #lastSlice: LogSlice | undefined;

  /**
   * @param discarded - Through where the log is discarded.
   * @param entries - The durable entries after it, contiguous.
   */
  constructor(discarded: LogPosition, entries: readonly Entry[]) {
    this.#discarded = discarded;
    this.#entries = [...entries];
    for (const [offset, entry] of entries.entries()) {
      invariant(
        entry.index === discarded.index + 1 + offset,
        `recovered entry ${entry.index} follows the one before it`,
      );
    }
    this.#durableIndex = this.lastIndex;
    this.#unsavedFrom = this.lastIndex + 1;
  }

  /** A copy that shares only entries, which never change. */
  clone(): RaftLog {
    const copy = new RaftLog(this.#discarded, this.#entries);
    copy.#durableIndex = this.#durableIndex;
    copy.#unsavedFrom = this.#unsavedFrom;
    copy.#truncateFrom = this.#truncateFrom;
    copy.#discardThrough = this.#discardThrough;
    copy.#savesUnderWay = this.#savesUnderWay.clone();
    copy.#saveSequence = this.#saveSequence;
    return copy;
  }

  get discarded(): LogPosition {
    return this.#discarded;
  }

  get firstIndex(): LogIndex {
    return this.#discarded.index + 1;
  }

  get lastIndex(): LogIndex {
    return this.#discarded.index + this.#entries.length;
  }

  get lastTerm(): Term {
    return this.#entries[this.#entries.length - 1]?.term ?? this.#discarded.term;
  }

  /** Greatest index through which this log is on disk. */
  get durableIndex(): LogIndex {
    return this.#durableIndex;
  }

  /** Whether saves were taken whose receipt is still out. */
  get saving(): boolean {
    return this.#savesUnderWay.length > 0;
  }

  /** Number of the oldest save whose receipt is out; 0 when there is none. */
  get oldestSave(): number {
    return this.#savesUnderWay.first(0);
  }

  entryAt(index: LogIndex): Entry | undefined {
    return this.#entries[index - this.#discarded.index - 1];
  }

  /** Term at an index, or `undefined` where the log has (or remembers) none. */
  termAt(index: LogIndex): Term | undefined {
    return index === this.#discarded.index ? this.#discarded.term : this.entryAt(index)?.term;
  }

  /** Whether an entry of that term stands at that index: the log matching property then covers all before it (§5.3). */
  matches(position: LogPosition): boolean {
    return this.termAt(position.index) === position.term;
  }

  /**
   * Greatest index at most `from` whose term is at most `term`: where two logs can agree at best. Terms never fall along
   * a log, so halving finds it, however long the log is.
   */
  lastIndexWithTermAtMost(term: Term, from: LogIndex): LogIndex {
    let most = Math.min(from, this.lastIndex);
    let least = Math.min(most, this.#discarded.index);
    while (least < most) {
      const middle = Math.ceil((least + most) / 2);
      if ((this.termAt(middle) ?? 0) > term) most = middle - 1;
      else least = middle;
    }
    return least;
  }

  /** Entries from an index on, as many as fit into a number of bytes, but at least one. */
  slice(from: LogIndex, bytesMax: number): LogSlice {
    const last = this.#lastSlice;
    // All followers that keep up are sent the same.
    if (last !== undefined && last.from === from && last.through === this.lastIndex) return last;
    const start = from - this.#discarded.index - 1;
    let bytes = 0;
    let end = start;
    for (; end < this.#entries.length; end++) {
      const more = entryBytes(this.#entries[end]);
      if (bytes + more > bytesMax && end > start) break;
      bytes += more;
    }
    const entries = this.#entries.slice(start, end);
    const slice = { from, through: from + entries.length - 1, entries, bytes };
    if (slice.through === this.lastIndex) this.#lastSlice = slice;
    return slice;
  }

  /** Entries from an index through another, both in the log. */
  between(from: LogIndex, through: LogIndex): readonly Entry[] {
    invariant(from > this.#discarded.index && through <= this.lastIndex, 'asked for entries are in the log');
    return this.#entries.slice(from - this.#discarded.index - 1, through - this.#discarded.index);
  }

  append(entry: Entry): void {
    if (entry.index !== this.lastIndex + 1)
      throw new InvariantViolation(`appended entry ${entry.index} follows the last, ${this.lastIndex}`);
    this.#entries.push(entry);
  }

  /** Drops entries from an index on and gives back what was dropped. */
  truncate(from: LogIndex): readonly Entry[] {
    invariant(from > this.#discarded.index, `truncation at ${from} leaves the discarded prefix alone`);
    this.#lastSlice = undefined;
    const dropped = this.#entries.splice(from - this.#discarded.index - 1);
    if (from < this.#unsavedFrom) {
      this.#truncateFrom = Math.min(from, this.#truncateFrom ?? from);
      this.#unsavedFrom = from;
    }
    this.#distrustFrom(from);
    return dropped;
  }

  /** Forgets entries through an index that a snapshot covers. */
  discardThrough(index: LogIndex): LogPosition | undefined {
    const term = this.termAt(index);
    if (term === undefined || index <= this.#discarded.index) return undefined;
    // In place: a list left behind in the old generation of the heap would keep all entries that it held alive, and a
    // copy here halved the commits a second of a busy group.
    this.#entries.splice(0, index - this.#discarded.index);
    this.#discarded = { index, term };
    this.#discardThrough = this.#discarded;
    return this.#discarded;
  }

  /** Replaces the whole log by a snapshot and gives back the entries that were dropped. */
  reset(to: LogPosition): readonly Entry[] {
    this.#lastSlice = undefined;
    const dropped = this.#entries;
    this.#entries = [];
    this.#discarded = to;
    this.#discardThrough = to;
    this.#truncateFrom = to.index + 1;
    this.#distrustFrom(to.index + 1);
    this.#durableIndex = to.index;
    this.#unsavedFrom = to.index + 1;
    return dropped;
  }

  /** Whether the next save has anything of the log to hold. */
  hasUnsaved(): boolean {
    return (
      this.#unsavedFrom <= this.lastIndex ||
      this.#truncateFrom !== undefined ||
      this.#discardThrough !== undefined
    );
  }

  /**
   * Takes what the next save must hold; from now on that save is under way.
   *
   * @param hardState - What the save holds besides.
   */
  takeUnsaved(hardState?: Uint8Array): DurableWrite {
    const entries = this.#unsavedEntries();
    const lastEntry = entries[entries.length - 1];
    const last = lastEntry === undefined ? undefined : { index: lastEntry.index, term: lastEntry.term };
    const receipt: SaveReceipt = { sequence: ++this.#saveSequence, last };
    // A plain literal: spreading optional fields in would cost microseconds for each save.
    const unsaved = {
      receipt,
      discardThrough: this.#discardThrough,
      truncateFrom: this.#truncateFrom,
      entries,
      hardState,
    };
    this.#savesUnderWay.push(receipt.sequence, last?.index ?? 0);
    this.#unsavedFrom = this.lastIndex + 1;
    this.#truncateFrom = undefined;
    this.#discardThrough = undefined;
    return unsaved;
  }

  #unsavedEntries(): readonly Entry[] {
    const from = Math.max(this.#unsavedFrom, this.firstIndex);
    const last = this.#lastSlice;
    // What a leader saves it has just sent.
    if (last !== undefined && last.from === from && last.through === this.lastIndex) return last.entries;
    return this.between(from, this.lastIndex);
  }

  /** Takes note that a save, and with it all before it, is durable. Unknown and late receipts change nothing. */
  saved(receipt: SaveReceipt): void {
    const saves = this.#savesUnderWay;
    for (; saves.length > 0 && saves.first(0) <= receipt.sequence; saves.shift()) {
      if (saves.second(0) > this.#durableIndex) this.#durableIndex = saves.second(0);
    }
  }

  /** Folds in all that can influence what the log does. Saves are counted from the next one when time is left out. */
  addTo(digest: FingerprintBuilder, view: FingerprintView): void {
    digest.number(this.#discarded.index).number(this.#discarded.term);
    digest.number(this.#durableIndex).number(this.#unsavedFrom);
    digest.number(this.#truncateFrom ?? -1);
    digest.number(this.#discardThrough?.index ?? -1).number(this.#discardThrough?.term ?? -1);
    digest.number(this.#entries.length);
    for (const { term, kind, data, proposal } of this.#entries) {
      digest.number(term).text(kind).bytes(data);
      digest.boolean(proposal !== undefined).number(proposal ?? 0);
    }
    const countedFrom = view.untimed === true ? this.#saveSequence : 0;
    digest.number(this.#saveSequence - countedFrom).number(this.#savesUnderWay.length);
    for (let save = 0; save < this.#savesUnderWay.length; save++)
      digest.number(this.#savesUnderWay.first(save) - countedFrom).number(this.#savesUnderWay.second(save));
  }

  #distrustFrom(from: LogIndex): void {
    if (this.#durableIndex >= from) this.#durableIndex = from - 1;
    for (let save = 0; save < this.#savesUnderWay.length; save++) {
      if (this.#savesUnderWay.second(save) >= from) this.#savesUnderWay.replaceSecond(save, from - 1);
    }
  }
}

/** Bytes that an entry is counted with against limits: its data and what stands around it. */
export function entryBytes(entry: Entry | undefined): number {
  return entry === undefined ? 0 : entry.data.length + 16;
}
