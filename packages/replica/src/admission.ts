/**
 * Who may take part: the rule that keeps a node whose disk was lost from voting again. A disk's loss is the loss of the
 * votes and promises given from it (Paxos Made Live §5.1), and no protocol survives a voter that forgets.
 *
 * Every storage is born with a random incarnation, and every node keeps a durable record of its peers' incarnations. A
 * new storage is not admitted: its node neither votes nor acknowledges until enough peers have put its incarnation on
 * record. Let N be the number of voters and m = floor(N / 2) + 1 a majority of them. A node needs the welcome of
 * min(m, N - 1) others.
 *
 * Why that is enough: suppose a node was admitted in an earlier life. Then at least min(m, N - 1) of its N - 1 peers
 * recorded that life. Since 2 * min(m, N - 1) > N - 1, any set as large meets that one, so at least one peer that the
 * new life has to ask remembers the old one and refuses. Two lives of a node are never both admitted, as long as the
 * peers keep their own records; a node that was never admitted gave no vote that could be forgotten.
 */
import { type HelloRefusal, type Incarnation, majority, type NodeId, type PeerHello } from '@synod/core';
import type { AdmissionStatus } from './host.js';

/**
 * Number of other voters that must have a new node's incarnation on record before it takes part.
 *
 * @param others - Voters other than the node itself.
 * @param isVoter - Whether the node is a voter too.
 */
export function welcomesNeeded(others: number, isVoter: boolean): number {
  return Math.min(majority(others + (isVoter ? 1 : 0)), others);
}

/**
 * Decides on a peer's hello.
 *
 * @param hello - What the peer says of itself.
 * @param known - Its incarnation on record here, if any.
 * @returns `accept` when it is known, `record` when it must be put on record first, or the refusal.
 */
export function answerHello(
  hello: PeerHello,
  known: Incarnation | undefined,
): 'accept' | 'record' | HelloRefusal {
  if (known === undefined) return 'record';
  if (known === hello.incarnation) return 'accept';
  return {
    code: 'INCARNATION_LOST',
    reason:
      `${hello.id} is known here by incarnation ${known} but came with ${hello.incarnation}: its disk was replaced or ` +
      'wiped, so it forgot its votes. Put its own directory back, or add it again under a new id',
  };
}

/** How far one node is with being admitted. */
export class Admission {
  /** Welcomes needed before this node takes part for the first time. */
  readonly welcomesNeeded: number;
  readonly #others: ReadonlySet<NodeId>;
  readonly #welcomes = new Set<NodeId>();
  readonly #refusals = new Map<NodeId, HelloRefusal>();
  #admitted: boolean;

  /**
   * @param id - This node.
   * @param voters - The voters of the cluster.
   * @param admitted - Whether this node's storage says that it was admitted before.
   */
  constructor(id: NodeId, voters: readonly NodeId[], admitted: boolean) {
    this.#others = new Set(voters.filter((voter) => voter !== id));
    this.welcomesNeeded = welcomesNeeded(this.#others.size, voters.includes(id));
    this.#admitted = admitted;
  }

  /** Whether this node takes part. */
  get admitted(): boolean {
    return this.#admitted;
  }

  /** Whether enough peers have welcomed this node for it to be admitted. */
  get isEarned(): boolean {
    return this.#welcomes.size >= this.welcomesNeeded;
  }

  /** Number of voters that have this node's incarnation on record, as far as heard. */
  get welcomes(): number {
    return this.#welcomes.size;
  }

  /**
   * A peer accepted this node, so it has its incarnation on record.
   *
   * @param peer - The peer; one that is no voter counts for nothing.
   */
  welcomedBy(peer: NodeId): void {
    this.#refusals.delete(peer);
    if (this.#others.has(peer)) this.#welcomes.add(peer);
  }

  /**
   * A peer refused this node.
   *
   * @param peer - The peer.
   * @param refusal - Why.
   * @returns `lost` when this node must stop for good: it was never admitted, and a peer remembers an earlier life.
   */
  refusedBy(peer: NodeId, refusal: HelloRefusal): 'lost' | 'noted' {
    this.#refusals.set(peer, refusal);
    return refusal.code === 'INCARNATION_LOST' && !this.#admitted ? 'lost' : 'noted';
  }

  /** The admission is durable. */
  admit(): void {
    this.#admitted = true;
  }

  /** State for people and programs. */
  status(): AdmissionStatus {
    return {
      admitted: this.#admitted,
      welcomedBy: [...this.#welcomes].sort(),
      welcomesNeeded: this.welcomesNeeded,
      refusedBy: [...this.#refusals].map(([peer, refusal]) => ({ peer, refusal })),
    };
  }
}
