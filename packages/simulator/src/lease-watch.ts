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
  status(): Pick<EngineStatus, 'term' | 'leaseTicksLeft' | 'membershipIndex' | 'awaitsPromises'> | undefined;
}

/** Watches the leases of a cluster. */
export class LeaseWatch {
  readonly #nodes: () => readonly LeaseHolder[];
  readonly #coverage: Coverage;
  readonly #endsMemberships: boolean;

  /**
   * @param endsMemberships - Whether the entry that ends a membership is the last that it can decide, as a stop-sign is:
   * then whoever is elected under members that were followed by others can take no write, and breaks no lease.
   */
  constructor(nodes: () => readonly LeaseHolder[], coverage: Coverage, endsMemberships: boolean) {
    this.#nodes = nodes;
    this.#coverage = coverage;
    this.#endsMemberships = endsMemberships;
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
        !other.isLeader || other.term <= term || this.#isPowerless(other, asked),
        'one lease',
        () =>
          `${asked.id} has a lease of term ${term} for ${ticksLeft} ticks more, while ${other.id} leads term ${other.term}`,
      );
    }
  }

  /** A node tells that it was elected: no lease of an earlier term may last. By then it may have lost a later election. */
  elected(id: NodeId, electedIn: Term): void {
    const elected = this.#nodes().find((node) => node.id === id);
    for (const other of this.#nodes()) {
      if (other.id === id || !other.isLeader || this.#isPowerless(elected, other)) continue;
      const { term, ticksLeft } = leaseOf(other) ?? { term: 0, ticksLeft: 0 };
      demand(
        ticksLeft <= 0 || term > electedIn,
        'one lease',
        () =>
          `${id} is elected in term ${electedIn}, while ${other.id} has a lease of term ${term} for ${ticksLeft} ticks more`,
      );
    }
  }

  /**
   * Whether the members that elected a node were followed by those that a lease relies on, of whom too few have promised
   * it anything: it does not know of them, or has just decided anew that they govern.
   */
  #isPowerless(elected: LeaseHolder | undefined, holder: LeaseHolder): boolean {
    if (!this.#endsMemberships) return false;
    const { membershipIndex = 0, awaitsPromises = false } = elected?.status() ?? {};
    return awaitsPromises || membershipIndex < (holder.status()?.membershipIndex ?? 0);
  }
}

/** The lease of a node, if leases are on. Ticks that have passed and were not told to the engine are taken off. */
function leaseOf(node: LeaseHolder): { readonly term: Term; readonly ticksLeft: number } | undefined {
  const status = node.status();
  if (status?.leaseTicksLeft === undefined) return undefined;
  return { term: status.term, ticksLeft: status.leaseTicksLeft - node.clock.missed };
}
