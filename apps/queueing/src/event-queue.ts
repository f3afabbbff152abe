/** What happens next? A binary heap of moments; of equal moments, the one that was put in first. */

interface Planned {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Things that will happen. */
export class EventQueue {
  readonly #heap: Planned[] = [];
  #order = 0;
  #nowMs = 0;

  /** The moment that is being lived through. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /**
   * Plans something.
   *
   * @param inMs - How long from now.
   * @param run - What.
   */
  plan(inMs: number, run: () => void): void {
    this.#order += 1;
    const planned = { atMs: this.#nowMs + inMs, order: this.#order, run };
    let place = this.#heap.length;
    this.#heap.push(planned);
    for (let parent = (place - 1) >> 1; place > 0; parent = (place - 1) >> 1) {
      const above = this.#heap[parent];
      if (above === undefined || isBefore(above, planned)) break;
      this.#heap[place] = above;
      place = parent;
    }
    this.#heap[place] = planned;
  }

  /**
   * Lets everything happen, and what comes of it.
   *
   * @param goesOn - Asked before each; `false` ends it.
   */
  run(goesOn: () => boolean): void {
    for (let next = this.#pop(); next !== undefined && goesOn(); next = this.#pop()) {
      this.#nowMs = next.atMs;
      next.run();
    }
  }

  #pop(): Planned | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    let place = 0;
    for (let child = 1; child < this.#heap.length; child = 2 * place + 1) {
      const left = this.#heap[child];
      const right = this.#heap[child + 1];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const least = isRight ? right : left;
      if (least === undefined || isBefore(last, least)) break;
      this.#heap[place] = least;
      place = isRight ? child + 1 : child;
    }
    this.#heap[place] = last;
    return first;
  }
}

function isBefore(left: Planned, right: Planned): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
