/**
 * The set of endpoints as a ring with a cursor: what round robin and least request share. The cursor stands behind
 * the endpoint picked last and moves only forwards, so in each turn it passes every endpoint once. That alone makes
 * both fair: leaving out an unhealthy endpoint gives its neighbour no second share, and equally busy endpoints take
 * turns.
 */
import { InvalidArgumentError, type Random } from '@synod/core';
import type { BalancerOptions, NoEndpoint, Outcome, Pick } from './balancer.js';
import type { Endpoint, EndpointStatus } from './endpoint.js';

/** What is kept of one endpoint, for as long as it is in the ring or has requests in flight. */
export interface Seat<E extends Endpoint> {
  /** The endpoint, as it was given last. */
  endpoint: E;
  /** Whether it may be picked. */
  healthy: boolean;
  /** Picks that are not done. */
  inFlight: number;
  /** Whether it is in the ring; otherwise it only waits for its last requests. */
  listed: boolean;
}

const empty: NoEndpoint = Object.freeze({ type: 'none', reason: 'empty' });
const unhealthy: NoEndpoint = Object.freeze({ type: 'none', reason: 'unhealthy' });

/** Endpoints in the order of their turn. */
export class EndpointRing<E extends Endpoint> {
  readonly #random: Random;
  readonly #panics: boolean;
  /** By id: the seats of the ring, and those that left it with requests in flight. */
  readonly #seats = new Map<string, Seat<E>>();
  #ring: Seat<E>[] = [];
  /** Place in the ring of the seat whose turn is next. */
  #cursor = 0;
  #healthyCount = 0;

  /**
   * @param endpoints - The first set.
   * @param options - As of the balancer.
   * @throws InvalidArgumentError when an id is empty or stands twice.
   */
  constructor(endpoints: readonly E[], options: BalancerOptions) {
    this.#random = options.random;
    this.#panics = options.whenAllUnhealthy === 'panic';
    this.replace(endpoints);
  }

  /** Seats kept: those of the ring, and those that left it with requests in flight. */
  get seatCount(): number {
    return this.#seats.size;
  }

  /**
   * Picks the endpoint with the least load; of several, the one whose turn comes first.
   *
   * @param loadOf - Load of a seat, from 0 for an idle one.
   */
  pickLeast(loadOf: (seat: Seat<E>) => number): Pick<E> | NoEndpoint {
    const ring = this.#ring;
    if (ring.length === 0) return empty;
    const panic = this.#healthyCount === 0;
    if (panic && !this.#panics) return unhealthy;
    let chosen: Seat<E> | undefined;
    let least = Number.POSITIVE_INFINITY;
    let next = 0;
    for (let step = 0, place = this.#cursor; step < ring.length && least > 0; step++) {
      const seat = ring[place];
      place = place + 1 === ring.length ? 0 : place + 1;
      if (seat === undefined || !(seat.healthy || panic)) continue;
      const load = loadOf(seat);
      if (load >= least) continue;
      chosen = seat;
      least = load;
      next = place;
    }
    if (chosen === undefined) return unhealthy;
    this.#cursor = next;
    chosen.inFlight += 1;
    return new RingPick(this, chosen);
  }

  /**
   * Takes over a new set: see {@link Balancer.setEndpoints}.
   *
   * @param endpoints - The whole new set.
   * @throws InvalidArgumentError when an id is empty or stands twice, before anything was changed.
   */
  replace(endpoints: readonly E[]): void {
    const wanted = byId(endpoints);
    const ring: Seat<E>[] = [];
    let cursor = 0;
    for (const [place, seat] of this.#ring.entries()) {
      const kept = wanted.get(seat.endpoint.id);
      if (kept === undefined) {
        this.#unlist(seat);
        continue;
      }
      seat.endpoint = kept;
      ring.push(seat);
      if (place < this.#cursor) cursor += 1;
    }
    const keptCount = ring.length;
    for (const endpoint of wanted.values()) {
      const known = this.#seats.get(endpoint.id);
      if (known?.listed !== true) ring.push(this.#list(endpoint, known));
    }
    if (keptCount === 0) cursor = ring.length === 0 ? 0 : this.#random.integer(0, ring.length);
    this.#ring = ring;
    this.#cursor = cursor === ring.length ? 0 : cursor;
    this.#healthyCount = ring.filter((seat) => seat.healthy).length;
  }

  /**
   * Marks an endpoint: see {@link Balancer.setHealthy}.
   *
   * @param id - Id of the endpoint.
   * @param healthy - Whether it may be picked.
   */
  setHealthy(id: string, healthy: boolean): boolean {
    const seat = this.#seats.get(id);
    if (seat?.listed !== true) return false;
    if (seat.healthy !== healthy) this.#healthyCount += healthy ? 1 : -1;
    seat.healthy = healthy;
    return true;
  }

  /** What is known of each endpoint of the ring. */
  status(): readonly EndpointStatus<E>[] {
    return this.#ring.map(({ endpoint, healthy, inFlight }) => ({ endpoint, healthy, inFlight }));
  }

  /**
   * Counts one request less, and forgets a seat that only waited for this.
   *
   * @param seat - Where the request went.
   */
  release(seat: Seat<E>): void {
    seat.inFlight -= 1;
    if (!seat.listed && seat.inFlight === 0) this.#seats.delete(seat.endpoint.id);
  }

  #list(endpoint: E, draining: Seat<E> | undefined): Seat<E> {
    const seat = { endpoint, healthy: true, inFlight: draining?.inFlight ?? 0, listed: true };
    if (draining !== undefined) return Object.assign(draining, seat);
    this.#seats.set(endpoint.id, seat);
    return seat;
  }

  #unlist(seat: Seat<E>): void {
    seat.listed = false;
    if (seat.inFlight === 0) this.#seats.delete(seat.endpoint.id);
  }
}

/** A class and not a literal with a closure: one allocation a pick. */
class RingPick<E extends Endpoint> implements Pick<E> {
  readonly type = 'picked';
  readonly endpoint: E;
  readonly #ring: EndpointRing<E>;
  #seat: Seat<E> | undefined;

  constructor(ring: EndpointRing<E>, seat: Seat<E>) {
    this.endpoint = seat.endpoint;
    this.#ring = ring;
    this.#seat = seat;
  }

  done(_outcome: Outcome): void {
    const seat = this.#seat;
    if (seat === undefined) return;
    this.#seat = undefined;
    this.#ring.release(seat);
  }
}

function byId<E extends Endpoint>(endpoints: readonly E[]): Map<string, E> {
  const wanted = new Map<string, E>();
  for (const endpoint of endpoints) {
    if (typeof endpoint.id !== 'string' || endpoint.id === '') {
      throw new InvalidArgumentError(
        `endpoint id is ${JSON.stringify(endpoint.id)}: it must be a string that is not empty`,
      );
    }
    if (wanted.has(endpoint.id)) {
      throw new InvalidArgumentError(
        `endpoint id ${JSON.stringify(endpoint.id)} stands twice: ids must be unique`,
      );
    }
    wanted.set(endpoint.id, endpoint);
  }
  return wanted;
}
