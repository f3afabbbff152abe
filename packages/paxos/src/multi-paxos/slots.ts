/**
 * The acceptor's votes in memory, slot by slot and with holes, and how far they are durable. A vote counts as durable
 * only when the save that last changed its slot is: a save that was under way when a slot was voted for again says
 * nothing about the new vote.
 */
import {
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
import type { VotesAgain } from './hard-state.js';

interface Slot {
  readonly entry: Entry;
  /** Ballot of the vote for it. */
  ballot: Term;
  /** Number of the save that holds the vote: 0 when it was recovered, {@link notTaken} when no save was taken yet. */
  save: number;
}

/** A small integer: any other number would be an object of its own in every slot. */
const notTaken = -1;

/** What of the slots the next save must hold. */
export interface UnsavedSlots {
  readonly receipt: SaveReceipt;
  readonly discardThrough: LogPosition | undefined;
  readonly entries: readonly Entry[];
}

/** Values for one message. */
export interface SlotSlice {
  readonly from: LogIndex;
  readonly through: LogIndex;
  readonly entries: readonly Entry[];
  readonly bytes: number;
}

/** Votes after a discarded prefix. */
export class Slots {
  #discarded: LogPosition;
  #slots: (Slot | undefined)[] = [];
  /** Every slot through this one is here and durable. */
  #durableIndex: LogIndex;
  /** Slots whose entry no save holds yet. */
  #unsaved: LogIndex[] = [];
  #votedAgain = false;
  /** Last slot with a vote in another ballot than its value's first. */
  #votedAgainThrough: LogIndex = 0;
  #discardThrough: LogPosition | undefined;
  #savesUnderWay: number[] = [];
  #saves = 0;
  #durableSave = 0;
  #lastSlice: SlotSlice | undefined;

  /**
   * @param discarded - Through where slots are discarded.
   * @param entries - The durable entries after it, ascending.
   * @param votesAgain - Their votes, where those are not of the ballot that the entry was first proposed in.
   */
  constructor(discarded: LogPosition, entries: readonly Entry[], votesAgain: readonly VotesAgain[]) {
    this.#discarded = discarded;
    this.#durableIndex = discarded.index;
    let at = 0;
    for (const entry of entries) {
      invariant(entry.index > discarded.index, `recovered entry ${entry.index} is not discarded`);
      while ((votesAgain[at]?.through ?? Number.POSITIVE_INFINITY) < entry.index) at++;
      const range = votesAgain[at];
      // A record of votes may be older than the vote that stands here, never newer: ballots of one slot only grow.
      const again = range !== undefined && range.from <= entry.index ? range.ballot : 0;
      this.#put(entry, Math.max(again, entry.term), 0);
      if (again > entry.term) this.#votedAgainThrough = entry.index;
    }
    this.#advanceDurable();
  }

  /** A copy that shares only entries, which never change. */
  clone(): Slots {
    const copy = new Slots(this.#discarded, [], []);
    copy.#slots = this.#slots.map((slot) => (slot === undefined ? undefined : { ...slot }));
    copy.#durableIndex = this.#durableIndex;
    copy.#unsaved = [...this.#unsaved];
    copy.#votedAgain = this.#votedAgain;
    copy.#votedAgainThrough = this.#votedAgainThrough;
    copy.#discardThrough = this.#discardThrough;
    copy.#savesUnderWay = [...this.#savesUnderWay];
    copy.#saves = this.#saves;
    copy.#durableSave = this.#durableSave;
    return copy;
  }

  get discarded(): LogPosition {
    return this.#discarded;
  }

  get firstIndex(): LogIndex {
    return this.#discarded.index + 1;
  }

  /** Last slot that holds a vote. */
  get lastIndex(): LogIndex {
    return this.#discarded.index + this.#slots.length;
  }

  get durableIndex(): LogIndex {
    return this.#durableIndex;
  }

  /** Number of the oldest save whose receipt is out; 0 when there is none. */
  get oldestSave(): number {
    return this.#savesUnderWay[0] ?? 0;
  }

  /** How many of the saves under way are no later than one. */
  savesThrough(sequence: number): number {
    return this.#savesUnderWay.filter((save) => save <= sequence).length;
  }

  entryAt(index: LogIndex): Entry | undefined {
    return this.#at(index)?.entry;
  }

  /** Ballot in which the value of a slot was first proposed, or `undefined` where nothing stands or is remembered. */
  termAt(index: LogIndex): Term | undefined {
    return index === this.#discarded.index ? this.#discarded.term : this.#at(index)?.entry.term;
  }

  /** Ballot of the vote in a slot; 0 without one. */
  ballotAt(index: LogIndex): Term {
    return this.#at(index)?.ballot ?? 0;
  }

  /** Whether the vote in a slot is durable. */
  isDurable(index: LogIndex): boolean {
    if (index <= this.#durableIndex) return true;
    const slot = this.#at(index);
    return slot !== undefined && this.#isSaved(slot);
  }

  /**
   * Votes for a value in a ballot.
   *
   * @returns The entry of another value that stood there.
   */
  vote(entry: Entry, ballot: Term): Entry | undefined {
    const known = this.#at(entry.index);
    if (known === undefined || known.entry.term !== entry.term) {
      this.#put(entry, ballot, notTaken);
      this.#unsaved.push(entry.index);
    } else {
      if (known.ballot >= ballot) return undefined;
      known.ballot = ballot;
      // An entry that waits to be saved still does; else only the record of votes changes.
      if (known.save !== notTaken) known.save = notTaken;
    }
    if (ballot !== entry.term) {
      this.#votedAgain = true;
      if (entry.index > this.#votedAgainThrough) this.#votedAgainThrough = entry.index;
    }
    this.#distrust(entry.index);
    return known === undefined || known.entry.term === entry.term ? undefined : known.entry;
  }

  /**
   * Puts a decided value into its slot. The ballot of an earlier vote stays: ballots of one slot never fall.
   *
   * @returns The entry of another value that stood there.
   */
  settle(entry: Entry): Entry | undefined {
    const known = this.#at(entry.index);
    if (known?.entry.term === entry.term) return undefined;
    return this.vote(entry, Math.max(known?.ballot ?? 0, entry.term));
  }

  /** Values from a slot on without a hole, as many as fit into a number of bytes, but at least one. */
  slice(from: LogIndex, through: LogIndex, bytesMax: number): SlotSlice {
    const last = this.#lastSlice;
    // All followers that keep up are sent the same.
    if (last !== undefined && last.from === from && last.through === through) return last;
    const entries: Entry[] = [];
    let bytes = 0;
    for (let index = from; index <= through; index++) {
      const entry = this.entryAt(index);
      if (entry === undefined) break;
      const more = entryBytes(entry);
      if (bytes + more > bytesMax && entries.length > 0) break;
      bytes += more;
      entries.push(entry);
    }
    const slice = { from, through: from + entries.length - 1, entries, bytes };
    if (slice.through === through) this.#lastSlice = slice;
    return slice;
  }

  /**
   * Last slot of the unbroken run from a slot on that holds votes of a ballot, durable ones if so asked; looks no further
   * than the last slot that it is asked about.
   */
  runOf(ballot: Term, from: LogIndex, last: LogIndex, durable: boolean): LogIndex {
    let index = from;
    for (; index <= last; index++) {
      const slot = this.#at(index);
      if (slot === undefined || slot.ballot !== ballot || (durable && !this.#isSaved(slot))) break;
    }
    return index - 1;
  }

  /** Forgets slots through one that a snapshot of this node's own covers, if it stands here. */
  discardThrough(index: LogIndex): LogPosition | undefined {
    const term = this.termAt(index);
    if (term === undefined || index <= this.#discarded.index) return undefined;
    this.#discard({ index, term });
    return this.#discarded;
  }

  /** A snapshot takes the place of all slots that it covers; votes above them stay. */
  coverThrough(position: LogPosition): readonly Entry[] {
    if (position.index <= this.#discarded.index) return [];
    const covered = this.#slots.slice(0, position.index - this.#discarded.index);
    this.#discard(position);
    return covered.flatMap((slot) => (slot === undefined ? [] : [slot.entry]));
  }

  /** Votes in slots after a decided one whose ballot is not that of the value. */
  votesAgain(decided: LogIndex): readonly VotesAgain[] {
    const found: VotesAgain[] = [];
    for (let index = decided + 1; index <= this.#votedAgainThrough; index++) {
      const slot = this.#at(index);
      if (slot === undefined || slot.ballot === slot.entry.term) continue;
      const last = found[found.length - 1];
      if (last !== undefined && last.through === index - 1 && last.ballot === slot.ballot)
        found[found.length - 1] = { ...last, through: index };
      else found.push({ from: index, through: index, ballot: slot.ballot });
    }
    return found;
  }

  /** Whether votes were given that only the hard state can hold. */
  get hasVotedAgain(): boolean {
    return this.#votedAgain;
  }

  /** Whether the next save has anything of the slots to hold. */
  hasUnsaved(): boolean {
    return this.#unsaved.length > 0 || this.#votedAgain || this.#discardThrough !== undefined;
  }

  /** Takes what the next save must hold; from now on that save is under way. */
  takeUnsaved(): UnsavedSlots {
    const sequence = ++this.#saves;
    const entries: Entry[] = [];
    const unsaved = ascending(this.#unsaved);
    for (let position = 0; position < unsaved.length; position++) {
      const index = unsaved[position] ?? 0;
      const slot = this.#at(index);
      if (slot === undefined || entries[entries.length - 1]?.index === index) continue;
      entries.push(slot.entry);
      slot.save = sequence;
    }
    if (this.#votedAgain) {
      for (let index = this.firstIndex; index <= this.#votedAgainThrough; index++) {
        const slot = this.#at(index);
        if (slot?.save === notTaken) slot.save = sequence;
      }
    }
    const lastEntry = entries[entries.length - 1];
    const last = lastEntry === undefined ? undefined : { index: lastEntry.index, term: lastEntry.term };
    const taken = { receipt: { sequence, last }, discardThrough: this.#discardThrough, entries };
    this.#savesUnderWay.push(sequence);
    this.#unsaved = [];
    this.#votedAgain = false;
    this.#discardThrough = undefined;
    return taken;
  }

  /** Takes note that a save, and with it all before it, is durable. Unknown and late receipts change nothing. */
  saved(receipt: SaveReceipt): void {
    const newest = this.#savesUnderWay[this.#savesUnderWay.length - 1] ?? 0;
    if (receipt.sequence > newest) return;
    while ((this.#savesUnderWay[0] ?? Number.POSITIVE_INFINITY) <= receipt.sequence)
      this.#durableSave = this.#savesUnderWay.shift() ?? 0;
    this.#advanceDurable();
  }

  /** Folds in all that can influence what the slots do. Saves are counted from the next one when time is left out. */
  addTo(digest: FingerprintBuilder, view: FingerprintView): void {
    const countedFrom = view.untimed === true ? this.#saves : 0;
    digest.number(this.#discarded.index).number(this.#discarded.term).number(this.#durableIndex);
    digest.number(this.#discardThrough?.index ?? -1).number(this.#discardThrough?.term ?? -1);
    digest.boolean(this.#votedAgain).number(this.#votedAgainThrough);
    digest.number(this.#saves - countedFrom).number(this.#durableSave - countedFrom);
    digest.number(this.#savesUnderWay.length);
    for (const sequence of this.#savesUnderWay) digest.number(sequence - countedFrom);
    digest.number(this.#unsaved.length);
    for (const index of ascending(this.#unsaved)) digest.number(index);
    digest.number(this.#slots.length);
    for (const slot of this.#slots) {
      digest.boolean(slot !== undefined);
      if (slot === undefined) continue;
      const { term, kind, data, proposal } = slot.entry;
      digest.number(term).text(kind).bytes(data).number(slot.ballot);
      digest.boolean(proposal !== undefined).number(proposal ?? 0);
      const isDurable = this.#isSaved(slot);
      digest.number(isDurable ? 0 : slot.save === notTaken ? 1 : 2);
      if (!isDurable && slot.save !== notTaken) digest.number(slot.save - countedFrom);
    }
  }

  #isSaved({ save }: Slot): boolean {
    return save !== notTaken && save <= this.#durableSave;
  }

  #at(index: LogIndex): Slot | undefined {
    return this.#slots[index - this.#discarded.index - 1];
  }

  #put(entry: Entry, ballot: Term, save: number): void {
    const position = entry.index - this.#discarded.index - 1;
    if (position < 0) throw new InvariantViolation(`slot ${entry.index} is not discarded`);
    while (this.#slots.length < position) this.#slots.push(undefined);
    this.#slots[position] = { entry, ballot, save };
  }

  #discard(to: LogPosition): void {
    this.#slots.splice(0, to.index - this.#discarded.index);
    this.#discarded = to;
    this.#discardThrough = to;
    this.#lastSlice = undefined;
    if (this.#unsaved.length > 0) this.#unsaved = this.#unsaved.filter((index) => index > to.index);
    if (this.#durableIndex < to.index) this.#durableIndex = to.index;
    this.#advanceDurable();
  }

  #distrust(index: LogIndex): void {
    if (this.#durableIndex >= index) this.#durableIndex = index - 1;
    const last = this.#lastSlice;
    if (last !== undefined && last.from <= index && index <= last.through) this.#lastSlice = undefined;
  }

  #advanceDurable(): void {
    for (
      let slot = this.#at(this.#durableIndex + 1);
      slot !== undefined && this.#isSaved(slot);
      slot = this.#at(this.#durableIndex + 1)
    )
      this.#durableIndex++;
  }
}

/** Bytes that an entry is counted with against limits: its data and what stands around it. */
export function entryBytes(entry: Entry): number {
  return entry.data.length + 16;
}

function ascending(indexes: readonly LogIndex[]): readonly LogIndex[] {
  for (let position = 1; position < indexes.length; position++) {
    if ((indexes[position] ?? 0) <= (indexes[position - 1] ?? 0))
      return [...indexes].sort((left, right) => left - right);
  }
  return indexes;
}
