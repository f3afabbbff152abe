/**
 * Tiers: the first one gets all requests while it is fit, and as it fails they spill over to the next. The arithmetic is
 * Envoy's ("Priority levels" in its documentation): a tier of which the share h can be picked is fit for 1.4 h of all
 * requests, 1 at most; each tier takes what it is fit for of what those before it left; and when all together are not
 * fit for all, they share by fitness.
 */
import { InvalidArgumentError, type Random } from '@synod/core';
import { type EndpointGroup, EndpointGroups, healthOf } from './endpoint-groups.js';
import type { EndpointView } from './endpoint-view.js';
import type { Outcome, PickContext } from './pick.js';
import { noSlot, type Slot } from './slot.js';
import type { Strategy } from './strategy.js';

/** Settings of {@link PriorityTiers}. */
export interface PriorityTiersOptions {
  /** Makes the strategy that chooses within a tier. */
  readonly strategy: (priority: number) => Strategy;
  /** Draws the tier. */
  readonly random: Random;
  /** How many times the room it needs a tier is taken to have, 1 to 100. Default 1.4. */
  readonly overprovisioning?: number;
}

/**
 * Puts endpoints into tiers by their `priority`, 0 first.
 *
 * @example
 * ```ts
 * const strategy = new PriorityTiers({ random, strategy: () => new PowerOfChoices({ random }) });
 * const endpoints = [{ id: 'near' }, { id: 'far', priority: 1 }];
 * const balancer = new Balancer({ endpoints, strategy });
 * ```
 */
export class PriorityTiers implements Strategy {
  readonly name: string;
  readonly scoreMeaning: string;
  readonly #first: Strategy;
  readonly #random: Random;
  readonly #overprovisioning: number;
  readonly #groups: EndpointGroups<number>;

  /**
   * @param options - Settings.
   * @throws InvalidArgumentError when `overprovisioning` is out of range.
   */
  constructor({ strategy, random, overprovisioning = 1.4 }: PriorityTiersOptions) {
    const first = strategy(0);
    this.#first = first;
    this.name = `${first.name} in tiers`;
    this.scoreMeaning = first.scoreMeaning;
    this.#random = random;
    this.#overprovisioning = checkOverprovisioning(overprovisioning);
    this.#groups = new EndpointGroups(strategy, ({ priority = 0 }) => priority);
  }

  /** {@inheritDoc Strategy.check} */
  check(weights: readonly number[]): void {
    // A group by itself holds no more than all together.
    this.#first.check?.(weights);
  }

  /** {@inheritDoc Strategy.update} */
  update(view: EndpointView): void {
    this.#groups.update(view);
  }

  /** {@inheritDoc Strategy.choose} */
  choose(context: PickContext, nowMs: number): Slot {
    const tiers = this.#groups.all;
    const drawn = drawTier(tiers, this.#overprovisioning, this.#random.float());
    const found = tiers[drawn]?.strategy.choose(context, nowMs) ?? noSlot;
    return found === noSlot ? chooseInOrder(tiers, drawn, context, nowMs) : found;
  }

  /** {@inheritDoc Strategy.picked} */
  picked(slot: Slot, nowMs: number): void {
    this.#groups.picked(slot, nowMs);
  }

  /** {@inheritDoc Strategy.ended} */
  ended(slot: Slot, result: Outcome['result'], latencyMs: number, nowMs: number): void {
    this.#groups.ended(slot, result, latencyMs, nowMs);
  }

  /** Share of the requests that each tier gets now, in the order of their priorities. */
  loads(): readonly number[] {
    return tierLoads(this.#groups.all.map((tier) => healthOf(tier, this.#overprovisioning)));
  }
}

/**
 * Shares of the requests by what each tier is fit for.
 *
 * @param healths - 0 to 1 each, in the order of the tiers.
 * @returns Shares whose sum is 1, or all 0 when no tier is fit for any.
 */
export function tierLoads(healths: readonly number[]): readonly number[] {
  const total = Math.min(
    1,
    healths.reduce((sum, health) => sum + health, 0),
  );
  let left = 1;
  return healths.map((health) => {
    const load = total === 0 ? 0 : Math.min(left, health / total);
    left -= load;
    return load;
  });
}

/**
 * Tries all groups but one, in their order: a request may exclude all that the drawn one has.
 *
 * @param groups - The groups.
 * @param tried - Place of the one that had nothing.
 * @param context - As of the pick.
 * @param nowMs - Time.
 */
export function chooseInOrder(
  groups: readonly EndpointGroup<unknown>[],
  tried: number,
  context: PickContext,
  nowMs: number,
): Slot {
  for (let place = 0; place < groups.length; place++) {
    const found = place === tried ? noSlot : (groups[place]?.strategy.choose(context, nowMs) ?? noSlot);
    if (found !== noSlot) return found;
  }
  return noSlot;
}

/**
 * Refuses a factor that is none.
 *
 * @param factor - The factor.
 * @throws InvalidArgumentError when it is not from 1 to 100.
 */
export function checkOverprovisioning(factor: number): number {
  if (factor >= 1 && factor <= 100) return factor;
  throw new InvalidArgumentError(`overprovisioning is ${factor}: it must be a number from 1 to 100`);
}

/** The same arithmetic as {@link tierLoads}, without a list of it. */
function drawTier(tiers: readonly EndpointGroup<number>[], overprovisioning: number, point: number): number {
  let total = 0;
  for (let place = 0; place < tiers.length; place++) {
    const tier = tiers[place];
    if (tier !== undefined) total += healthOf(tier, overprovisioning);
  }
  let left = point * Math.min(1, total);
  let last = 0;
  for (let place = 0; place < tiers.length; place++) {
    const tier = tiers[place];
    const health = tier === undefined ? 0 : healthOf(tier, overprovisioning);
    if (health === 0) continue;
    last = place;
    left -= health;
    if (left < 0) break;
  }
  return last;
}
