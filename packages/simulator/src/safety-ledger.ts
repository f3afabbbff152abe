/**
 * What must hold in every reachable state (Raft, figure 3; Paxos Made Simple §2.1), checked as it happens and only
 * where something changed. The ledger sees the cluster from above: it knows what every node ever led, wrote, promised,
 * committed and answered.
 */
import type { DurableWrite, Entry, LogIndex, LogPosition, Membership, NodeId, Term } from '@synod/core';
import type { Coverage } from './coverage.js';
import {
  demandStep,
  describeMembership,
  isQuorum,
  isSame,
  LogMemberships,
  MembershipLedger,
  membershipIn,
  type QuorumTest,
} from './membership-ledger.js';
import type { SimulatedDisk } from './simulated-disk.js';
import { ballotsOnDisk, SlotVotes, type VoteBallot } from './slot-votes.js';
import type { Claim, DurablePromise } from './subject.js';
import { demand } from './violation.js';

interface CommittedEntry {
  readonly term: Term;
  readonly digest: number;
  readonly by: NodeId;
}

interface WrittenEntry {
  readonly digest: number;
  readonly termBefore: Term;
}

/** Log of one node as its writes describe it, whether they are durable yet or not. */
class WrittenLog {
  readonly terms = new Map<LogIndex, Term>();
  readonly memberships: LogMemberships;
  discarded: LogPosition;
  lastIndex: LogIndex;

  constructor(discarded: LogPosition, membership: Membership) {
    this.discarded = discarded;
    this.lastIndex = discarded.index;
    this.memberships = new LogMemberships({ index: discarded.index, membership });
  }

  termAt(index: LogIndex): Term | undefined {
    return index === this.discarded.index ? this.discarded.term : this.terms.get(index);
  }
}

/** Everything that must never be contradicted. */
export class SafetyLedger {
  readonly #leaders = new Map<Term, NodeId>();
  readonly #votes = new Map<string, NodeId>();
  readonly #written = new Map<LogIndex, Map<Term, WrittenEntry>>();
  readonly #logs = new Map<NodeId, WrittenLog>();
  readonly #committed = new Map<LogIndex, CommittedEntry>();
  readonly #states = new Map<LogIndex, { readonly digest: string; readonly by: NodeId }>();
  readonly #disks = new Map<NodeId, SimulatedDisk>();
  readonly #electsByLog: boolean;
  readonly memberships: MembershipLedger;
  readonly #voteBallot: VoteBallot | undefined;
  readonly #decides: QuorumTest;
  readonly #slotVotes: SlotVotes;
  #greatestLeaderTerm = 0;
  /** Greatest index that any node handed out as committed. */
  highestCommitted: LogIndex = 0;
  /** Greatest index whose effect a client has been told of. */
  acknowledged: LogIndex = 0;

  /**
   * @param electsByLog - Whether voters elect the candidate whose log is at least as far as theirs, as in Raft.
   * @param founding - The members that the group begins with.
   * @param coverage - Counts what changes of members reach.
   * @param voteBallot - Given when slots are decided each by itself, as in Paxos.
   * @param decides - Which nodes are enough to decide.
   */
  constructor(
    electsByLog: boolean,
    founding: Membership,
    coverage: Coverage,
    voteBallot: VoteBallot | undefined,
    decides: QuorumTest = isQuorum,
  ) {
    this.#electsByLog = electsByLog;
    this.#decides = decides;
    this.#slotVotes = new SlotVotes(decides);
    this.memberships = new MembershipLedger(founding, coverage);
    this.#voteBallot = voteBallot;
  }

  /** A node exists, and this is its disk. */
  watch(id: NodeId, disk: SimulatedDisk): void {
    this.#disks.set(id, disk);
  }

  /** Terms that had a leader. */
  get leaderTerms(): number {
    return this.#leaders.size;
  }

  /** A node begins a life with the log that its disk holds. */
  started(id: NodeId, disk: SimulatedDisk): void {
    const { discarded, entries, snapshot } = disk.recover();
    const log = new WrittenLog(discarded, this.memberships.at(discarded.index));
    for (const entry of entries) {
      log.terms.set(entry.index, entry.term);
      log.lastIndex = entry.index;
      log.memberships.append(entry);
    }
    if (snapshot !== undefined && snapshot.index > discarded.index) {
      log.memberships.discard({ index: snapshot.index, membership: snapshot.membership });
      // A snapshot of a peer that was stored and not installed yet: it takes the place of the log.
      if (log.termAt(snapshot.index) !== snapshot.term) log.memberships.truncate(snapshot.index + 1);
    }
    this.#logs.set(id, log);
  }

  /** What a node takes for its members, at its start and whenever others govern: those that its log ends with (§6). */
  governs(id: NodeId, membership: Membership): void {
    // Where slots are decided each by itself, a membership that stands in one need not be decided.
    if (this.#voteBallot !== undefined) return;
    const expected = this.#logs.get(id)?.memberships.latest.membership ?? membership;
    demand(
      isSame(membership, expected),
      'membership',
      () =>
        `${id} goes by ${describeMembership(membership)}, but its log ends with ${describeMembership(expected)}`,
    );
  }

  /** How often others came to govern for a node in this life, as its writes tell. */
  membershipChanges(id: NodeId): number {
    return this.#logs.get(id)?.memberships.changes ?? 0;
  }

  /**
   * A leader writes a membership: the one before it is committed, and so is an entry of the leader's own term, which
   * settles what leaders before it began (Ongaro, raft-dev, 2015).
   */
  changesMembers(id: NodeId, term: Term, commitIndex: LogIndex): void {
    const log = this.#logs.get(id);
    if (log === undefined || !this.#electsByLog) return;
    const { index, membership } = log.memberships.latest;
    demand(
      index <= commitIndex && log.termAt(commitIndex) === term,
      'membership',
      () =>
        `${id} changes ${describeMembership(membership)} of index ${index} in term ${term}, with its commit index at ${commitIndex} of term ${log.termAt(commitIndex) ?? 'none'}`,
    );
  }

  /** A node's disk is gone, and with it what its log could have brought about. */
  lost(id: NodeId): void {
    this.#logs.delete(id);
  }

  /** Memberships that may decide something yet: the last committed one, and whatever follows it in any log. */
  membershipsInPlay(): readonly Membership[] {
    const { index, membership } = this.memberships.latest;
    // Where the members before them decided it alone, they must last until those who govern now have it.
    const isHeld = isQuorum(membership, (id) => this.#disks.get(id)?.holdsThrough(index) === true);
    const before = isHeld ? [] : [this.memberships.at(index - 1)];
    return [
      membership,
      ...before,
      ...[...this.#logs.values()].flatMap((log) => log.memberships.after(index)),
    ];
  }

  /** A node asks for a write: log matching, by induction from entry to entry. */
  wrote(id: NodeId, write: DurableWrite): void {
    const log = this.#logs.get(id);
    if (log === undefined) return;
    const { discardThrough, truncateFrom } = write;
    if (discardThrough !== undefined && discardThrough.index > log.discarded.index) {
      for (let index = log.discarded.index; index <= discardThrough.index; index++) log.terms.delete(index);
      log.discarded = discardThrough;
      log.lastIndex = Math.max(log.lastIndex, discardThrough.index);
      const { index } = discardThrough;
      log.memberships.discard({ index, membership: this.memberships.at(index) });
    }
    if (truncateFrom !== undefined) {
      log.memberships.truncate(truncateFrom);
      for (let index = truncateFrom; index <= log.lastIndex; index++) log.terms.delete(index);
      log.lastIndex = Math.min(log.lastIndex, truncateFrom - 1);
    }
    for (const entry of write.entries) {
      // Slots that are decided each by itself have nothing before them.
      const before = this.#voteBallot === undefined ? log.termAt(entry.index - 1) : 0;
      this.#matchEntry(id, entry, before ?? 0);
      if (entry.kind === 'membership') this.#matchMembership(id, log, entry);
      log.terms.set(entry.index, entry.term);
      if (entry.index > log.lastIndex) log.lastIndex = entry.index;
    }
  }

  /** A node leads a term. */
  leads(id: NodeId, term: Term, hasJustWon: boolean): void {
    const known = this.#leaders.get(term);
    demand(
      known === undefined || known === id,
      'election safety',
      () => `${known} and ${id} both lead term ${term}`,
    );
    this.#leaders.set(term, id);
    if (known === undefined && this.#voteBallot !== undefined)
      this.#slotVotes.leads(id, term, [...this.memberships.all, ...this.membershipsInPlay()]);
    const isNewest = term >= this.#greatestLeaderTerm;
    if (isNewest) this.#greatestLeaderTerm = term;
    const highest = this.#committed.get(this.highestCommitted);
    const log = this.#logs.get(id);
    // A proposer learns in phase 1 what was chosen: its log need not hold it before.
    if (!hasJustWon || this.#voteBallot !== undefined) return;
    if (!isNewest || highest === undefined || log === undefined) return;
    const index = this.highestCommitted;
    const holds = log.discarded.index >= index || log.termAt(index) === highest.term;
    demand(
      holds,
      'leader completeness',
      () =>
        `${id} leads term ${term} with term ${log.termAt(index) ?? 'none'} at index ${index}, where ${highest.by} committed an entry of term ${highest.term}`,
    );
  }

  /** A message leaves: its claims are held against the disk and against earlier claims. */
  promised(id: NodeId, claim: Claim, disk: SimulatedDisk, durable: DurablePromise | undefined): void {
    if (claim.type === 'leads') return this.leads(id, claim.term, false);
    const { term } = claim;
    if (durable !== undefined) {
      demand(
        durable.term >= term,
        'durable before promised',
        () => `${id} sends a ${claim.type} of term ${term}, but its disk holds term ${durable.term}`,
      );
    }
    if (claim.type === 'promise') return this.#slotVotes.promised(id, term, claim.proposer);
    if (claim.type === 'accepted') {
      if (this.#voteBallot !== undefined) this.#slotVotes.accepted(id, claim, disk, this.#voteBallot);
      return;
    }
    if (claim.type === 'holds') {
      demand(
        disk.holdsThrough(claim.through),
        'durable before promised',
        () => `${id} says that it holds index ${claim.through}, but its disk does not`,
      );
      return;
    }
    const candidate = claim.type === 'vote' ? claim.candidate : id;
    if (durable !== undefined && durable.term === term) {
      demand(
        durable.votedFor === candidate,
        'durable before promised',
        () =>
          `${id} votes for ${candidate} in term ${term}, but its disk holds a vote for ${durable.votedFor ?? 'nobody'}`,
      );
    }
    const key = `${id}/${term}`;
    const earlier = this.#votes.get(key) ?? candidate;
    demand(
      earlier === candidate,
      'one vote',
      () => `${id} votes for ${candidate} in term ${term}, in which it voted for ${earlier}`,
    );
    this.#votes.set(key, candidate);
  }

  /** A node applies an entry. The first that does finds it durable with a quorum. */
  applied(id: NodeId, entry: Entry): void {
    const digest = digestOf(entry);
    const known = this.#committed.get(entry.index);
    if (known !== undefined) {
      demand(
        known.term === entry.term && known.digest === digest,
        'state machine safety',
        () =>
          `${id} applies an entry of term ${entry.term} at index ${entry.index}, where ${known.by} applied another of term ${known.term}`,
      );
      return;
    }
    this.memberships.applied(entry);
    const holds = (node: NodeId) => this.#disks.get(node)?.holds(entry.index, entry.term) === true;
    this.#demandQuorum(id, entry, holds);
    const voted = ballotsOnDisk(this.#voteBallot, entry, (node) => this.#disks.get(node));
    if (voted !== undefined) this.#slotVotes.applied(entry, this.memberships.at(entry.index - 1), voted);
    if (this.#electsByLog) this.#demandNoRival(id, entry);
    this.#committed.set(entry.index, { term: entry.term, digest, by: id });
    if (entry.index > this.highestCommitted) this.highestCommitted = entry.index;
  }

  /** A node's state machine has a state after an index. */
  reached(id: NodeId, index: LogIndex, digest: string): void {
    const known = this.#states.get(index);
    if (known === undefined) {
      this.#states.set(index, { digest, by: id });
      return;
    }
    demand(
      known.digest === digest,
      'equal states',
      () => `${id} and ${known.by} have applied the same entries through ${index} and differ in their state`,
    );
  }

  /**
   * Whoever committed the entry had its log through there, so at least the members that govern at its index governed,
   * or later ones that stood in that log already.
   */
  #demandQuorum(id: NodeId, entry: Entry, holds: (id: NodeId) => boolean): void {
    // Slot by slot, exactly those decide who govern behind the slot before.
    const { index } = entry;
    const isBySlot = this.#voteBallot !== undefined;
    if (this.#decides(this.memberships.at(isBySlot ? index - 1 : index), holds)) return;
    for (const log of isBySlot ? [] : this.#logs.values()) {
      if (log.memberships.after(entry.index).some((membership) => this.#decides(membership, holds))) return;
    }
    const holders = [...this.#disks.keys()].filter(holds);
    demand(
      false,
      'committed is durable',
      () =>
        `${id} applies index ${entry.index} of term ${entry.term}, which is on the disks of ${holders.join(' ') || 'nobody'}: ` +
        `no quorum of ${describeMembership(this.memberships.at(entry.index))}`,
    );
  }

  /**
   * What makes leader completeness hold (Raft §5.4.3), checked at once instead of at the next election: no node without
   * the committed entry could be elected by what the disks hold, under the members that its disk ends with. Finds
   * figure 8 before it comes to its end.
   */
  #demandNoRival(id: NodeId, entry: Entry): void {
    for (const [rival, disk] of this.#disks) {
      if (disk.holds(entry.index, entry.term)) continue;
      const membership = disk.membership ?? this.memberships.at(0);
      const { index, term } = disk.end;
      const supports = (voter: NodeId) => {
        const end = this.#disks.get(voter)?.end;
        return end !== undefined && (term > end.term || (term === end.term && index >= end.index));
      };
      demand(
        !isQuorum(membership, supports),
        'leader completeness',
        () =>
          `${id} applies index ${entry.index} of term ${entry.term}; ${rival} lacks it and could still be elected, with a log that ends at index ${index} of term ${term}`,
      );
    }
  }

  /** Raft §6: one change at a time, and each by the rules. Other engines change members in ways of their own. */
  #matchMembership(id: NodeId, log: WrittenLog, entry: Entry): void {
    const after = membershipIn(entry);
    if (this.#electsByLog && after !== undefined)
      demandStep(id, entry.index, log.memberships.latest.membership, after);
    log.memberships.append(entry);
  }

  #matchEntry(id: NodeId, entry: Entry, termBefore: Term): void {
    const digest = digestOf(entry);
    let terms = this.#written.get(entry.index);
    if (terms === undefined) {
      terms = new Map();
      this.#written.set(entry.index, terms);
    }
    const known = terms.get(entry.term);
    if (known === undefined) {
      terms.set(entry.term, { digest, termBefore });
      return;
    }
    demand(
      known.digest === digest && known.termBefore === termBefore,
      'log matching',
      () =>
        `${id} writes index ${entry.index} of term ${entry.term} after term ${termBefore}; another log has ${known.digest === digest ? `term ${known.termBefore} before it` : 'other bytes there'}`,
    );
  }
}

/** FNV-1a over kind and bytes, with the length folded in. */
function digestOf(entry: Entry): number {
  let digest = 0x811c9dc5 ^ entry.kind.length;
  const { data } = entry;
  for (let position = 0; position < data.length; position++)
    digest = Math.imul(digest ^ (data[position] ?? 0), 0x01000193);
  return Math.imul(digest ^ data.length, 0x01000193);
}

/** Terms and commit indexes never fall: an event goes on from where the one before it ended. */
export function demandRise(
  id: NodeId,
  what: 'term' | 'commit index',
  known: number,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  const rises = to > from && from >= known;
  demand(rises, 'monotone', () => `${id} moves its ${what} from ${from} to ${to}, after ${known}`);
}
