/**
 * Leases, seen from above: at most one node may hold one at any moment, since a second leader could take a write that
 * the first would not see (dissertation §6.4.1). Looked at whenever somebody is about to rely on one.
 */
import type { NodeId } from '@synod/core';
import type { Coverage } from './coverage.js';
import { demand } from './violation.js';

/** A node that may hold a lease. */
export interface LeaseHolder {
  readonly id: NodeId;
  readonly isLeader: boolean;
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
      if (other === asked || !other.isLeader) continue;
      demand(
        (other.leaseTicksLeft() ?? 0) <= 0,
        'one lease',
        () => `${asked.id} has a lease for ${left} ticks more, and ${other.id} has one too`,
      );
    }
  }
}
