/**
 * What is kept of each endpoint, in arrays by slot. An endpoint has one slot from the moment it joins until it has left
 * and its last request has ended, so strategies and health keep their own state in arrays by slot, and a pick looks
 * nothing up by name.
 */
import { InvalidArgumentError } from '@synod/core';
import { checkEndpoints, type Endpoint, type EndpointStatus } from './endpoint.js';
import type { HealthVerdicts } from './health.js';
import type { Slot } from './slot.js';

/** The endpoints of one balancer. */
export class SlotTable<E extends Endpoint = Endpoint> implements HealthVerdicts {
  /** By id: endpoints of the set, and those that left it with requests in flight. */
  readonly #slotById = new Map<string, Slot>();
  readonly #free: Slot[] = [];
  readonly #endpoints: (E | undefined)[] = [];
  #slots: readonly Slot[] = [];
  #added: readonly Slot[] = [];
  #weights = new Float64Array(8);
  #shares = new Float64Array(8);
  /** Weight times share; 0 for whoever is not of the set or excluded just now. */
  #effective = new Float64Array(8);
  #inFlight = new Int32Array(8);
  #listed = new Uint8Array(8);
  readonly #excluded: Slot[] = [];
  readonly #excludedWeights: number[] = [];
  #version = 0;

  /** Slots of the set, in the order of the turn: those that stayed first, then the new ones. */
  get slots(): readonly Slot[] {
    return this.#slots;
  }

  /** Slots that the last update brought in. */
  get added(): readonly Slot[] {
    return this.#added;
  }

  /** Every slot is less. */
  get capacity(): number {
    return this.#weights.length;
  }

  /** Another number when the set or a weight has changed since it was read. */
  get version(): number {
    return this.#version;
  }

  /** Slots that the pick under way excludes and that had a weight. */
  get excluded(): readonly Slot[] {
    return this.#excluded;
  }

  /**
   * Weight that counts now: 0 for an endpoint that must not be picked.
   *
   * @param slot - Which.
   */
  effectiveWeight(slot: Slot): number {
    return this.#effective[slot] ?? 0;
  }

  /**
   * Weight as given with the endpoint.
   *
   * @param slot - Which.
   */
  weight(slot: Slot): number {
    return this.#weights[slot] ?? 0;
  }

  /** {@inheritDoc HealthVerdicts.inFlight} */
  inFlight(slot: Slot): number {
    return this.#inFlight[slot] ?? 0;
  }

  /** {@inheritDoc HealthVerdicts.shareOf} */
  shareOf(slot: Slot): number {
    return this.#shares[slot] ?? 0;
  }

  /** {@inheritDoc HealthVerdicts.idOf} */
  idOf(slot: Slot): string {
    return this.#endpoints[slot]?.id ?? '';
  }

  /** {@inheritDoc HealthVerdicts.slotOf} */
  slotOf(id: string): Slot | undefined {
    const slot = this.#slotById.get(id);
    return slot !== undefined && this.isListed(slot) ? slot : undefined;
  }

  /**
   * Whether an endpoint is of the set; otherwise it only waits for its last requests.
   *
   * @param slot - Which.
   */
  isListed(slot: Slot): boolean {
    return this.#listed[slot] === 1;
  }

  /**
   * The endpoint as it was given last.
   *
   * @param slot - Which.
   */
  endpoint(slot: Slot): E | undefined {
    return this.#endpoints[slot];
  }

  /** {@inheritDoc HealthVerdicts.setShare} */
  setShare(slot: Slot, share: number): void {
    if (!(share >= 0 && share <= 1)) {
      throw new InvalidArgumentError(`share is ${share}: it must be a number from 0 to 1`);
    }
    if (this.#listed[slot] !== 1 || this.#shares[slot] === share) return;
    this.#shares[slot] = share;
    this.#effective[slot] = this.weight(slot) * share;
    this.#version += 1;
  }

  /**
   * Takes over a new set.
   *
   * @param endpoints - The whole new set.
   * @param check - Last word on it, given the weights.
   * @throws InvalidArgumentError when the set is wrong, before anything was changed.
   */
  replace(endpoints: readonly E[], check: (weights: readonly number[]) => void): void {
    const wanted = checkEndpoints(endpoints);
    check(endpoints.map(({ weight }) => weight ?? 1));
    const slots: Slot[] = [];
    const gone: Slot[] = [];
    for (const slot of this.#slots) {
      const kept = wanted.get(this.idOf(slot));
      if (kept === undefined) {
        gone.push(slot);
        continue;
      }
      this.#put(slot, kept, this.shareOf(slot));
      slots.push(slot);
    }
    const added: Slot[] = [];
    for (const endpoint of wanted.values()) {
      if (this.slotOf(endpoint.id) === undefined) added.push(this.#add(endpoint));
    }
    // After the new ones have their slots: none of them is to take the place of one that was there a moment ago.
    for (const slot of gone) {
      this.#listed[slot] = 0;
      this.#effective[slot] = 0;
      if (this.inFlight(slot) === 0) this.#forget(slot);
    }
    this.#slots = [...slots, ...added];
    this.#added = added;
    this.#version += 1;
  }

  /**
   * Gives endpoints the weight 0 until {@link readmit}.
   *
   * @param ids - Which; unknown ones are passed over.
   */
  exclude(ids: readonly string[]): void {
    for (const id of ids) {
      const slot = this.slotOf(id);
      if (slot === undefined || this.effectiveWeight(slot) === 0) continue;
      this.#excluded.push(slot);
      this.#excludedWeights.push(this.effectiveWeight(slot));
      this.#effective[slot] = 0;
    }
  }

  /** Gives back what {@link exclude} took. */
  readmit(): void {
    for (let place = 0; place < this.#excluded.length; place++) {
      this.#effective[this.#excluded[place] ?? 0] = this.#excludedWeights[place] ?? 0;
    }
    this.#excluded.length = 0;
    this.#excludedWeights.length = 0;
  }

  /**
   * Counts a request.
   *
   * @param slot - Where it goes.
   */
  begin(slot: Slot): void {
    this.#inFlight[slot] = this.inFlight(slot) + 1;
  }

  /**
   * Counts one request less, and forgets an endpoint that only waited for this.
   *
   * @param slot - Where it went.
   */
  end(slot: Slot): void {
    const left = this.inFlight(slot) - 1;
    this.#inFlight[slot] = left;
    if (left === 0 && !this.isListed(slot)) this.#forget(slot);
  }

  /** What is known of each endpoint of the set. */
  status(): readonly EndpointStatus<E>[] {
    return this.#slots.flatMap((slot) => {
      const endpoint = this.#endpoints[slot];
      if (endpoint === undefined) return [];
      return [
        { endpoint, weight: this.weight(slot), share: this.shareOf(slot), inFlight: this.inFlight(slot) },
      ];
    });
  }

  #add(endpoint: E): Slot {
    const slot = this.#slotById.get(endpoint.id) ?? this.#free.pop() ?? this.#endpoints.length;
    if (slot >= this.capacity) this.#grow();
    this.#slotById.set(endpoint.id, slot);
    this.#listed[slot] = 1;
    this.#put(slot, endpoint, 1);
    return slot;
  }

  #put(slot: Slot, endpoint: E, share: number): void {
    // -0 becomes 0.
    const weight = (endpoint.weight ?? 1) + 0;
    this.#endpoints[slot] = endpoint;
    this.#weights[slot] = weight;
    this.#shares[slot] = share;
    this.#effective[slot] = weight * share;
  }

  #forget(slot: Slot): void {
    this.#slotById.delete(this.idOf(slot));
    this.#endpoints[slot] = undefined;
    this.#free.push(slot);
  }

  #grow(): void {
    const capacity = this.capacity * 2;
    const grown = <A extends { set(from: A): void }>(empty: A, old: A): A => {
      empty.set(old);
      return empty;
    };
    this.#weights = grown(new Float64Array(capacity), this.#weights);
    this.#shares = grown(new Float64Array(capacity), this.#shares);
    this.#effective = grown(new Float64Array(capacity), this.#effective);
    this.#inFlight = grown(new Int32Array(capacity), this.#inFlight);
    this.#listed = grown(new Uint8Array(capacity), this.#listed);
  }
}
