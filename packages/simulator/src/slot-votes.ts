/**
 * What must hold of votes that are given slot by slot (Paxos Made Simple §2.2): a quorum promises a ballot before any
 * value is chosen in it, there is one value a ballot and slot, no vote below a promise, and once a quorum has voted for a
 * value in a ballot, no vote for another in any later ballot. The value of a slot is named by the term of its entry: the
 * ballot that first proposed it.
 */
import { type Entry, type LogIndex, type Membership, type NodeId, type Term, votersOf } from '@synod/core';
import { isQuorum, type QuorumTest } from './membership-ledger.js';
import type { SimulatedDisk } from './simulated-disk.js';
import type { Claim } from './subject.js';
import { demand } from './violation.js';

interface BallotVotes {
  readonly value: Term;
  readonly voters: Set<NodeId>;
}

interface SlotRecord {
  readonly ballots: Map<Term, BallotVotes>;
  /** Nodes that had voted again by the time that they spoke of an earlier vote: for what that was is not known. */
  readonly overtaken: Set<NodeId>;
  /** What was applied there, and the lowest ballot in which a quorum of those that govern the slot voted for it. */
  chosen: { readonly ballot: Term; readonly value: Term } | undefined;
}

/** Tells the ballot of the vote for an entry on a disk; `undefined` where it is decided and its vote is forgotten. */
export type VoteBallot = (hardState: Uint8Array | undefined, entry: Entry) => Term | undefined;

/** All votes that any node ever said it had given. */
export class SlotVotes {
  readonly #promised = new Map<NodeId, Term>();
  readonly #proposers = new Map<Term, NodeId>();
  readonly #promisers = new Map<Term, Set<NodeId>>();
  readonly #slots = new Map<LogIndex, SlotRecord>();
  readonly #decides: QuorumTest;

  /** @param decides - Which nodes are enough to decide. */
  constructor(decides: QuorumTest) {
    this.#decides = decides;
  }

  /** A node promises a ballot, or asks for promises of its own. */
  promised(id: NodeId, ballot: Term, proposer: NodeId): void {
    const known = this.#proposers.get(ballot) ?? proposer;
    demand(
      known === proposer,
      'one proposer',
      () => `${proposer} proposes in ballot ${ballot}, which is ${known}'s`,
    );
    this.#proposers.set(ballot, proposer);
    const promisers = this.#promisers.get(ballot) ?? new Set();
    this.#promisers.set(ballot, promisers.add(id));
    if (ballot > (this.#promised.get(id) ?? 0)) this.#promised.set(id, ballot);
  }

  /** A node leads a ballot for the first time: a quorum of some members that govern, or governed, has promised it. */
  leads(id: NodeId, ballot: Term, memberships: readonly Membership[]): void {
    demand(
      memberships.some((membership) => this.#isPromised(id, ballot, membership)),
      'promised by a quorum',
      () => `${id} leads ballot ${ballot}, which only ${this.#namePromisers(ballot)} promised`,
    );
  }

  /** A node says that it has voted. */
  accepted(
    id: NodeId,
    claim: Extract<Claim, { type: 'accepted' }>,
    disk: SimulatedDisk,
    voteBallot: VoteBallot,
  ): void {
    const { term: ballot } = claim;
    const promised = this.#promised.get(id) ?? 0;
    demand(
      ballot >= promised,
      'promise kept',
      () => `${id} votes in ballot ${ballot}, though it promised ballot ${promised}`,
    );
    for (const { from, through } of claim.ranges) {
      for (let slot = from; slot <= through; slot++) {
        demand(
          disk.holdsSlot(slot),
          'durable before promised',
          () => `${id} says that it voted in slot ${slot}, but its disk does not`,
        );
        const entry = disk.entry(slot);
        if (entry === undefined) continue;
        const held = voteBallot(disk.hardState, entry);
        demand(
          held === undefined || held >= ballot,
          'durable before promised',
          () => `${id} says that it voted in slot ${slot} and ballot ${ballot}, but its disk says in ${held}`,
        );
        if (held !== undefined && held > ballot) this.#recordOf(slot).overtaken.add(id);
        if ((held ?? entry.term) === ballot) this.#vote(id, slot, ballot, entry.term);
      }
    }
  }

  /**
   * An entry is applied for the first time: a quorum of those that govern its slot promised some ballot and voted for it
   * in that. Whoever proposes in a ballot votes in it, and need not tell anybody; a crash may have lost that vote.
   *
   * @param votedIn - The ballot of a node's vote for the entry, as its disk has it; 0 for none.
   */
  applied({ index, term: value }: Entry, membership: Membership, votedIn: (id: NodeId) => Term): void {
    // Who is alone tells nobody anything.
    if (votersOf(membership).length === 1) return;
    const record = this.#recordOf(index);
    const { overtaken } = record;
    const perhaps = (id: NodeId, ballot: Term) => votedIn(id) >= ballot;
    const ballot = this.#ballotChosenIn(record, value, membership, perhaps, overtaken);
    demand(
      ballot !== undefined,
      'voted by a quorum',
      () =>
        `slot ${index} is applied with the value of ballot ${value}, for which no quorum voted in any ballot`,
    );
    demand(
      this.#isPromised(this.#proposers.get(ballot), ballot, membership),
      'promised by a quorum',
      () =>
        `slot ${index} is decided in ballot ${ballot}, which only ${this.#namePromisers(ballot)} promised`,
    );
    // A proposer that voted again since may have lost that vote in a crash before it was durable: only what is sure binds.
    const surely = (id: NodeId, ballot: Term) => votedIn(id) === ballot;
    const sure = this.#ballotChosenIn(record, value, membership, surely, new Set());
    if (sure === undefined) return;
    record.chosen = { ballot: sure, value };
    for (const [later, other] of record.ballots) {
      demand(
        later <= sure || other.value === value,
        'one value chosen',
        () =>
          `slot ${index}: a quorum voted in ballot ${sure} for the value of ballot ${value}, others in ballot ${later} for that of ${other.value}`,
      );
    }
  }

  /** The lowest ballot in which a quorum voted for a value, its proposer included. */
  #ballotChosenIn(
    { ballots }: SlotRecord,
    value: Term,
    membership: Membership,
    proposerVoted: (id: NodeId, ballot: Term) => boolean,
    unknown: ReadonlySet<NodeId>,
  ): Term | undefined {
    return [...ballots.keys()]
      .sort((left, right) => left - right)
      .find((ballot) => {
        const votes = ballots.get(ballot);
        const proposer = this.#proposers.get(ballot);
        const voted = (id: NodeId) =>
          votes?.voters.has(id) === true || unknown.has(id) || (id === proposer && proposerVoted(id, ballot));
        return votes?.value === value && this.#decides(membership, voted);
      });
  }

  #recordOf(slot: LogIndex): SlotRecord {
    const known = this.#slots.get(slot);
    if (known !== undefined) return known;
    const record: SlotRecord = { ballots: new Map(), overtaken: new Set(), chosen: undefined };
    this.#slots.set(slot, record);
    return record;
  }

  #isPromised(proposer: NodeId | undefined, ballot: Term, membership: Membership): boolean {
    const promisers = this.#promisers.get(ballot);
    return isQuorum(membership, (id) => id === proposer || promisers?.has(id) === true);
  }

  #namePromisers(ballot: Term): string {
    return [...(this.#promisers.get(ballot) ?? [])].join(' ') || 'nobody';
  }

  #vote(id: NodeId, slot: LogIndex, ballot: Term, value: Term): void {
    const record = this.#recordOf(slot);
    const { chosen } = record;
    demand(
      chosen === undefined || ballot <= chosen.ballot || chosen.value === value,
      'one value chosen',
      () =>
        `${id} votes in slot ${slot} and ballot ${ballot} for the value of ballot ${value}; that of ${chosen?.value} was chosen in ballot ${chosen?.ballot}`,
    );
    const votes = record.ballots.get(ballot) ?? { value, voters: new Set() };
    record.ballots.set(ballot, votes);
    demand(
      votes.value === value,
      'one value a ballot',
      () =>
        `votes in slot ${slot} and ballot ${ballot} are for the values of ballots ${votes.value} and ${value}`,
    );
    votes.voters.add(id);
  }
}

/**
 * The ballot of each node's vote for an entry, as its disk has it: 0 for none, and beyond all ballots where the slot is
 * decided and the vote not kept any more. `undefined` for engines without votes of their own for each slot.
 */
export function ballotsOnDisk(
  voteBallot: VoteBallot | undefined,
  { index, term }: Entry,
  diskOf: (id: NodeId) => SimulatedDisk | undefined,
): ((id: NodeId) => Term) | undefined {
  if (voteBallot === undefined) return undefined;
  return (id) => {
    const disk = diskOf(id);
    if (disk === undefined || !disk.holds(index, term)) return 0;
    const entry = disk.entry(index);
    const known = entry === undefined ? undefined : voteBallot(disk.hardState, entry);
    return known ?? Number.POSITIVE_INFINITY;
  };
}
