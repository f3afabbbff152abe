/**
 * Digest of a store's whole state, by which nodes compare themselves and a snapshot is checked: the mixing steps of
 * MurmurHash3 (Austin Appleby, public domain) in two lanes of 32 bits, four bytes a step. Core's FingerprintBuilder
 * takes one byte a step, too slow for gigabytes. Not cryptographic.
 */
import type { Fingerprint } from '@synod/core';

/** Folds values into a digest. Order matters. A change of one step's value always changes the digest. */
export class StateDigest {
  #left = 0x2f6b9a31;
  #right = 0x58c1e3d7;

  /** @param value - A safe integer from 0. */
  number(value: number): void {
    this.#fold(value | 0);
    this.#fold(Math.floor(value / 0x1_0000_0000) | 0);
  }

  /** @param bytes - Folded with their length, so that neighbours cannot be confused. */
  bytes(bytes: Uint8Array): void {
    this.number(bytes.length);
    const wholeWords = bytes.length & ~3;
    let left = this.#left;
    let right = this.#right;
    for (let position = 0; position < wholeWords; position += 4) {
      const word = wordAt(bytes, position);
      left = mixLeft(left, word);
      right = mixRight(right, word);
    }
    this.#left = left;
    this.#right = right;
    if (wholeWords < bytes.length) this.#fold(wordAt(bytes, wholeWords));
  }

  /** The digest of everything folded in so far: 16 hexadecimal digits. */
  digest(): Fingerprint {
    return hex(finish(this.#left)) + hex(finish(this.#right ^ this.#left));
  }

  #fold(word: number): void {
    this.#left = mixLeft(this.#left, word);
    this.#right = mixRight(this.#right, word);
  }
}

// Bytes past the end count as 0.
function wordAt(bytes: Uint8Array, position: number): number {
  return (
    (bytes[position] ?? 0) |
    ((bytes[position + 1] ?? 0) << 8) |
    ((bytes[position + 2] ?? 0) << 16) |
    ((bytes[position + 3] ?? 0) << 24)
  );
}

function mixLeft(lane: number, word: number): number {
  const mixed = Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotate(lane ^ mixed, 13), 5) + 0xe6546b64) | 0;
}

function mixRight(lane: number, word: number): number {
  const mixed = Math.imul(rotate(Math.imul(word, 0x239b961b), 16), 0xab0e9789);
  return (Math.imul(rotate(lane ^ mixed, 17), 5) + 0x561ccd1b) | 0;
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function finish(lane: number): number {
  let mixed = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
