/** A process's own count of time: ticks that pass while it stands still are told to its engine later, as missed. */
export class NodeClock {
  readonly #tell: (missed: number) => void;
  #missed = 0;

  /** @param tell - Tells the engine of a tick, and of so many before it that it missed. */
  constructor(tell: (missed: number) => void) {
    this.#tell = tell;
  }

  /** A tick passes. */
  tick(standsStill: boolean): void {
    if (standsStill) this.#missed++;
    else this.#tellAll();
  }

  /** Tells of all ticks that have passed: a lease is no better than the time that its engine knows of. */
  catchUp(): void {
    if (this.#missed === 0) return;
    this.#missed--;
    this.#tellAll();
  }

  /** Ticks that have passed and were not told yet. */
  get missed(): number {
    return this.#missed;
  }

  /** So many ticks pass at once, as when the whole machine was suspended. */
  leap(ticks: number): void {
    this.#missed += ticks;
    this.catchUp();
  }

  /** Another process, another count. */
  restart(): void {
    this.#missed = 0;
  }

  #tellAll(): void {
    const missed = this.#missed;
    this.#missed = 0;
    this.#tell(missed);
  }
}
