/**
 * The contract of every balancing strategy. A balancer does no I/O and has no clock: it is told which endpoints
 * there are, which are healthy and when a request is done, and says where the next one goes.
 */
import type { Random } from '@synod/core';
import type { Endpoint, EndpointStatus } from './endpoint.js';

/** How a request ended: the endpoint answered it, or it did not (an error, a timeout, a broken connection). */
export type Outcome = 'success' | 'failure';

/** Where a request goes. */
export interface Pick<E extends Endpoint = Endpoint> {
  /** Tells it from {@link NoEndpoint}. */
  readonly type: 'picked';
  /** Where the request goes. */
  readonly endpoint: E;
  /**
   * Says that the request has ended; until then it counts as in flight. Call it once for each pick, as a method of
   * the pick; a second call does nothing. A pick that is never done makes its endpoint look busy for good.
   *
   * @param outcome - How it ended. Round robin and least request free the place either way.
   */
  done(outcome: Outcome): void;
}

/** There is nowhere to go. A value and not an exception: an empty set is no fault of who asks. */
export interface NoEndpoint {
  /** Tells it from {@link Pick}. */
  readonly type: 'none';
  /**
   * Why.
   *
   * - `empty`: the set has no endpoints.
   * - `unhealthy`: it has, but all of them are unhealthy.
   */
  readonly reason: 'empty' | 'unhealthy';
}

/** Settings of a balancer. */
export interface BalancerOptions {
  /** Decides where in the set to begin, so that many balancers over one set do not march in step. */
  readonly random: Random;
  /**
   * What to do while all endpoints are unhealthy.
   *
   * - `fail` (default): pick none.
   * - `panic`: use all of them, because a health check that calls everything dead is likelier to be wrong than right.
   */
  readonly whenAllUnhealthy?: 'fail' | 'panic';
}

/** Spreads requests over a set of endpoints that may change at any time. */
export interface Balancer<E extends Endpoint = Endpoint> {
  /**
   * Chooses where the next request goes.
   *
   * @returns The endpoint, to be released with `done`; or why there is none.
   */
  pick(): Pick<E> | NoEndpoint;

  /**
   * Replaces the set. An endpoint that stays, by its id, keeps its health, its requests in flight and its place in the
   * turn; the order of the list means nothing for it. A new one is healthy. One that left and comes back while its
   * requests are still in flight counts them again.
   *
   * @param endpoints - The whole new set. Empty is allowed.
   * @throws InvalidArgumentError when an id is empty or stands twice. The set then stays as it was.
   */
  setEndpoints(endpoints: readonly E[]): void;

  /**
   * Says whether an endpoint is fit to be picked. Requests in flight to it are not touched.
   *
   * @param id - Id of the endpoint.
   * @param healthy - `false` to leave it out from now on, `true` to take it in again.
   * @returns `false` when no endpoint of the set has this id, as may be when a health check outlives its endpoint.
   */
  setHealthy(id: string, healthy: boolean): boolean;

  /** What is known of each endpoint of the set, in the order of the turn. A copy. */
  status(): readonly EndpointStatus<E>[];
}
