/**
 * The longest way that a search has found: first by its frontier, then by how many answered operations are on it, then
 * the one found first. Ways share their beginnings, so
 * only what changed since the last copy is copied, and only when the search turns back: the cost is that of the steps.
 */

/** Keeps the longest way. */
export class LongestPath {
  readonly #path: Int32Array;
  readonly #manners: Uint8Array;
  #frontier = -1;
  #answered = 0;
  #length = 0;
  #isCopied = true;
  /** How much of the copy still agrees with the way of the search. */
  #shared = 0;

  /** @param longest - Length that no way passes. */
  constructor(longest: number) {
    this.#path = new Int32Array(longest);
    this.#manners = new Uint8Array(longest);
  }

  /** Its frontier. */
  get frontier(): number {
    return this.#frontier;
  }

  /** Its operations. Good after {@link LongestPath.leave}. */
  get path(): Int32Array {
    return this.#path.subarray(0, this.#length);
  }

  /** How they took effect. Good after {@link LongestPath.leave}. */
  get manners(): Uint8Array {
    return this.#manners.subarray(0, this.#length);
  }

  /** The search has come to a frontier, `depth` steps from its start, of which `answered` are of answered operations. */
  reach(frontier: number, answered: number, depth: number): void {
    if (frontier < this.#frontier || (frontier === this.#frontier && answered <= this.#answered)) return;
    this.#frontier = frontier;
    this.#answered = answered;
    this.#length = depth;
    this.#isCopied = false;
  }

  /** The search is about to turn back, perhaps from this way. */
  leave(path: Int32Array, manners: Uint8Array): void {
    if (this.#isCopied) return;
    this.#path.set(path.subarray(this.#shared, this.#length), this.#shared);
    this.#manners.set(manners.subarray(this.#shared, this.#length), this.#shared);
    this.#shared = this.#length;
    this.#isCopied = true;
  }

  /** The search has turned back to `depth` steps from its start. */
  backAt(depth: number): void {
    if (depth < this.#shared) this.#shared = depth;
  }
}
