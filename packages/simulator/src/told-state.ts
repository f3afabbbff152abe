/** What a node has told of itself in its events: whether it leads, in which term, and through where it is committed. */
import type { EngineEvent, LogIndex, NodeId, Term } from '@synod/core';
import type { Coverage } from './coverage.js';
import { reachEvent } from './event-coverage.js';
import { demandRise, type SafetyLedger } from './safety-ledger.js';

/** One node, as its events tell. */
export class ToldState {
  isLeader = false;
  term: Term = 0;
  commitIndex: LogIndex = 0;
  readonly #id: NodeId;
  readonly #ledger: SafetyLedger;
  readonly #coverage: Coverage;

  constructor(id: NodeId, ledger: SafetyLedger, coverage: Coverage) {
    this.#id = id;
    this.#ledger = ledger;
    this.#coverage = coverage;
  }

  /** An event: terms and commit indexes never fall, and whoever leads must be allowed to. */
  hear(event: EngineEvent): void {
    reachEvent(this.#coverage, event);
    switch (event.type) {
      case 'roleChanged':
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
      default:
        return;
    }
  }
}
