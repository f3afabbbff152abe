/**
 * Weighted round robin by earliest deadline first, as Envoy and gRPC do it (gRFC A58): each endpoint is due every 1/w,
 * and the heap has who is due next on top. A pick costs O(log n), for sets of thousands.
 */
import type { Random } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import type { PickContext } from './pick.js';
import { noSlot, type Slot } from './slot.js';
import { SlotHeap } from './slot-heap.js';
import { numbersFor } from './slot-numbers.js';
import type { Strategy } from './strategy.js';

/** Settings of {@link EarliestDeadline}. */
export interface EarliestDeadlineOptions {
  /**
   * Puts the first deadline of each endpoint somewhere within its period, so that many clients do not march in step, as
   * gRFC A58 asks. Default: at the end of the period.
   */
  readonly random?: Random;
}

/**
 * Gives each endpoint w/W of the requests, in the order of deadlines.
 *
 * @remarks
 * With whole weights whose sum is W, no random start, and while set and health stay the same, each endpoint gets exactly
 * w of the W picks of a cycle. At any moment it lacks less than one pick of its share, and is ahead of it by (n - 1) w/W
 * at most: `SmoothWeightedRoundRobin` is the smoother one, at O(n) a pick.
 */
export class EarliestDeadline implements Strategy {
  readonly name = 'earliest deadline';
  readonly scoreMeaning = 'time when due, the least wins';
  readonly #random: Random | undefined;
  readonly #heap = new SlotHeap();
  /** Deadlines are reckoned from here, as base + picks / weight: sums would round, and ties would go wrong. */
  #bases: Float64Array = new Float64Array(0);
  #turns: Float64Array = new Float64Array(0);
  #weights: Float64Array = new Float64Array(0);
  /** Those that came up while they could not be picked. They wait outside of the heap. */
  #parked: Slot[] = [];
  readonly #excluded: Slot[] = [];
  #now = 0;
  #version = -1;
  #view: EndpointView | undefined;

  /** @param options - Where to begin. */
  constructor({ random }: EarliestDeadlineOptions = {}) {
    this.#random = random;
  }

  /** {@inheritDoc Strategy.update} */
  update(view: EndpointView): void {
    this.#view = view;
    this.#bases = numbersFor(this.#bases, view);
    this.#turns = numbersFor(this.#turns, view);
    this.#weights = numbersFor(this.#weights, view);
    const waiting = new Set(this.#heap.slots());
    const joining = new Set(view.added);
    this.#heap.clear(view.capacity);
    this.#parked = [];
    for (const slot of view.slots) {
      if (joining.has(slot) || !waiting.has(slot)) this.#parked.push(slot);
      else this.#heap.push(slot, this.#deadline(slot));
    }
    this.#version = -1;
  }

  /** {@inheritDoc Strategy.choose} */
  choose({ explanation }: PickContext): Slot {
    const view = this.#view;
    if (view === undefined) return noSlot;
    if (view.version !== this.#version) this.#unpark(view);
    let chosen = noSlot;
    while (chosen === noSlot && this.#heap.size > 0) {
      const slot = this.#heap.pop();
      if (view.weight(slot) > 0) chosen = slot;
      else if (view.excluded.includes(slot)) this.#excluded.push(slot);
      else this.#parked.push(slot);
    }
    for (const slot of this.#excluded) this.#heap.push(slot, this.#deadline(slot));
    this.#excluded.length = 0;
    if (chosen === noSlot) return noSlot;
    const due = this.#deadline(chosen);
    explanation?.consider(chosen, due);
    if (due > this.#now) this.#now = due;
    this.#again(chosen, view.weight(chosen), due);
    return chosen;
  }

  #again(slot: Slot, weight: number, due: number): void {
    if (this.#weights[slot] === weight) this.#turns[slot] = (this.#turns[slot] ?? 0) + 1;
    else {
      this.#weights[slot] = weight;
      this.#bases[slot] = due;
      this.#turns[slot] = 1;
    }
    this.#heap.push(slot, this.#deadline(slot));
  }

  /** Takes in again whoever can be picked now: due one period from now. */
  #unpark(view: EndpointView): void {
    this.#version = view.version;
    const parked = this.#parked;
    this.#parked = [];
    for (const slot of parked) {
      // Who is excluded just now has a weight, and it is told with the next change or waits until then.
      const weight = view.excluded.includes(slot) ? 0 : view.weight(slot);
      if (weight === 0) {
        this.#parked.push(slot);
        if (view.excluded.includes(slot)) this.#version = -1;
        continue;
      }
      const early = this.#random === undefined ? 0 : this.#random.float() / weight;
      this.#weights[slot] = weight;
      this.#bases[slot] = this.#now - early;
      this.#turns[slot] = 1;
      this.#heap.push(slot, this.#deadline(slot));
    }
  }

  #deadline(slot: Slot): number {
    return (this.#bases[slot] ?? 0) + (this.#turns[slot] ?? 0) / (this.#weights[slot] ?? 1);
  }
}
