/**
 * Which node gets the next read. Nodes that do not answer are out at once; nodes whose answers fail again and again are
 * ejected for a while; nodes that are back start slowly. The strategy can be another one at any time.
 */
import { Balancer, EndpointHealth, type EndpointHealthStatus, type HealthEvent } from '@synod/balancer';
import { type NodeId, Random } from '@synod/core';
import { createStrategy, type ReadStrategy } from './read-strategy.js';

/** A node that was picked for one read. */
export interface ReadPick {
  /** The node. */
  readonly id: NodeId;
  /** Says how the read ended. Has an effect once. */
  readonly done: (result: 'success' | 'failure') => void;
}

/** Time in which a node that is back comes to its full share. */
const slowStartMs = 5_000;
/** A node that was killed has failed several reads, and is back in a second or two: it is not to be left out for longer. */
const ejectionMs = 2_000;
const ejectionMostMs = 60_000;
const lookMs = 1_000;

/** Picks nodes for reads. */
export class ReadBalancer {
  readonly #random: Random;
  readonly #onEvent: (event: HealthEvent) => void;
  readonly #healthy = new Set<NodeId>();
  #members: readonly NodeId[];
  #strategy: ReadStrategy;
  #health: EndpointHealth;
  #balancer: Balancer;

  /**
   * @param nodes - The nodes. None is healthy yet.
   * @param strategy - How to choose.
   * @param onEvent - Hears what happens to nodes.
   */
  constructor(
    nodes: readonly NodeId[],
    strategy: ReadStrategy,
    onEvent: (event: HealthEvent) => void = () => {},
  ) {
    this.#random = new Random(`${process.pid} ${Date.now()}`);
    this.#onEvent = onEvent;
    this.#members = nodes;
    this.#strategy = strategy;
    ({ health: this.#health, balancer: this.#balancer } = this.#begin());
  }

  /** How it chooses. */
  get strategy(): ReadStrategy {
    return this.#strategy;
  }

  /**
   * Chooses in another way from now on. Who is healthy stays known; ejections and latencies are learnt anew.
   *
   * @param strategy - Which.
   */
  setStrategy(strategy: ReadStrategy): void {
    this.#strategy = strategy;
    ({ health: this.#health, balancer: this.#balancer } = this.#begin());
  }

  /**
   * Other nodes are members now. Reads under way to those that left end as they may.
   *
   * @param members - All of them that the gateway can reach.
   */
  setMembers(members: readonly NodeId[]): void {
    if (members.length === this.#members.length && members.every((id) => this.#members.includes(id))) return;
    const added = members.filter((id) => !this.#members.includes(id));
    this.#members = members;
    this.#balancer.update(endpointsOf(members), performance.now());
    for (const id of added) if (!this.#healthy.has(id)) this.#health.mark(id, false);
  }

  /**
   * A node answers, or does not.
   *
   * @param id - Which.
   * @param healthy - Whether it is to get reads.
   */
  mark(id: NodeId, healthy: boolean): void {
    if (healthy) this.#healthy.add(id);
    else this.#healthy.delete(id);
    this.#health.mark(id, healthy, performance.now());
  }

  /**
   * Picks a node.
   *
   * @param key - What is read: strategies that hash keep each key with one node.
   * @param excluded - Nodes that this read has tried already.
   * @returns `undefined` while there is none.
   */
  pick(key: string, excluded: readonly NodeId[]): ReadPick | undefined {
    const balancer = this.#balancer;
    const picked = balancer.pick({ nowMs: performance.now(), key, excluded });
    if (picked.type === 'none') return undefined;
    return {
      id: picked.endpoint.id,
      done: (result) => void balancer.done(picked, { result, nowMs: performance.now() }),
    };
  }

  /** What is known of each node's health. */
  status(): readonly EndpointHealthStatus[] {
    return this.#health.status();
  }

  #begin(): { readonly health: EndpointHealth; readonly balancer: Balancer } {
    const health = new EndpointHealth({
      slowStart: { windowMs: slowStartMs },
      ejection: { ejectionMs, intervalMs: lookMs, ejectionMostMs },
      // Nodes that do not answer are known for certain: to send them reads in a panic would help nobody.
      panicShare: 0,
      onEvent: this.#onEvent,
    });
    const strategy = createStrategy(this.#strategy, this.#random.fork(this.#strategy));
    const balancer = new Balancer({ endpoints: endpointsOf(this.#members), strategy, health });
    for (const id of this.#members) if (!this.#healthy.has(id)) health.mark(id, false);
    return { health, balancer };
  }
}

function endpointsOf(ids: readonly NodeId[]): readonly { readonly id: NodeId }[] {
  return ids.map((id) => ({ id }));
}
