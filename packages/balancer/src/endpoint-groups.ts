/** Endpoints in groups, such as tiers or zones, each group with a view and a strategy of its own. */
import type { Endpoint } from './endpoint.js';
import type { EndpointView } from './endpoint-view.js';
import type { Outcome } from './pick.js';
import type { Slot } from './slot.js';
import type { Strategy } from './strategy.js';

/** One group. */
export interface EndpointGroup<Key> {
  /** What its endpoints have in common. */
  readonly key: Key;
  /** Chooses within it. */
  readonly strategy: Strategy;
  /** Its endpoints. */
  readonly view: EndpointView;
  /** Endpoints that are not drained. */
  count: number;
  /** Those of them that can be picked. */
  available: number;
  /** Sum of the weights of all, whatever their health. */
  ownWeight: number;
  /** Sum of the weights that count now. */
  weight: number;
}

/** All groups. */
export class EndpointGroups<Key extends string | number> {
  readonly #createStrategy: (key: Key) => Strategy;
  readonly #keyOf: (endpoint: Endpoint) => Key;
  readonly #byKey = new Map<Key, EndpointGroup<Key>>();
  #groups: readonly EndpointGroup<Key>[] = [];
  readonly #groupOf: (EndpointGroup<Key> | undefined)[] = [];
  #version = -1;
  #view: EndpointView | undefined;

  /**
   * @param createStrategy - Makes the strategy of a group.
   * @param keyOf - To which group an endpoint belongs.
   */
  constructor(createStrategy: (key: Key) => Strategy, keyOf: (endpoint: Endpoint) => Key) {
    this.#createStrategy = createStrategy;
    this.#keyOf = keyOf;
  }

  /** The groups that have endpoints, in the order of their keys, with their sums up to date. */
  get all(): readonly EndpointGroup<Key>[] {
    if (this.#view !== undefined && this.#view.version !== this.#version) this.#sum(this.#view);
    return this.#groups;
  }

  /**
   * Puts the endpoints into groups. Who changes groups begins anew in the other one.
   *
   * @param view - All endpoints.
   */
  update(view: EndpointView): void {
    this.#view = view;
    this.#version = -1;
    const members = new Map<Key, Slot[]>();
    for (const slot of view.slots) {
      const endpoint = view.endpoint(slot);
      if (endpoint === undefined) continue;
      const key = this.#keyOf(endpoint);
      const group = members.get(key);
      if (group === undefined) members.set(key, [slot]);
      else group.push(slot);
    }
    for (const key of this.#byKey.keys()) if (!members.has(key)) this.#byKey.delete(key);
    for (const [key, slots] of members) {
      const group = this.#byKey.get(key) ?? this.#create(key, view);
      for (const slot of slots) this.#groupOf[slot] = group;
      group.view.show(slots, view.added);
      group.strategy.update(group.view);
    }
    this.#groups = [...this.#byKey.values()].sort((left, right) => (left.key < right.key ? -1 : 1));
  }

  /** {@inheritDoc Strategy.picked} */
  picked(slot: Slot, nowMs: number): void {
    this.#groupOf[slot]?.strategy.picked?.(slot, nowMs);
  }

  /** {@inheritDoc Strategy.ended} */
  ended(slot: Slot, result: Outcome['result'], latencyMs: number, nowMs: number): void {
    this.#groupOf[slot]?.strategy.ended?.(slot, result, latencyMs, nowMs);
  }

  #create(key: Key, view: EndpointView): EndpointGroup<Key> {
    const group = {
      key,
      strategy: this.#createStrategy(key),
      view: view.part(),
      count: 0,
      available: 0,
      ownWeight: 0,
      weight: 0,
    };
    this.#byKey.set(key, group);
    return group;
  }

  #sum(view: EndpointView): void {
    for (const group of this.#groups) {
      group.count = 0;
      group.available = 0;
      group.ownWeight = 0;
      group.weight = 0;
      for (const slot of group.view.slots) {
        // Who is excluded by one request only is no less healthy for it.
        const weight = view.excluded.includes(slot) ? view.ownWeight(slot) : view.weight(slot);
        if (view.ownWeight(slot) > 0) group.count += 1;
        if (weight > 0) group.available += 1;
        group.ownWeight += view.ownWeight(slot);
        group.weight += weight;
      }
    }
    this.#version = view.version;
  }
}

/**
 * How fit a group is for all the requests it may get.
 *
 * @param group - The group.
 * @param overprovisioning - How many times the room needed it is taken to have, 1 or more.
 * @returns 0 to 1.
 */
export function healthOf({ count, available }: EndpointGroup<unknown>, overprovisioning: number): number {
  return count === 0 ? 0 : Math.min(1, (overprovisioning * available) / count);
}
