/** Digests of states, for trace hashes, explorers and drift alarms: FNV-1a (two lanes of 32 bits) over numbers, text and bytes. */
import type { NodeId } from './ids.js';

/** Digest of the protocol state: 16 lower-case hexadecimal digits, equal for equal states. */
export type Fingerprint = string;

/** How a state is looked at when its {@link Fingerprint} is taken. By default: whole, and under its own names. */
export interface FingerprintView {
  /**
   * Leaves out what only the passing of time brings to bear: clocks, the random numbers that timeouts are drawn from,
   * and how many saves there were. Engines with equal digests then do the same for all inputs, but for the sequence
   * numbers of receipts, for as long as no clock strikes. For explorers, which choose the moments themselves.
   */
  readonly untimed?: boolean;
  /**
   * Name to fold in for a node, for explorers that take states which differ only in who is who for one. Encoded
   * memberships and untaken effects keep their own names.
   */
  readonly rename?: (id: NodeId) => string;
}

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

  /**
   * Folds in a flag.
   *
   * @param value - Either.
   */
  boolean(value: boolean): this {
    return this.number(value ? 1 : 0);
  }

  /**
   * Folds in any plain value with its kinds: numbers, texts, booleans, `undefined`, `null`, bytes, and lists and
   * records of them. Records are equal when their fields are, in whatever order; a field that is `undefined` counts as
   * absent. Slower than the others, and complete without knowing the shape.
   *
   * @param value - Any plain value. What is no number, text, boolean, bytes, list or record counts as `undefined`.
   */
  plain(value: unknown): this {
    if (typeof value === 'number') {
      if (Number.isSafeInteger(value)) return this.number(1).number(value);
      return this.number(2).text(String(value));
    }
    if (typeof value === 'string') return this.number(3).text(value);
    if (typeof value === 'boolean') return this.number(4).boolean(value);
    if (value instanceof Uint8Array) return this.number(5).bytes(value);
    if (Array.isArray(value)) {
      this.number(6).number(value.length);
      for (const item of value) this.plain(item);
      return this;
    }
    if (typeof value !== 'object') return this.number(0);
    if (value === null) return this.number(8);
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    fields.sort(([left], [right]) => (left < right ? -1 : 1));
    this.number(7).number(fields.length);
    for (const [name, field] of fields) this.text(name).plain(field);
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
