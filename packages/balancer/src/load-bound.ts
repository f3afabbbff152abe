/**
 * Consistent hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam, 2016): an endpoint that is full for its
 * weight is passed over, so that a popular key cannot drown it. With m requests in flight, and the next one to come, an
 * endpoint has room up to ⌈c · w/W · (m + 1)⌉.
 */
import { InvalidArgumentError, type Random } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import type { Slot } from './slot.js';

/** Settings of strategies that hash. */
export interface HashOptions {
  /** Draws a key for requests that bring none. */
  readonly random: Random;
  /** All clients that should agree need the same one, 0 to 2^32 - 1. Default 0. */
  readonly seed?: number;
  /**
   * The c of bounded loads: 1.001 to 1000, usually 1.25. The nearer to 1, the evener, and the more keys go elsewhere.
   * Default: no bound.
   */
  readonly loadFactor?: number;
}

/** Who has room? */
export class LoadBound {
  readonly #factor: number | undefined;
  #version = -1;
  /** Requests in flight, and the sum of weights, of those that can be picked. */
  #inFlight = 0;
  #weights = 0;
  /** The same without the endpoints that the pick under way excludes. */
  #perWeight = 0;

  /**
   * @param factor - As {@link HashOptions.loadFactor}.
   * @throws InvalidArgumentError when it is out of range.
   */
  constructor(factor: number | undefined) {
    if (factor !== undefined && !(factor >= 1.001 && factor <= 1000)) {
      throw new InvalidArgumentError(`loadFactor is ${factor}: it must be a number from 1.001 to 1000`);
    }
    this.#factor = factor;
  }

  /**
   * Gets ready for one pick.
   *
   * @param view - The endpoints.
   */
  prepare(view: EndpointView): void {
    if (this.#factor === undefined) return;
    if (view.excluded.length > 0) {
      this.#count(view);
      this.#version = -1;
    } else if (view.version !== this.#version) {
      this.#count(view);
      this.#version = view.version;
    }
    this.#perWeight = (this.#factor * (this.#inFlight + 1)) / this.#weights;
  }

  /**
   * Whether an endpoint can be picked and has room.
   *
   * @param view - The endpoints.
   * @param slot - Which.
   */
  accepts(view: EndpointView, slot: Slot): boolean {
    const weight = view.weight(slot);
    if (weight === 0) return false;
    return this.#factor === undefined || view.inFlight(slot) < Math.ceil(this.#perWeight * weight);
  }

  /** One request more. */
  picked(): void {
    this.#inFlight += 1;
  }

  /**
   * One request less.
   *
   * @param view - The endpoints.
   * @param slot - Where it went.
   */
  ended(view: EndpointView, slot: Slot): void {
    if (view.weight(slot) > 0) this.#inFlight -= 1;
  }

  #count(view: EndpointView): void {
    this.#inFlight = 0;
    this.#weights = 0;
    for (const slot of view.slots) {
      const weight = view.weight(slot);
      if (weight === 0) continue;
      this.#weights += weight;
      this.#inFlight += view.inFlight(slot);
    }
  }
}

/**
 * Refuses a seed that is none.
 *
 * @param seed - The seed.
 * @throws InvalidArgumentError when it is not 32 bits.
 */
export function checkSeed(seed: number): number {
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return seed;
  throw new InvalidArgumentError(`seed is ${seed}: it must be a whole number from 0 to 4294967295`);
}
