/**
 * Ring hash: consistent hashing on a circle (Karger and others, 1997). Each endpoint has points on it, by its weight; a
 * key belongs to the first point from its own place on. Where points stand depends on nothing but the endpoint's id, its
 * weight and the seed: who leaves gives up exactly its own arcs, who joins takes exactly those.
 */
import { InvalidArgumentError } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import { hashEndpoint, hashPair } from './hash.js';
import { Hashing } from './hashing.js';
import type { HashOptions } from './load-bound.js';
import type { PickExplanation } from './pick-explanation.js';
import { noSlot, type Slot } from './slot.js';

/** Settings of {@link RingHash}. */
export interface RingHashOptions extends HashOptions {
  /**
   * Points of an endpoint of weight 1, 1 to 10,000. With v points the fullest of n endpoints has about
   * 1 + √(2 ln n / v) times its share of the keys. Default 160.
   */
  readonly pointsPerWeight?: number;
  /** Most points of the whole ring, which takes 8 bytes for each: 1 to 8,388,608, which is also the default. */
  readonly pointsMost?: number;
}

/** As Envoy's `maximum_ring_size`. */
const pointsMostAllowed = 8_388_608;
/** A point and the rank of its endpoint make one number below 2^53. */
const ranks = 2 ** 20;

/**
 * Sends the same key to the same endpoint, and moves no key that it need not when the set changes. An endpoint that is
 * unfit or full leaves its keys to the next ones on the ring.
 *
 * @example
 * ```ts
 * const strategy = new RingHash({ random: new Random(7), loadFactor: 1.25 });
 * const balancer = new Balancer({ endpoints, strategy });
 * balancer.pick({ nowMs, key: 'user 17' });
 * ```
 */
export class RingHash extends Hashing {
  readonly name = 'ring hash';
  readonly #pointsPerWeight: number;
  readonly #pointsMost: number;
  #points = new Uint32Array(0);
  #owners = new Int32Array(0);
  #idOf: (slot: Slot) => string = () => '';

  /**
   * @param options - Settings.
   * @throws InvalidArgumentError when one is out of range.
   */
  constructor(options: RingHashOptions) {
    super(options);
    this.#pointsPerWeight = whole('pointsPerWeight', options.pointsPerWeight ?? 160, 10_000);
    this.#pointsMost = whole('pointsMost', options.pointsMost ?? pointsMostAllowed, pointsMostAllowed);
  }

  /** {@inheritDoc Strategy.check} */
  check(weights: readonly number[]): void {
    if (weights.length > ranks) {
      throw new InvalidArgumentError(`the set has ${weights.length} endpoints: a ring has room for ${ranks}`);
    }
    const points = weights.reduce((sum, weight) => sum + this.#pointsOf(weight), 0);
    if (points <= this.#pointsMost) return;
    throw new InvalidArgumentError(
      `the ring would have ${points} points: pointsMost allows ${this.#pointsMost}. Use smaller weights or a smaller pointsPerWeight`,
    );
  }

  /** Part of all keys that belongs to each endpoint while all are fit, by id: the length of its arcs. */
  keyShares(): ReadonlyMap<string, number> {
    const shares = new Map<string, number>();
    let before = (this.#points.at(-1) ?? 0) - 2 ** 32;
    for (const [place, point] of this.#points.entries()) {
      const id = this.#idOf(this.#owners[place] ?? noSlot);
      shares.set(id, (shares.get(id) ?? 0) + (point - before) / 2 ** 32);
      before = point;
    }
    return shares;
  }

  /** Makes the ring. */
  protected override arrange(view: EndpointView): void {
    this.#idOf = (slot) => view.idOf(slot);
    const byId = [...view.slots].sort((left, right) => (view.idOf(left) < view.idOf(right) ? -1 : 1));
    const size = byId.reduce((sum, slot) => sum + this.#pointsOf(view.ownWeight(slot)), 0);
    // Sorted by the point and, where two stand on one place, by id: the order of the list means nothing.
    const keys = new Float64Array(size);
    let at = 0;
    for (const [rank, slot] of byId.entries()) {
      const hash = hashEndpoint(view.idOf(slot), this.seed);
      const count = this.#pointsOf(view.ownWeight(slot));
      for (let point = 0; point < count; point++) keys[at++] = (hashPair(point, hash) >>> 0) * ranks + rank;
    }
    keys.sort();
    this.#points = Uint32Array.from(keys, (key) => Math.floor(key / ranks));
    this.#owners = Int32Array.from(keys, (key) => byId[key % ranks] ?? noSlot);
  }

  /** Goes on from point to point. */
  protected override find(view: EndpointView, hash: number, explanation: PickExplanation | undefined): Slot {
    const size = this.#points.length;
    const start = this.#firstFrom(hash);
    let last = noSlot;
    for (let step = 0; step < size; step++) {
      const place = start + step;
      const slot = this.#owners[place < size ? place : place - size] ?? noSlot;
      if (slot === last) continue;
      last = slot;
      explanation?.consider(slot, step);
      if (this.bound.accepts(view, slot)) return slot;
    }
    return noSlot;
  }

  #firstFrom(hash: number): number {
    const point = hash >>> 0;
    let from = 0;
    let to = this.#points.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#points[middle] ?? 0) < point) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  #pointsOf(weight: number): number {
    return weight === 0 ? 0 : Math.max(1, Math.round(weight * this.#pointsPerWeight));
  }
}

function whole(name: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new InvalidArgumentError(`${name} is ${value}: it must be a whole number from 1 to ${most}`);
}
