/** Whose turn it is, for strategies that go round: a place in the list that stays right when the list changes. */
import type { Random } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import type { Slot } from './slot.js';

/** A place in the slots of a view, at first a random one, so that many clients do not march in step. */
export class Turn {
  readonly #random: Random;
  #slots: readonly Slot[] = [];
  #next = 0;

  /** @param random - Decides where to begin. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** Place of the slot whose turn is next; less than the number of slots, or 0 when there are none. */
  get next(): number {
    return this.#next;
  }

  /**
   * Goes on behind a place.
   *
   * @param place - Place of the slot that had its turn.
   */
  passed(place: number): void {
    this.#next = place + 1 >= this.#slots.length ? 0 : place + 1;
  }

  /**
   * Keeps the turn when the list changes: next is whoever would have been next of those that stayed.
   *
   * @param view - The endpoints.
   */
  update(view: EndpointView): void {
    const places = new Map(view.slots.map((slot, place) => [slot, place]));
    for (const slot of view.added) places.delete(slot);
    const old = this.#slots;
    let next: number | undefined;
    for (let step = 0; step < old.length && next === undefined; step++) {
      next = places.get(old[(this.#next + step) % old.length] ?? 0);
    }
    this.#slots = view.slots;
    this.#next = next ?? (view.slots.length === 0 ? 0 : this.#random.integer(0, view.slots.length));
  }
}
