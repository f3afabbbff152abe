/** Where requests can go, and what a balancer knows of it. */

/**
 * Somewhere that requests can go. Give it what the caller needs to get there, such as an address: a balancer reads
 * the id only and hands the rest back.
 */
export interface Endpoint {
  /** Name of the endpoint, not empty and unique within the set; under it, state is kept when the set is replaced. */
  readonly id: string;
}

/** What a balancer knows of one endpoint of its set, at one moment. */
export interface EndpointStatus<E extends Endpoint = Endpoint> {
  /** The endpoint, as it was given last. */
  readonly endpoint: E;
  /** What the caller said last about its health; `true` until it says something. */
  readonly healthy: boolean;
  /** Picks of this endpoint that are not done yet. */
  readonly inFlight: number;
}
