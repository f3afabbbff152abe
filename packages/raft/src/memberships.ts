/**
 * Which members govern which stretch of the log (Raft §6): the last membership entry in the log governs at once,
 * committed or not, and gives way to the one before it when it is dropped.
 */
import {
  ByteReader,
  ByteWriter,
  type Entry,
  invariant,
  type LogIndex,
  type Membership,
  readMembership,
  writeMembership,
} from '@synod/core';

/** Members, and from where on they govern. */
export interface GoverningMembership {
  /** Index of the entry that they stand in, or of a snapshot behind it; 0 for those that the group began with. */
  readonly index: LogIndex;
  readonly membership: Membership;
}

/** The memberships of one log, from the one that governs at its start to the latest. */
export class Memberships {
  #known: GoverningMembership[];

  /** @param first - The members that govern just after the snapshot, or those that the group began with. */
  constructor(first: GoverningMembership) {
    this.#known = [first];
  }

  clone(): Memberships {
    const copy = new Memberships(this.latest);
    copy.#known = [...this.#known];
    return copy;
  }

  get latest(): GoverningMembership {
    const latest = this.#known[this.#known.length - 1];
    invariant(latest !== undefined, 'some membership governs');
    return latest;
  }

  /** The one before the latest: it governs again if that is dropped. */
  get previous(): Membership | undefined {
    return this.#known[this.#known.length - 2]?.membership;
  }

  /** All that are known, oldest first. */
  get known(): readonly GoverningMembership[] {
    return this.#known;
  }

  /** The members that govern just after an index. */
  at(index: LogIndex): Membership | undefined {
    for (let position = this.#known.length - 1; position >= 0; position--) {
      const candidate = this.#known[position];
      if (candidate !== undefined && candidate.index <= index) return candidate.membership;
    }
    return undefined;
  }

  /** An entry with a membership stands in the log. */
  append(entry: Entry): void {
    invariant(entry.index > this.latest.index, `membership ${entry.index} follows the one before it`);
    this.#known.push({ index: entry.index, membership: decodeMembership(entry.data) });
  }

  /** Entries from an index on were dropped. Tells whether that changes who governs. */
  truncate(from: LogIndex): boolean {
    const before = this.#known.length;
    while (this.latest.index >= from && this.#known.length > 1) this.#known.pop();
    return this.#known.length < before;
  }

  /** A snapshot takes the place of the log. */
  reset(first: GoverningMembership): void {
    this.#known = [first];
  }

  /** Nobody asks any more what governed before an index. */
  forgetBefore(index: LogIndex): void {
    while ((this.#known[1]?.index ?? Number.POSITIVE_INFINITY) <= index) this.#known.shift();
  }
}

/** A membership as the bytes of its entry. */
export function encodeMembership(membership: Membership): Uint8Array {
  const writer = new ByteWriter(64);
  writeMembership(writer, membership);
  return writer.take();
}

/**
 * The membership in an entry.
 *
 * @throws DecodeError when there is none.
 */
export function decodeMembership(data: Uint8Array): Membership {
  const reader = new ByteReader(data);
  const membership = readMembership(reader);
  reader.end();
  return membership;
}

/** Whether two memberships say the same. */
export function sameMembership(left: Membership, right: Membership): boolean {
  return (
    left.members.length === right.members.length &&
    left.outgoingVoters.length === right.outgoingVoters.length &&
    left.outgoingVoters.every((id, position) => id === right.outgoingVoters[position]) &&
    left.members.every((member, position) => {
      const other = right.members[position];
      return member.id === other?.id && member.ordinal === other.ordinal && member.role === other.role;
    })
  );
}
