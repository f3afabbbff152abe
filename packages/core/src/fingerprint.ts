/** Digests of states, for trace hashes, explorers and drift alarms: FNV-1a (two lanes of 32 bits) over numbers, text and bytes. */
/** Digest of the protocol state: 16 lower-case hexadecimal digits, equal for equal states. */
export type Fingerprint = string;

/**
 * Folds values into a {@link Fingerprint}. Order matters; equal sequences give equal digests. Values are folded without
 * their kinds: where a state holds one thing or another, fold in first which it is. Not cryptographic.
 *
 * @example
 * ```ts
 * const digest = new FingerprintBuilder().number(3).text('leader').digest();
 * ```
 */
export class FingerprintBuilder {
  #low = 0x811c9dc5;
  #high = 0x9e3779b9;

  /**
   * Folds in a number.
   *
   * @param value - Any safe integer.
   */
  number(value: number): this {
    this.#word(value | 0);
    this.#word(Math.floor(value / 0x100000000) | 0);
    return this;
  }

  /**
   * Folds in a text.
   *
   * @param value - Any string, or `undefined` (which differs from every string).
   */
  text(value: string | undefined): this {
    if (value === undefined) return this.number(-1);
    this.number(value.length);
    for (let position = 0; position < value.length; position++) this.#word(value.charCodeAt(position));
    return this;
  }

  /**
   * Folds in bytes.
   *
   * @param value - Any bytes.
   */
  bytes(value: Uint8Array): this {
    this.number(value.length);
    for (let position = 0; position < value.length; position++) this.#word(value[position] ?? 0);
    return this;
  }

  /** The digest of everything folded in so far. */
  digest(): Fingerprint {
    return hex(mix(this.#high)) + hex(mix(this.#low ^ this.#high));
  }

  #word(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x01000193);
    this.#high = Math.imul(this.#high ^ (word + (this.#low >>> 15)), 0x85ebca6b);
    this.#high ^= this.#high >>> 13;
  }
}

function mix(word: number): number {
  const mixed = Math.imul(word ^ (word >>> 16), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
