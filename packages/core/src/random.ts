/**
 * Seeded randomness. Pure packages never draw from the platform: whoever runs them passes one of these, and the same
 * seed then gives the same run. The generator is xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom
 * number generators", 2018), seeded through splitmix32.
 */
import { InvalidArgumentError, InvariantViolation } from './errors.js';

/**
 * A seeded stream of random numbers.
 *
 * @example
 * ```ts
 * const random = new Random(42);
 * random.integer(10, 20); // 10 to 19, always the same for seed 42
 * const network = random.fork('network'); // a stream of its own: more draws there do not shift this one
 * ```
 */
export class Random {
  readonly #state: Uint32Array;

  /** @param seed - Any safe integer from 0, or a string; the same seed gives the same stream. */
  constructor(seed: number | string) {
    if (typeof seed === 'number' && (!Number.isSafeInteger(seed) || seed < 0)) {
      throw new InvalidArgumentError(
        `seed is ${seed}: it must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}, or a string`,
      );
    }
    this.#state = seedState(typeof seed === 'number' ? numberHash(seed) : stringHash(seed));
  }

  /** The next 32 random bits, as an integer from 0 to 2^32 - 1. */
  uint32(): number {
    const state = this.#state;
    const s0 = state[0] ?? 0;
    const s1 = state[1] ?? 0;
    const s2 = state[2] ?? 0;
    const s3 = state[3] ?? 0;
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const t2 = s2 ^ s0;
    const t3 = s3 ^ s1;
    state[0] = s0 ^ t3;
    state[1] = s1 ^ t2;
    state[2] = t2 ^ (s1 << 9);
    state[3] = rotateLeft(t3, 11);
    return result;
  }

  /** A number from 0 (included) to 1 (excluded), with 53 random bits. */
  float(): number {
    return ((this.uint32() >>> 5) * 0x4000000 + (this.uint32() >>> 6)) / 0x20000000000000;
  }

  /**
   * An integer from a range.
   *
   * @param from - Smallest possible value.
   * @param to - First value that is too great; more than `from`.
   */
  integer(from: number, to: number): number {
    // Not by `invariant`, which would put the message together at each draw.
    if (!(to > from)) throw new InvariantViolation(`random range ${from}..${to} is not empty`);
    return from + Math.floor(this.float() * (to - from));
  }

  /**
   * True with a given probability.
   *
   * @param probability - 0 (never) to 1 (always).
   */
  chance(probability: number): boolean {
    return this.float() < probability;
  }

  /**
   * A stream of its own for one subject. Draws there do not shift this stream, and the same label gives the same
   * stream as long as this one stands at the same place.
   *
   * @param label - Name of the subject.
   */
  fork(label: string): Random {
    const forked = new Random(0);
    forked.#state.set(
      seedState(stringHash(label) ^ (this.#state[0] ?? 0) ^ rotateLeft(this.#state[2] ?? 0, 16)),
    );
    return forked;
  }

  /** An independent copy that continues with the same numbers. */
  clone(): Random {
    const copy = new Random(0);
    copy.#state.set(this.#state);
    return copy;
  }

  /** The four words of state, for fingerprints. */
  state(): readonly number[] {
    return [...this.#state];
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function numberHash(seed: number): number {
  return (seed ^ Math.imul(Math.floor(seed / 0x100000000), 0x9e3779b9)) >>> 0;
}

/** FNV-1a over the UTF-16 code units: spreads labels, no more is asked of it. */
function stringHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let position = 0; position < text.length; position++) {
    hash = Math.imul(hash ^ text.charCodeAt(position), 0x01000193);
  }
  return hash >>> 0;
}

function seedState(seed: number): Uint32Array {
  const state = new Uint32Array(4);
  let mixed = seed | 0;
  for (let word = 0; word < 4; word++) {
    mixed = (mixed + 0x9e3779b9) | 0;
    let value = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
    state[word] = (value ^ (value >>> 16)) >>> 0;
  }
  return state;
}
