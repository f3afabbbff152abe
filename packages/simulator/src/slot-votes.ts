/**
 * What must hold of votes that are given slot by slot (Paxos Made Simple §2.2): one value a ballot and slot, no vote
 * below a promise, and once a quorum has voted for a value in a ballot, no vote for another in any later ballot. The
 * value of a slot is named by the term of its entry: the ballot that first proposed it.
 */
import type { Entry, LogIndex, Membership, NodeId, Term } from '@synod/core';
import type { QuorumTest } from './membership-ledger.js';
import type { SimulatedDisk } from './simulated-disk.js';
import type { Claim } from './subject.js';
import { demand } from './violation.js';

interface BallotVotes {
  readonly value: Term;
  readonly voters: Set<NodeId>;
}

interface SlotRecord {
  readonly ballots: Map<Term, BallotVotes>;
  /** What was applied there, and the lowest ballot in which a quorum of those that govern the slot voted for it. */
  chosen: { readonly ballot: Term; readonly value: Term } | undefined;
}

/** Tells the ballot of the vote for an entry on a disk. */
export type VoteBallot = (hardState: Uint8Array | undefined, entry: Entry) => Term;

/** All votes that any node ever said it had given. */
export class SlotVotes {
  readonly #promised = new Map<NodeId, Term>();
  readonly #proposers = new Map<Term, NodeId>();
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
    if (ballot > (this.#promised.get(id) ?? 0)) this.#promised.set(id, ballot);
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
        if (entry !== undefined && voteBallot(disk.hardState, entry) === ballot)
          this.#vote(id, slot, ballot, entry.term);
      }
    }
  }

  /** An entry is applied for the first time. Whoever proposes in a ballot votes in it, and need not tell anybody. */
  applied({ index, term: value }: Entry, membership: Membership): void {
    const record = this.#slots.get(index);
    if (record === undefined) return;
    for (const ballot of [...record.ballots.keys()].sort((left, right) => left - right)) {
      const votes = record.ballots.get(ballot);
      const proposer = this.#proposers.get(ballot);
      if (
        votes?.value !== value ||
        !this.#decides(membership, (id) => id === proposer || votes.voters.has(id))
      )
        continue;
      record.chosen = { ballot, value };
      for (const [later, other] of record.ballots) {
        demand(
          later <= ballot || other.value === value,
          'one value chosen',
          () =>
            `slot ${index}: a quorum voted in ballot ${ballot} for the value of ballot ${value}, others in ballot ${later} for that of ${other.value}`,
        );
      }
      return;
    }
  }

  #vote(id: NodeId, slot: LogIndex, ballot: Term, value: Term): void {
    let record = this.#slots.get(slot);
    if (record === undefined) {
      record = { ballots: new Map(), chosen: undefined };
      this.#slots.set(slot, record);
    }
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
