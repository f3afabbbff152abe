/** One direction of a link in virtual time: it loses, repeats, reorders and damages, all drawn from a seed. */
import type { Random } from '@synod/core';

/** What a link does to what is sent over it. Probabilities from 0 to 1, times in whole ms. */
export interface Weather {
  readonly loss: number;
  readonly duplication: number;
  /** Datagrams that arrive later than their turn. */
  readonly reordering: number;
  /** How much later at most. */
  readonly reorderMsMax: number;
  /** Datagrams with some bits flipped. */
  readonly corruption: number;
  /** From leaving to arriving. */
  readonly delayMs: number;
  /** How long one datagram occupies the link before the next may leave; 0 for a link without limit. */
  readonly slotMs: number;
}

/** A link without any fault. */
export const calm: Weather = {
  loss: 0,
  duplication: 0,
  reordering: 0,
  reorderMsMax: 1,
  corruption: 0,
  delayMs: 1,
  slotMs: 0,
};

/** Datagrams under way. */
export class LossyLink {
  weather: Weather;
  readonly #random: Random;
  /** What arrives when. */
  readonly #arrivals = new Map<number, Uint8Array[]>();
  #freeAtMs = 0;
  /** Datagrams that were given to it. */
  carried = 0;

  constructor(weather: Weather, random: Random) {
    this.weather = weather;
    this.#random = random;
  }

  /** Sends a datagram, which belongs to the link from now on. */
  send(datagram: Uint8Array, nowMs: number): void {
    const [random, weather] = [this.#random, this.weather];
    this.carried++;
    const leftMs = Math.max(nowMs, this.#freeAtMs) + weather.slotMs;
    this.#freeAtMs = leftMs;
    if (!happens(random, weather.loss)) {
      if (happens(random, weather.corruption)) damage(datagram, random);
      this.#arrive(datagram, leftMs);
    }
    if (happens(random, weather.duplication)) this.#arrive(datagram.slice(), leftMs);
  }

  /** What arrives at a moment; asked once for each. */
  arrivals(nowMs: number): readonly Uint8Array[] {
    const datagrams = this.#arrivals.get(nowMs);
    if (datagrams === undefined) return nothing;
    this.#arrivals.delete(nowMs);
    return datagrams;
  }

  /** The link breaks: what was under way is gone. */
  cut(): void {
    this.#arrivals.clear();
    this.#freeAtMs = 0;
  }

  #arrive(datagram: Uint8Array, leftMs: number): void {
    const { reordering, reorderMsMax, delayMs } = this.weather;
    const lateMs = happens(this.#random, reordering) ? this.#random.integer(1, reorderMsMax + 1) : 0;
    const atMs = Math.ceil(leftMs) + delayMs + lateMs;
    const others = this.#arrivals.get(atMs);
    if (others === undefined) this.#arrivals.set(atMs, [datagram]);
    else others.push(datagram);
  }
}

const nothing: readonly Uint8Array[] = [];

/** Draws only where there is something to draw: a calm link costs no randomness. */
function happens(random: Random, probability: number): boolean {
  return probability > 0 && random.chance(probability);
}

function damage(datagram: Uint8Array, random: Random): void {
  for (let flips = random.integer(1, 4); flips > 0; flips--) {
    const place = random.integer(0, datagram.length);
    datagram[place] = (datagram[place] ?? 0) ^ (1 << random.integer(0, 8));
  }
}
