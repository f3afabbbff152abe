/**
 * Leases, seen from above: while one lasts nobody else may be elected, since a second leader could take a write that the
 * first would not see (dissertation §6.4.1). Looked at whenever somebody is elected, and when somebody relies on one.
 */
import type { NodeId, Term } from '@synod/core';
import type { Coverage } from './coverage.js';
import { demand } from './violation.js';

/** A node that may hold a lease. */
export interface LeaseHolder {
  readonly id: NodeId;
  readonly isLeader: boolean;
  readonly term: Term;
  /** Ticks for which it may still answer reads alone, as its clock counts; `undefined` where leases are off. */
  leaseTicksLeft(): number | undefined;
}

/** Watches the leases of a cluster. */
export class LeaseWatch {
  readonly #nodes: () => readonly LeaseHolder[];
  readonly #coverage: Coverage;

  constructor(nodes: () => readonly LeaseHolder[], coverage: Coverage) {
    this.#nodes = nodes;
    this.#coverage = coverage;
  }

  /** A node is asked to read by its lease. */
  asked(asked: LeaseHolder): void {
    const left = asked.isLeader ? asked.leaseTicksLeft() : undefined;
    if (left === undefined) return;
    if (left <= 0) return this.#coverage.reach('lease had run out');
    this.#coverage.reach('read answered by lease');
    for (const other of this.#nodes()) {
      demand(
        !other.isLeader || other.term <= asked.term,
        'one lease',
        () => `${asked.id} has a lease for ${left} ticks more, while ${other.id} leads term ${other.term}`,
      );
    }
  }

  /** A node has just been elected. */
  elected(id: NodeId): void {
    for (const other of this.#nodes()) {
      if (other.id === id || !other.isLeader) continue;
      const left = other.leaseTicksLeft() ?? 0;
      demand(
        left <= 0,
        'one lease',
        () => `${id} is elected, while ${other.id} has a lease for ${left} ticks more`,
      );
    }
  }
}
