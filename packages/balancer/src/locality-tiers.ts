/**
 * Localities, such as zones: stay at home as far as that is fair, and spill over as home fails. Two rules of Envoy's
 * documentation are in here: "Zone aware routing" for requests that come from a zone, and "Locality weighted load
 * balancing" for those that come from nowhere.
 */
import { InvalidArgumentError, type Random } from '@synod/core';
import { type EndpointGroup, EndpointGroups, healthOf } from './endpoint-groups.js';
import type { EndpointView } from './endpoint-view.js';
import type { Outcome, PickContext } from './pick.js';
import { checkOverprovisioning, chooseInOrder } from './priority-tiers.js';
import { noSlot, type Slot } from './slot.js';
import type { Strategy } from './strategy.js';

/** Settings of {@link LocalityTiers}. */
export interface LocalityTiersOptions {
  /** Makes the strategy that chooses within a locality. */
  readonly strategy: (locality: string) => Strategy;
  /** Draws the locality. */
  readonly random: Random;
  /**
   * Requests that each locality sends, in any unit. With it, a locality that sends more than its endpoints' part of the
   * whole keeps only so much at home that all endpoints are equally busy. Default: all stay at home while it is fit.
   */
  readonly callers?: Readonly<Record<string, number>>;
  /** How many times the room it needs a locality is taken to have, 1 to 100. Default 1.4. */
  readonly overprovisioning?: number;
}

/** Puts endpoints into localities by their `locality`, and sends requests home as `context.locality` says. */
export class LocalityTiers implements Strategy {
  readonly name: string;
  readonly scoreMeaning: string;
  readonly #first: Strategy;
  readonly #random: Random;
  readonly #callers: ReadonlyMap<string, number> | undefined;
  readonly #overprovisioning: number;
  readonly #groups: EndpointGroups<string>;

  /**
   * @param options - Settings.
   * @throws InvalidArgumentError when a number is out of range.
   */
  constructor({ strategy, random, callers, overprovisioning = 1.4 }: LocalityTiersOptions) {
    const first = strategy('');
    this.#first = first;
    this.name = `${first.name} in localities`;
    this.scoreMeaning = first.scoreMeaning;
    this.#random = random;
    this.#callers = callers === undefined ? undefined : shares(callers);
    this.#overprovisioning = checkOverprovisioning(overprovisioning);
    this.#groups = new EndpointGroups(strategy, ({ locality = '' }) => locality);
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
    const groups = this.#groups.all;
    const drawn = this.#draw(groups, context.locality);
    const found = groups[drawn]?.strategy.choose(context, nowMs) ?? noSlot;
    return found === noSlot ? chooseInOrder(groups, drawn, context, nowMs) : found;
  }

  /** {@inheritDoc Strategy.picked} */
  picked(slot: Slot, nowMs: number): void {
    this.#groups.picked(slot, nowMs);
  }

  /** {@inheritDoc Strategy.ended} */
  ended(slot: Slot, result: Outcome['result'], latencyMs: number, nowMs: number): void {
    this.#groups.ended(slot, result, latencyMs, nowMs);
  }

  #draw(groups: readonly EndpointGroup<string>[], locality: string | undefined): number {
    let home = -1;
    for (let place = 0; place < groups.length; place++) if (groups[place]?.key === locality) home = place;
    const homeGroup = groups[home];
    if (homeGroup === undefined) return this.#drawBy(groups, -1, this.#fitWeight);
    if (this.#callers === undefined) {
      const stays = this.#random.float() < healthOf(homeGroup, this.#overprovisioning);
      return stays ? home : this.#drawBy(groups, home, this.#fitWeight);
    }
    let total = 0;
    for (let place = 0; place < groups.length; place++) total += groups[place]?.weight ?? 0;
    this.#total = total;
    const sent = this.#callers.get(homeGroup.key) ?? 0;
    const room = homeGroup.weight / total;
    if (room >= sent || this.#random.float() * sent < room) return home;
    return this.#drawBy(groups, home, this.#residualWeight);
  }

  /** Sum of the weights of all localities, for {@link #residualWeight}. */
  #total = 0;

  /** Envoy's `effective_weight`: the weight of a locality, less when it is not fit for it. */
  readonly #fitWeight = (group: EndpointGroup<string>): number =>
    group.ownWeight * healthOf(group, this.#overprovisioning);

  /** What a locality has room for beyond its own requests. */
  readonly #residualWeight = (group: EndpointGroup<string>): number =>
    Math.max(0, group.weight / this.#total - (this.#callers?.get(group.key) ?? 0));

  #drawBy(
    groups: readonly EndpointGroup<string>[],
    except: number,
    weightOf: (group: EndpointGroup<string>) => number,
  ): number {
    let total = 0;
    for (let place = 0; place < groups.length; place++) {
      const group = groups[place];
      if (group !== undefined && place !== except) total += weightOf(group);
    }
    let left = this.#random.float() * total;
    let last = except;
    for (let place = 0; place < groups.length; place++) {
      const group = groups[place];
      const weight = group === undefined || place === except ? 0 : weightOf(group);
      if (weight === 0) continue;
      last = place;
      left -= weight;
      if (left < 0) break;
    }
    return last;
  }
}

function shares(callers: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  const entries = Object.entries(callers);
  let total = 0;
  for (const [locality, sent] of entries) {
    if (!(sent >= 0 && sent < Number.POSITIVE_INFINITY)) {
      throw new InvalidArgumentError(
        `callers of ${JSON.stringify(locality)} is ${sent}: it must be a finite number from 0`,
      );
    }
    total += sent;
  }
  if (total === 0) throw new InvalidArgumentError('callers are all 0: at least one locality must send');
  return new Map(entries.map(([locality, sent]) => [locality, sent / total]));
}
