/** What happens to bytes on their way: kinds of damage, drawn from a seed. */
import type { Random } from '@synod/core';

/** A kind of damage. */
export interface Damage {
  /** What happens, for a row of the table. */
  readonly name: string;
  /**
   * Damages a copy.
   *
   * @param data - The bytes as they were.
   * @param random - Where from the places and patterns are drawn.
   * @returns Other bytes than `data`, or `undefined` when this draw would change nothing.
   */
  readonly apply: (data: Uint8Array, random: Random) => Uint8Array | undefined;
}

/** All kinds, from the lightest on. */
export const damages: readonly Damage[] = [
  { name: '1 bit flipped', apply: (data, random) => withFlips(data, random, 1) },
  { name: '2 bits flipped', apply: (data, random) => withFlips(data, random, 2) },
  { name: '3 bits flipped', apply: (data, random) => withFlips(data, random, 3) },
  { name: '4 bits flipped', apply: (data, random) => withFlips(data, random, 4) },
  { name: 'a burst of 2 to 32 bits', apply: (data, random) => withBurst(data, random, 2, 32) },
  { name: 'a burst of 33 to 128 bits', apply: (data, random) => withBurst(data, random, 33, 128) },
  {
    name: 'two adjacent bytes swapped',
    apply: (data, random) => {
      const place = random.integer(0, data.length - 1);
      return withSwap(data, place, place + 1, 1);
    },
  },
  {
    name: 'two words of 4 bytes swapped',
    apply: (data, random) => {
      const words = data.length / 4;
      return withSwap(data, 4 * random.integer(0, words), 4 * random.integer(0, words), 4);
    },
  },
  { name: 'the halves swapped', apply: (data) => withSwap(data, 0, data.length / 2, data.length / 2) },
  {
    name: 'a zero byte inserted',
    apply: (data, random) => withInsertion(data, random.integer(0, data.length + 1), Uint8Array.of(0)),
  },
  {
    name: '4 bytes of zeros become 0xFF',
    apply: (data, random) => data.slice().fill(0xff, ...runOf(data, random)),
  },
  {
    name: 'cut short by 1 to 64 bytes',
    apply: (data, random) => data.slice(0, data.length - random.integer(1, 65)),
  },
  {
    name: 'cut short where zeros stand',
    apply: (data, random) => data.slice(0, data.length - random.integer(1, zerosAtEnd + 1)),
  },
  { name: 'other bytes altogether', apply: (data, random) => randomBytes(data.length, random) },
];

/** So many zeros stand at the end of each block, as padding does. */
const zerosAtEnd = 8;
/** Where four zeros stand in each block, at a multiple of 4. */
const zerosInside = 512;

/**
 * A block of random bytes with a run of zeros inside and one at its end.
 *
 * @param length - Its length, a multiple of 8 above 520.
 * @param random - Where the bytes are drawn from.
 */
export function drawBlock(length: number, random: Random): Uint8Array {
  const block = randomBytes(length, random);
  block.fill(0, zerosInside, zerosInside + 4);
  block.fill(0, length - zerosAtEnd);
  return block;
}

/**
 * Random bytes.
 *
 * @param length - How many.
 * @param random - Where they are drawn from.
 */
export function randomBytes(length: number, random: Random): Uint8Array {
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => random.uint32());
  return new Uint8Array(words.buffer, 0, length);
}

/**
 * Flips a bit in place.
 *
 * @param data - The bytes.
 * @param bit - Which one.
 */
export function flip(data: Uint8Array, bit: number): void {
  data[bit >> 3] = (data[bit >> 3] ?? 0) ^ (1 << (bit & 7));
}

function withFlips(data: Uint8Array, random: Random, flips: number): Uint8Array {
  const damaged = data.slice();
  const bits = new Set<number>();
  while (bits.size < flips) bits.add(random.integer(0, data.length * 8));
  for (const bit of bits) flip(damaged, bit);
  return damaged;
}

/** The first and the last bit of a burst are flipped, those between by chance. */
function withBurst(data: Uint8Array, random: Random, least: number, most: number): Uint8Array {
  const damaged = data.slice();
  const bits = random.integer(least, most + 1);
  const start = random.integer(0, data.length * 8 - bits + 1);
  for (let bit = 0; bit < bits; bit++) {
    if (bit === 0 || bit === bits - 1 || random.uint32() % 2 === 1) flip(damaged, start + bit);
  }
  return damaged;
}

function withSwap(data: Uint8Array, first: number, second: number, length: number): Uint8Array | undefined {
  const damaged = data.slice();
  damaged.set(data.subarray(second, second + length), first);
  damaged.set(data.subarray(first, first + length), second);
  return damaged.every((byte, place) => byte === data[place]) ? undefined : damaged;
}

function withInsertion(data: Uint8Array, place: number, inserted: Uint8Array): Uint8Array {
  const damaged = new Uint8Array(data.length + inserted.length);
  damaged.set(data.subarray(0, place));
  damaged.set(inserted, place);
  damaged.set(data.subarray(place), place + inserted.length);
  return damaged;
}

function runOf(data: Uint8Array, random: Random): [number, number] {
  // The run inside or one at the end, both where words begin.
  const start = random.uint32() % 2 === 0 ? zerosInside : data.length - 4;
  return [start, start + 4];
}
