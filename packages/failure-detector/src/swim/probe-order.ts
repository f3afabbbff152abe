/**
 * Whom to probe next: everyone once in a random order, then again in another (SWIM §4.3). So a failure is found within two
 * rounds at most, and as soon on average as by free choice.
 */
import type { NodeId, Random } from '@synod/core';

/** The members that are probed, in the order of their turn. */
export class ProbeOrder {
  readonly #random: Random;
  readonly #ids: NodeId[] = [];
  #next = 0;

  /** @param random - Decides the order. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** Who is in it. */
  get ids(): readonly NodeId[] {
    return this.#ids;
  }

  /**
   * Takes a member in, at a random place (SWIM §4.3).
   *
   * @param id - Which; not in it yet.
   */
  add(id: NodeId): void {
    const place = this.#random.integer(0, this.#ids.length + 1);
    this.#ids.splice(place, 0, id);
    if (place < this.#next) this.#next++;
  }

  /**
   * Takes a member out.
   *
   * @param id - Which.
   */
  remove(id: NodeId): void {
    const place = this.#ids.indexOf(id);
    if (place < 0) return;
    this.#ids.splice(place, 1);
    if (place < this.#next) this.#next--;
  }

  /** Whose turn it is, or `undefined` when there is nobody. */
  next(): NodeId | undefined {
    if (this.#next >= this.#ids.length) {
      shuffle(this.#ids, this.#random);
      this.#next = 0;
    }
    return this.#ids[this.#next++];
  }

  /**
   * Some of them, drawn at random.
   *
   * @param count - How many at most.
   * @param except - Who is not meant.
   */
  sample(count: number, except?: NodeId): NodeId[] {
    const candidates = this.#ids.filter((id) => id !== except);
    const chosen = Math.min(count, candidates.length);
    for (let place = 0; place < chosen; place++)
      swap(candidates, place, this.#random.integer(place, candidates.length));
    return candidates.slice(0, chosen);
  }
}

function shuffle(ids: NodeId[], random: Random): void {
  for (let place = ids.length - 1; place > 0; place--) swap(ids, place, random.integer(0, place + 1));
}

function swap(ids: NodeId[], left: number, right: number): void {
  const moved = ids[left];
  const other = ids[right];
  if (moved === undefined || other === undefined) return;
  ids[left] = other;
  ids[right] = moved;
}
