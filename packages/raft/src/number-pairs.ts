/**
 * A queue of pairs of numbers. Saves and appends under way are queues that run empty all the time: lists that are
 * shifted would give their room back each time and take it anew.
 */

/** Pairs that fit before it grows: many groups in one process have a ring for each of their peers. */
const smallestRoom = 4;

/** Pairs of numbers in the order in which they came, in a ring that grows. */
export class NumberPairs {
  /** First and second number of each pair in turn; as many pairs as a power of two. */
  #ring: number[] = new Array<number>(smallestRoom * 2).fill(0);
  #oldest = 0;
  #length = 0;

  /** An independent copy. */
  clone(): NumberPairs {
    const copy = new NumberPairs();
    copy.#ring = [...this.#ring];
    copy.#oldest = this.#oldest;
    copy.#length = this.#length;
    return copy;
  }

  /** How many pairs there are. */
  get length(): number {
    return this.#length;
  }

  /** First number of a pair, counted from the oldest; 0 where there is none. */
  first(position: number): number {
    return position < this.#length ? (this.#ring[this.#slot(position)] ?? 0) : 0;
  }

  /** Second number of a pair, counted from the oldest; 0 where there is none. */
  second(position: number): number {
    return position < this.#length ? (this.#ring[this.#slot(position) + 1] ?? 0) : 0;
  }

  /** Puts another second number in the place of one. */
  replaceSecond(position: number, second: number): void {
    if (position < this.#length) this.#ring[this.#slot(position) + 1] = second;
  }

  /** Adds a pair behind the others. */
  push(first: number, second: number): void {
    if (this.#length * 2 === this.#ring.length) this.#grow();
    const slot = this.#slot(this.#length++);
    this.#ring[slot] = first;
    this.#ring[slot + 1] = second;
  }

  /** Forgets the oldest pair. */
  shift(): void {
    if (this.#length === 0) return;
    this.#oldest = (this.#oldest + 2) & (this.#ring.length - 1);
    this.#length--;
  }

  /** Forgets all pairs. */
  clear(): void {
    this.#oldest = 0;
    this.#length = 0;
  }

  #slot(position: number): number {
    return (this.#oldest + position * 2) & (this.#ring.length - 1);
  }

  #grow(): void {
    const inOrder = [...this.#ring.slice(this.#oldest), ...this.#ring.slice(0, this.#oldest)];
    this.#ring = inOrder.concat(new Array<number>(inOrder.length).fill(0));
    this.#oldest = 0;
  }
}
