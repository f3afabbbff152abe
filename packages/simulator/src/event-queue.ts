/**
 * Virtual time: what shall happen, in the order of its moment and then of its planning. A binary heap, because a run
 * takes millions of events.
 */
import { FingerprintBuilder, invariant } from '@synod/core';

interface PlannedEvent {
  readonly atUs: number;
  readonly order: number;
  readonly run: () => void;
}

/** The clock and the future of a simulated world. Time is in whole microseconds. */
export class EventQueue {
  readonly #heap: PlannedEvent[] = [];
  readonly #trace = new FingerprintBuilder();
  #nowUs = 0;
  #planned = 0;
  #ran = 0;

  /** The present moment. */
  get nowUs(): number {
    return this.#nowUs;
  }

  /** Events that have happened. */
  get ran(): number {
    return this.#ran;
  }

  /** Folds something that happened into the trace hash. */
  trace(what: number): void {
    this.#trace.number(what);
  }

  /** Digest of everything that happened so far: equal for equal runs. */
  traceHash(): string {
    return this.#trace.digest();
  }

  /** Plans something, some microseconds from now. */
  after(delayUs: number, run: () => void): void {
    const event = { atUs: this.#nowUs + Math.max(0, Math.floor(delayUs)), order: this.#planned++, run };
    const heap = this.#heap;
    let position = heap.length;
    heap.push(event);
    while (position > 0) {
      const parent = (position - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(event, above)) break;
      heap[position] = above;
      position = parent;
    }
    heap[position] = event;
  }

  /**
   * Lets the next event happen.
   *
   * @param untilUs - Nothing after this moment happens.
   * @returns `false` when nothing is left to happen by then; the clock then stands at that moment.
   */
  runNext(untilUs: number): boolean {
    const next = this.#heap[0];
    if (next === undefined || next.atUs > untilUs) {
      this.#nowUs = Math.max(this.#nowUs, untilUs);
      return false;
    }
    this.#removeFirst();
    invariant(next.atUs >= this.#nowUs, 'virtual time never goes back');
    this.#nowUs = next.atUs;
    this.#ran++;
    this.#trace.number(next.atUs);
    next.run();
    return true;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let position = 0;
    for (;;) {
      let child = 2 * position + 1;
      let least = heap[child];
      const right = heap[child + 1];
      if (least !== undefined && right !== undefined && isBefore(right, least)) {
        least = right;
        child++;
      }
      if (least === undefined || !isBefore(least, last)) break;
      heap[position] = least;
      position = child;
    }
    heap[position] = last;
  }
}

function isBefore(left: PlannedEvent, right: PlannedEvent): boolean {
  return left.atUs < right.atUs || (left.atUs === right.atUs && left.order < right.order);
}
