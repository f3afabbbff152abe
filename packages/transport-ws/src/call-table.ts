/**
 * Calls that wait for an answer, by id, without sockets, clocks or promises. An id is used once, so an answer that
 * comes late, or twice, finds nothing; whoever takes a call out of the table is the only one to settle it.
 */

/** Open calls of one connection. */
export class CallTable<Call> {
  readonly #openMax: number;
  readonly #open = new Map<number, Call>();
  #nextId = 1;

  /** @param openMax - Most calls that are open at once. */
  constructor(openMax: number) {
    this.#openMax = openMax;
  }

  /** Calls that are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Whether there is no room for another. */
  get full(): boolean {
    return this.#open.size >= this.#openMax;
  }

  /**
   * Opens a call.
   *
   * @param call - What to remember of it.
   * @returns Its id; `undefined` when the table is full.
   */
  open(call: Call): number | undefined {
    if (this.full) return undefined;
    const id = this.#nextId++;
    this.#open.set(id, call);
    return id;
  }

  /**
   * Takes a call out.
   *
   * @param id - Its id.
   * @returns The call; `undefined` when it was taken out before or never opened.
   */
  take(id: number): Call | undefined {
    const call = this.#open.get(id);
    this.#open.delete(id);
    return call;
  }

  /** Whether an id was ever given out: an answer to another is no answer. */
  knows(id: number): boolean {
    return id >= 1 && id < this.#nextId;
  }

  /** Takes all calls out. */
  takeAll(): Call[] {
    const calls = [...this.#open.values()];
    this.#open.clear();
    return calls;
  }
}
