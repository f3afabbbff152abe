/**
 * Who decides: which members govern an index, and whether they changed by the rules (Raft §6; dissertation §4). Every
 * committed membership is known here from the moment at which somebody applied it.
 */
import {
  ByteReader,
  type Entry,
  type LogIndex,
  MajorityQuorum,
  type Membership,
  type NodeId,
  readMembership,
  type Term,
  votersOf,
} from '@synod/core';
import type { Coverage } from './coverage.js';
import { demand } from './violation.js';

interface Governing {
  readonly index: LogIndex;
  readonly membership: Membership;
}

/** The memberships of a group. */
export class MembershipLedger {
  readonly #committed: Governing[];
  readonly #coverage: Coverage;
  /** The latest that is not joint. */
  #settled: Membership;
  /** Terms in which nodes left. */
  readonly #leftIn = new Map<NodeId, Term>();

  /** @param founding - The members that the group began with. */
  constructor(founding: Membership, coverage: Coverage) {
    this.#committed = [{ index: 0, membership: founding }];
    this.#settled = founding;
    this.#coverage = coverage;
  }

  /** The latest that is known to be committed. */
  get latest(): Governing {
    return (
      this.#committed[this.#committed.length - 1] ?? {
        index: 0,
        membership: { members: [], outgoingVoters: [] },
      }
    );
  }

  /** All that ever governed, oldest first. */
  get all(): readonly Membership[] {
    return this.#committed.map(({ membership }) => membership);
  }

  /** Who governs just after an index that is committed; the founders after 0. */
  at(index: LogIndex): Membership {
    for (let position = this.#committed.length - 1; position > 0; position--) {
      const candidate = this.#committed[position];
      if (candidate !== undefined && candidate.index <= index) return candidate.membership;
    }
    return this.#committed[0]?.membership ?? this.latest.membership;
  }

  /** Whether a node is a member, as far as is known to be committed. */
  isMember(id: NodeId): boolean {
    const { members, outgoingVoters } = this.latest.membership;
    return members.some((member) => member.id === id) || outgoingVoters.includes(id);
  }

  /** An entry was applied for the first time. */
  applied(entry: Entry): void {
    if (entry.kind !== 'membership') return;
    const membership = membershipIn(entry);
    if (membership === undefined) return;
    this.#committed.push({ index: entry.index, membership });
    if (membership.outgoingVoters.length === 0) this.#cameAndWent(membership, entry.term);
  }

  /** A change of members has come to its end. */
  #cameAndWent(after: Membership, term: Term): void {
    const settled = this.#settled;
    this.#settled = after;
    const partIn = ({ members }: Membership, id: NodeId) => members.find((member) => member.id === id)?.role;
    for (const { id, role } of after.members) {
      const earlier = partIn(settled, id);
      if (earlier === 'learner' && role === 'voter') this.#coverage.reach('learner promoted');
      if (earlier === undefined && this.#leftIn.get(id) === term)
        this.#coverage.reach('node rejoined in the same term');
    }
    for (const { id } of settled.members) if (partIn(after, id) === undefined) this.#leftIn.set(id, term);
  }

  /** A snapshot carries the members that govern at its index. */
  snapshotTaken(id: NodeId, index: LogIndex, membership: Membership): void {
    const governing = this.at(index);
    demand(
      isSame(membership, governing),
      'membership',
      () =>
        `${id} takes a snapshot through ${index} with ${describeMembership(membership)}, where ${describeMembership(governing)} governs`,
    );
  }
}

/** Members that stand in one log, by index, over those that govern at its start. */
export class LogMemberships {
  readonly #entries: Governing[] = [];
  #base: Governing;
  /** How often others came to govern at the end of the log. */
  changes = 0;

  /** @param base - Who governs at the start of the log. */
  constructor(base: Governing) {
    this.#base = base;
  }

  /** Who governs at the end of the log. */
  get latest(): Governing {
    return this.#entries[this.#entries.length - 1] ?? this.#base;
  }

  /** Those that stand in the log after an index. */
  after(index: LogIndex): readonly Membership[] {
    return this.#entries.filter((entry) => entry.index > index).map(({ membership }) => membership);
  }

  append(entry: Entry): void {
    const membership = membershipIn(entry);
    if (membership === undefined) return;
    this.#entries.push({ index: entry.index, membership });
    this.changes++;
  }

  truncate(from: LogIndex): void {
    while ((this.#entries[this.#entries.length - 1]?.index ?? 0) >= from) {
      this.#entries.pop();
      this.changes++;
    }
  }

  /** The log begins after an index now. What governs at a later one, as a snapshot said, is known already. */
  discard(base: Governing): void {
    if (base.index <= this.#base.index) return;
    if (this.latest.index <= base.index && !isSame(this.latest.membership, base.membership)) this.changes++;
    this.#base = base;
    while ((this.#entries[0]?.index ?? Number.POSITIVE_INFINITY) <= base.index) this.#entries.shift();
  }
}

/** The membership in an entry. */
export function membershipIn({ kind, data }: Entry): Membership | undefined {
  return kind === 'membership' ? readMembership(new ByteReader(data)) : undefined;
}

/**
 * States that a membership may follow another in a log: whoever changes voters goes through a joint membership, and
 * leaves it with the members that it names. An ordinal is for life.
 */
export function demandStep(id: NodeId, index: LogIndex, before: Membership, after: Membership): void {
  demand(
    isStep(before, after) && keepsOrdinals(before, after),
    'membership',
    () => `${id} writes ${describeMembership(after)} at index ${index}, after ${describeMembership(before)}`,
  );
}

function isStep(before: Membership, after: Membership): boolean {
  if (before.outgoingVoters.length > 0) return isSame(after, { ...before, outgoingVoters: [] });
  const { outgoingVoters } = after;
  return sameNodes(outgoingVoters.length > 0 ? outgoingVoters : votersOf(after), votersOf(before));
}

function keepsOrdinals(before: Membership, after: Membership): boolean {
  return after.members.every(({ id, ordinal }) =>
    before.members.every((known) => (known.id === id) === (known.ordinal === ordinal)),
  );
}

/** Tells whether nodes for which something holds are enough to decide under a membership. */
export type QuorumTest = (membership: Membership, holds: (id: NodeId) => boolean) => boolean;

/** Whether nodes for which something holds have every majority that a membership asks for. */
export function isQuorum(membership: Membership, holds: (id: NodeId) => boolean): boolean {
  return quorumOf(membership).voteResult(holds) === 'won';
}

const quorums = new WeakMap<Membership, MajorityQuorum>();

function quorumOf(membership: Membership): MajorityQuorum {
  const known = quorums.get(membership);
  if (known !== undefined) return known;
  const quorum = new MajorityQuorum(membership);
  quorums.set(membership, quorum);
  return quorum;
}

/** Whether two memberships say the same. */
export function isSame(left: Membership, right: Membership): boolean {
  return describeMembership(left) === describeMembership(right);
}

/** A membership in words: voters, learners in brackets, outgoing voters behind a slash. */
export function describeMembership({ members, outgoingVoters }: Membership): string {
  const present = members.map(({ id, role }) => (role === 'voter' ? id : `(${id})`));
  return [...present, ...(outgoingVoters.length > 0 ? ['/', ...outgoingVoters] : [])].join(' ');
}

function sameNodes(left: readonly NodeId[], right: readonly NodeId[]): boolean {
  return left.length === right.length && left.every((id) => right.includes(id));
}
