/**
 * Leases, seen from above: while one lasts nobody else may be elected, since a second leader could take a write that the
 * first would not see (dissertation §6.4.1). Looked at whenever somebody is elected, and when somebody relies on one.
 */
import type { EngineStatus, NodeId, Term } from '@synod/core';
import type { Coverage } from './coverage.js';
import { demand } from './violation.js';

/** A node that may hold a lease. */
export interface LeaseHolder {
  readonly id: NodeId;
  /** Whether it leads, and in which term, as it last told: what its engine decided since comes out with its next turn. */
  readonly isLeader: boolean;
  readonly term: Term;
  readonly clock: { readonly missed: number };
  /** What its engine says of itself by now; `undefined` while it does not run. */
  status(): Pick<EngineStatus, 'term' | 'leaseTicksLeft'> | undefined;
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
    const lease = asked.isLeader ? leaseOf(asked) : undefined;
    if (lease === undefined) return;
    const { term, ticksLeft } = lease;
    if (ticksLeft <= 0) return this.#coverage.reach('lease had run out');
    this.#coverage.reach('read answered by lease');
    for (const other of this.#nodes()) {
      demand(
        !other.isLeader || other.term <= term,
        'one lease',
        () =>
          `${asked.id} has a lease of term ${term} for ${ticksLeft} ticks more, while ${other.id} leads term ${other.term}`,
      );
    }
  }

  /** A node tells that it was elected: no lease of an earlier term may last. By then it may have lost a later election. */
  elected(id: NodeId, electedIn: Term): void {
    for (const other of this.#nodes()) {
      if (other.id === id || !other.isLeader) continue;
      const { term, ticksLeft } = leaseOf(other) ?? { term: 0, ticksLeft: 0 };
      demand(
        ticksLeft <= 0 || term > electedIn,
        'one lease',
        () =>
          `${id} is elected in term ${electedIn}, while ${other.id} has a lease of term ${term} for ${ticksLeft} ticks more`,
      );
    }
  }
}

/** The lease of a node, if leases are on. Ticks that have passed and were not told to the engine are taken off. */
function leaseOf(node: LeaseHolder): { readonly term: Term; readonly ticksLeft: number } | undefined {
  const status = node.status();
  if (status?.leaseTicksLeft === undefined) return undefined;
  return { term: status.term, ticksLeft: status.leaseTicksLeft - node.clock.missed };
}
