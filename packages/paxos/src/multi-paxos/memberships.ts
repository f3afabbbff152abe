/**
 * Which members govern which slots. A change is a stop-sign: it stands in a slot of its own, nothing is proposed beyond
 * it until it is decided, and from the next slot on its members govern. So exactly one membership governs a slot, and
 * whoever knows the decisions before a slot knows which.
 */
import {
  ByteReader,
  ByteWriter,
  invariant,
  isSynodError,
  type LogIndex,
  type Membership,
  readMembership,
  writeMembership,
} from '@synod/core';

/** Members, and the slot that they govern after. */
export interface GoverningMembership {
  /** Slot of the decided entry that they stand in, or of a snapshot behind it; 0 for those that the group began with. */
  readonly index: LogIndex;
  readonly membership: Membership;
}

/** The decided memberships of one log, from the one that governs behind its snapshot to the latest. */
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

  /** All that are known, oldest first. */
  get known(): readonly GoverningMembership[] {
    return this.#known;
  }

  /** The members that govern just after a slot. */
  at(index: LogIndex): Membership | undefined {
    for (let position = this.#known.length - 1; position >= 0; position--) {
      const candidate = this.#known[position];
      if (candidate !== undefined && candidate.index <= index) return candidate.membership;
    }
    return undefined;
  }

  /** A membership is decided. */
  append(next: GoverningMembership): void {
    invariant(next.index > this.latest.index, `membership ${next.index} follows the one before it`);
    this.#known.push(next);
  }

  /** A snapshot takes the place of all that was decided. */
  reset(first: GoverningMembership): void {
    this.#known = [first];
  }

  /** Nobody asks any more what governed before a slot. */
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

/** Whether bytes hold a membership. */
export function holdsMembership(data: Uint8Array): boolean {
  try {
    decodeMembership(data);
    return true;
  } catch (error) {
    if (isSynodError(error)) return false;
    throw error;
  }
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
