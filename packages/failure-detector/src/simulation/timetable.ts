/** What is to happen when, in virtual time: a heap, so that a group of a thousand members is no burden. */

/** Something planned. */
interface Planned<Item> {
  readonly atMs: number;
  /** Of two at one time, what was planned first comes first. */
  readonly order: number;
  readonly item: Item;
}

/** A queue in the order of time. */
export class Timetable<Item> {
  readonly #heap: Planned<Item>[] = [];
  #order = 0;

  /** When the next item is due; `Infinity` when there is none. */
  get nextAtMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Plans something.
   *
   * @param atMs - When.
   * @param item - What.
   */
  put(atMs: number, item: Item): void {
    const heap = this.#heap;
    const planned = { atMs, order: this.#order++, item };
    let place = heap.length;
    heap.push(planned);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const other = heap[parent];
      if (other === undefined || !comesBefore(planned, other)) break;
      heap[place] = other;
      place = parent;
    }
    heap[place] = planned;
  }

  /** Takes the next item. */
  take(): Item | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first?.item;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      const left = heap[child];
      const right = heap[child + 1];
      if (left === undefined) break;
      let least = left;
      if (right !== undefined && comesBefore(right, left)) {
        least = right;
        child++;
      }
      if (!comesBefore(least, last)) break;
      heap[place] = least;
      place = child;
    }
    heap[place] = last;
    return first.item;
  }
}

function comesBefore<Item>(left: Planned<Item>, right: Planned<Item>): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
