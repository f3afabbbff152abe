/** Numbers in the order in which they came, in a ring that grows: a list that is shifted would move all the rest. */
export class NumberQueue {
  #ring = new Float64Array(16);
  #taken = 0;
  #pushed = 0;

  /** How many numbers wait. */
  get length(): number {
    return this.#pushed - this.#taken;
  }

  /** How many were pushed so far. */
  get pushed(): number {
    return this.#pushed;
  }

  /** How many were taken so far, and with that the place of the oldest. */
  get taken(): number {
    return this.#taken;
  }

  /** The oldest number; 0 when none waits. */
  get oldest(): number {
    return this.#ring[this.#taken % this.#ring.length] ?? 0;
  }

  /** Puts a number behind the others. */
  push(number: number): void {
    if (this.length === this.#ring.length) this.#grow();
    this.#ring[this.#pushed % this.#ring.length] = number;
    this.#pushed++;
  }

  /** Takes the oldest number off. */
  shift(): number {
    const { oldest } = this;
    if (this.#taken < this.#pushed) this.#taken++;
    return oldest;
  }

  /** Takes all off. */
  clear(): void {
    this.#taken = this.#pushed;
  }

  #grow(): void {
    const grown = new Float64Array(this.#ring.length * 2);
    for (let place = this.#taken; place < this.#pushed; place++) {
      grown[place % grown.length] = this.#ring[place % this.#ring.length] ?? 0;
    }
    this.#ring = grown;
  }
}
