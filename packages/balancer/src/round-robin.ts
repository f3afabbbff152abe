/**
 * Round robin: everyone in turn. It is the least loaded endpoint of a ring where no load is known.
 */
import type { Balancer, BalancerOptions, NoEndpoint, Pick } from './balancer.js';
import type { Endpoint, EndpointStatus } from './endpoint.js';
import { EndpointRing } from './endpoint-ring.js';

/**
 * Gives requests to the endpoints in turn, from a random one on.
 *
 * @remarks
 * While the n endpoints and their health stay the same, each healthy one gets ⌊m/n⌋ or ⌈m/n⌉ of any m picks that
 * follow each other, n counting the healthy. When health changes, one that stays healthy is still never passed over:
 * no other is picked twice between two picks of it.
 *
 * @example
 * ```ts
 * const balancer = new RoundRobin([{ id: 'n1' }, { id: 'n2' }, { id: 'n3' }], { random: new Random(7) });
 * const pick = balancer.pick();
 * if (pick.type === 'picked') {
 *   console.log(pick.endpoint.id);
 *   pick.done('success');
 * }
 * ```
 */
export class RoundRobin<E extends Endpoint = Endpoint> implements Balancer<E> {
  readonly #ring: EndpointRing<E>;

  /**
   * @param endpoints - The first set; empty is allowed.
   * @param options - Where the randomness comes from, and what to do when all are unhealthy.
   * @throws InvalidArgumentError when an id is empty or stands twice.
   */
  constructor(endpoints: readonly E[], options: BalancerOptions) {
    this.#ring = new EndpointRing(endpoints, options);
  }

  /** {@inheritDoc Balancer.pick} */
  pick(): Pick<E> | NoEndpoint {
    return this.#ring.pickLeast(noLoad);
  }

  /** {@inheritDoc Balancer.setEndpoints} */
  setEndpoints(endpoints: readonly E[]): void {
    this.#ring.replace(endpoints);
  }

  /** {@inheritDoc Balancer.setHealthy} */
  setHealthy(id: string, healthy: boolean): boolean {
    return this.#ring.setHealthy(id, healthy);
  }

  /** {@inheritDoc Balancer.status} */
  status(): readonly EndpointStatus<E>[] {
    return this.#ring.status();
  }
}

function noLoad(): number {
  return 0;
}
