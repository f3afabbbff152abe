/** What is said at a pick and at its end. Time is a value here: whoever asks brings it. */
import type { Endpoint } from './endpoint.js';
import type { PickExplanation } from './pick-explanation.js';
import { noSlot, type Slot } from './slot.js';

/** What a request brings along when it asks where to go. May be the same object each time. */
export interface PickContext {
  /**
   * Time now in milliseconds from 0, on a clock that does not go back, such as `performance.now()`. Only differences
   * count. A time before the last one, or no finite number, counts as the last one.
   */
  readonly nowMs: number;
  /**
   * What the request is about, for the strategies that hash: the same key goes to the same endpoint. Of a number, the
   * lower 32 bits count. Without a key a random one is drawn.
   */
  readonly key?: string | number;
  /** Ids of endpoints not to pick, such as those that this request has tried. */
  readonly excluded?: readonly string[];
  /** Where the request comes from, for `LocalityTiers`. */
  readonly locality?: string;
  /** Is told why, when it is given. */
  readonly explanation?: PickExplanation;
}

/** How a request ended. May be the same object each time. */
export interface Outcome {
  /**
   * - `success`: the endpoint answered.
   * - `failure`: it did not: an error of its own, a timeout, a broken connection. Never good news about its speed.
   * - `cancelled`: the caller wanted it no longer, which says nothing about the endpoint.
   */
  readonly result: 'success' | 'failure' | 'cancelled';
  /** Time now in milliseconds, on the clock of {@link PickContext.nowMs}. */
  readonly nowMs: number;
  /** How long the endpoint took, in milliseconds, if not the time since the pick. */
  readonly latencyMs?: number;
}

/** There is nowhere to go. A value and not an exception: an empty set is no fault of who asks. */
export interface NoEndpoint {
  /** Tells it from {@link Pick}. */
  readonly type: 'none';
  /**
   * Why.
   *
   * - `empty`: the set has no endpoints.
   * - `drained`: it has, but all weights are 0.
   * - `unavailable`: health lets none of the rest be picked.
   * - `excluded`: the request excludes all that are left.
   */
  readonly reason: 'empty' | 'drained' | 'unavailable' | 'excluded';
}

/**
 * Where a request goes. It counts as in flight until `balancer.done(pick, outcome)`. A pick that is done can be given
 * to the next `pick` call to be filled anew, so that nothing is allocated.
 */
export class Pick<E extends Endpoint = Endpoint> {
  /** Tells it from {@link NoEndpoint}. */
  readonly type = 'picked';
  #endpoint: E;
  #slot: Slot = noSlot;
  #pickedAtMs = 0;
  #owner: object | undefined;

  /**
   * For balancers.
   *
   * @param endpoint - Where the request goes.
   */
  constructor(endpoint: E) {
    this.#endpoint = endpoint;
  }

  /** Where the request goes. */
  get endpoint(): E {
    return this.#endpoint;
  }

  /** Number of the endpoint within its balancer, as {@link Slot} says. */
  get slot(): Slot {
    return this.#slot;
  }

  /** When it was picked, in milliseconds. */
  get pickedAtMs(): number {
    return this.#pickedAtMs;
  }

  /** Whether it is in flight: picked, and not done yet. */
  get isOpen(): boolean {
    return this.#owner !== undefined;
  }

  /**
   * For balancers: begins a request.
   *
   * @param owner - The balancer.
   * @param endpoint - Where the request goes.
   * @param slot - Its number.
   * @param nowMs - Time.
   */
  begin(owner: object, endpoint: E, slot: Slot, nowMs: number): void {
    this.#owner = owner;
    this.#endpoint = endpoint;
    this.#slot = slot;
    this.#pickedAtMs = nowMs;
  }

  /**
   * For balancers: ends it.
   *
   * @param owner - The balancer.
   * @returns Whether it was in flight, and of this balancer.
   */
  end(owner: object): boolean {
    if (this.#owner !== owner) return false;
    this.#owner = undefined;
    return true;
  }
}
