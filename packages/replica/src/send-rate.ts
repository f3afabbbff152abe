/**
 * Bounds the bytes of snapshots that leave a node: a bucket that ticks fill and pieces empty, shared by the transfers of
 * all its groups. A piece leaves whenever the bucket is not empty, whatever its size; a large one leaves a debt.
 */

/** The bucket. */
export class SendRate {
  readonly #bytesPerTick: number;
  #left: number;
  /** Transfers that wait, in the order in which they come next. */
  readonly #waiting = new Set<() => void>();

  /** @param bytesPerTick - What a tick adds; infinite for no bound. */
  constructor(bytesPerTick: number) {
    this.#bytesPerTick = bytesPerTick;
    this.#left = bytesPerTick;
  }

  /**
   * Asks to send a piece.
   *
   * @param bytes - Its length.
   * @param later - Called once, at the tick that allows it to ask again, if it must wait now.
   * @returns Whether it may leave now.
   */
  take(bytes: number, later: () => void): boolean {
    if (this.#left > 0) {
      this.#left -= bytes;
      return true;
    }
    this.#waiting.add(later);
    return false;
  }

  /** Whether a piece may leave now. */
  get isOpen(): boolean {
    return this.#left > 0;
  }

  /** Gives back what did not leave after all. */
  giveBack(bytes: number): void {
    this.#left += bytes;
  }

  /** One tick passed. Whoever sends now waits behind the others afterwards. */
  tick(): void {
    // What is not used up in a tick is not saved: the bound holds for every tick, not for the average alone.
    this.#left = Math.min(this.#left + this.#bytesPerTick, this.#bytesPerTick);
    for (const later of [...this.#waiting]) {
      if (this.#left <= 0) return;
      this.#waiting.delete(later);
      later();
    }
  }
}
