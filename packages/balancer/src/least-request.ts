/**
 * Least request: to whoever has the fewest requests in flight. A slow endpoint keeps its requests longer, and so gets
 * fewer. One that fails fast looks idle, and gets more: mark it with `setHealthy`.
 */
import type { Balancer, BalancerOptions, NoEndpoint, Pick } from './balancer.js';
import type { Endpoint, EndpointStatus } from './endpoint.js';
import { EndpointRing, type Seat } from './endpoint-ring.js';

/**
 * Gives each request to the endpoint with the fewest requests in flight, as this balancer knows them.
 *
 * @remarks
 * Looks at all endpoints, so the endpoint picked is never busier than another healthy one. Equally busy ones take
 * turns, from a random one on: k that stay tied get ⌊m/k⌋ or ⌈m/k⌉ of m picks.
 *
 * @example
 * ```ts
 * const balancer = new LeastRequest([{ id: 'n1' }, { id: 'n2' }], { random: new Random(7) });
 * const first = balancer.pick(); // n1, say
 * const second = balancer.pick(); // the other one, as the first is not done
 * if (second.type === 'picked') second.done('success');
 * balancer.pick(); // the other one again
 * ```
 */
export class LeastRequest<E extends Endpoint = Endpoint> implements Balancer<E> {
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
    return this.#ring.pickLeast(requestsInFlight);
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

function requestsInFlight(seat: Seat<Endpoint>): number {
  return seat.inFlight;
}
