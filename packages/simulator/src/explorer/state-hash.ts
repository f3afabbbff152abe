/**
 * A 64-bit hash of a state, in two words of 32 bits: what an explorer remembers a state by. The mixing is MurmurHash3's
 * (Appleby, public domain), one lane a word.
 */

/** Collects the words of a state. */
export class StateHash {
  /** Lower half; final after {@link StateHash.finish}. */
  low = 0;
  /** Upper half; final after {@link StateHash.finish}. */
  high = 0;
  #words = 0;

  /** Begins anew. */
  clear(): this {
    this.low = 0x2545f491;
    this.high = 0x9e3779b9 | 0;
    this.#words = 0;
    return this;
  }

  /**
   * Folds in a word.
   *
   * @param value - Any integer; only its lower 32 bits count.
   */
  word(value: number): this {
    const first = Math.imul(value, 0xcc9e2d51);
    let low = this.low ^ Math.imul((first << 15) | (first >>> 17), 0x1b873593);
    low = (low << 13) | (low >>> 19);
    this.low = (Math.imul(low, 5) + 0xe6546b64) | 0;
    const second = Math.imul(value ^ 0x5bd1e995, 0x239b961b);
    let high = this.high ^ Math.imul((second << 17) | (second >>> 15), 0xab0e9789);
    high = ((high << 15) | (high >>> 17)) + low;
    this.high = (Math.imul(high, 5) + 0x561ccd1b) | 0;
    this.#words++;
    return this;
  }

  /**
   * Folds in a text.
   *
   * @param value - Any string.
   */
  text(value: string): this {
    this.word(value.length);
    for (let position = 0; position < value.length; position++) this.word(value.charCodeAt(position));
    return this;
  }

  /** Ends the hash: `low` and `high` are then final. */
  finish(): this {
    let low = this.low ^ this.#words;
    let high = this.high ^ this.#words;
    low = (low + high) | 0;
    high = (high + low) | 0;
    low = scatter(low);
    high = scatter(high);
    low = (low + high) | 0;
    this.low = low;
    this.high = (high + low) | 0;
    return this;
  }
}

function scatter(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
