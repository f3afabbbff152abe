/**
 * What a node has told of itself in its events: whether it leads, in which term, through where it is committed, and who
 * its members are.
 */
import type { EngineEvent, LogIndex, Membership, NodeId, Term } from '@synod/core';
import type { Coverage } from './coverage.js';
import { reachEvent } from './event-coverage.js';
import { isSame } from './membership-ledger.js';
import { demandRise, type SafetyLedger } from './safety-ledger.js';

/** One node, as its events tell. */
export class ToldState {
  isLeader = false;
  term: Term = 0;
  commitIndex: LogIndex = 0;
  readonly #id: NodeId;
  readonly #ledger: SafetyLedger;
  readonly #coverage: Coverage;
  /** Who governs for it; `undefined` while it does not run. */
  #membership: Membership | undefined;
  #membershipIndex: LogIndex = 0;
  /** Whether it told of others since they were compared with its log, and what its log had told by then. */
  #isMembershipNew = false;
  #changesInLog = 0;
  /** Index of the snapshot that last took the place of its log. */
  #installed: LogIndex = 0;

  constructor(id: NodeId, ledger: SafetyLedger, coverage: Coverage) {
    this.#id = id;
    this.#ledger = ledger;
    this.#coverage = coverage;
  }

  /** A life begins, in the term and with the members that its disk holds. */
  begin(term: Term, membership: Membership): void {
    this.term = term;
    this.#membership = membership;
    this.#membershipIndex = 0;
    this.#isMembershipNew = false;
    this.#changesInLog = this.#ledger.membershipChanges(this.#id);
    this.#ledger.governs(this.#id, membership);
  }

  /** An event: terms and commit indexes never fall, and whoever leads must be allowed to. */
  hear(event: EngineEvent): void {
    reachEvent(this.#coverage, event);
    switch (event.type) {
      case 'roleChanged':
        if (event.from === 'leader' && event.to === 'learner') this.#coverage.reach('leader removed itself');
        this.isLeader = event.to === 'leader';
        if (this.isLeader) {
          if (this.#ledger.highestCommitted > this.commitIndex)
            this.#coverage.reach('leader elected with uncommitted entries');
          this.#ledger.leads(this.#id, event.term, true);
        }
        return;
      case 'termChanged':
        demandRise(this.#id, 'term', this.term, event);
        this.term = event.to;
        return;
      case 'commitAdvanced':
        demandRise(this.#id, 'commit index', this.commitIndex, event);
        this.commitIndex = event.to;
        return;
      case 'snapshotInstalled':
        this.#installed = event.at.index;
        return;
      case 'membershipChanged':
        return this.#governedBy(event.membership, event.index);
      case 'campaignStarted':
        if (!this.#ledger.memberships.isMember(this.#id)) this.#coverage.reach('removed node campaigned');
        return;
      default:
        return;
    }
  }

  /** All events of a turn were heard, and what it writes is known: both must tell of the same members. */
  endTurn(): void {
    const changes = this.#ledger.membershipChanges(this.#id);
    if (this.#membership === undefined || (!this.#isMembershipNew && changes === this.#changesInLog)) return;
    this.#isMembershipNew = false;
    this.#changesInLog = changes;
    this.#ledger.governs(this.#id, this.#membership);
  }

  #governedBy(membership: Membership, index: LogIndex): void {
    const before = this.#membership;
    if (before !== undefined && index < this.#membershipIndex) this.#coverage.reach('members taken back');
    else if (before !== undefined && index === this.#installed && !isSame(before, membership))
      this.#coverage.reach('snapshot brought other members');
    else if (
      before !== undefined &&
      before.outgoingVoters.length > 0 &&
      membership.outgoingVoters.length === 0
    )
      this.#coverage.reach('joint membership left');
    this.#membership = membership;
    this.#membershipIndex = index;
    this.#isMembershipNew = true;
  }
}
