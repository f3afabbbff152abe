/** The host's one timer. */
import type { Clock } from '@synod/core';

/** Calls back once a tick. */
export class Ticker {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #onTick: () => void;
  #cancel: (() => void) | undefined;
  #dueMs = 0;

  constructor(clock: Clock, tickMs: number, onTick: () => void) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#onTick = onTick;
  }

  start(): void {
    this.#dueMs = this.#clock.now();
    this.#plan();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #plan(): void {
    const nowMs = this.#clock.now();
    // Ticks that were missed, because the process was paused or busy, are gone: to catch up on them would make a
    // follower campaign before it had a chance to hear the leader's waiting messages.
    this.#dueMs = Math.max(this.#dueMs + this.#tickMs, nowMs + this.#tickMs / 2);
    this.#cancel = this.#clock.after(this.#dueMs - nowMs, () => {
      this.#plan();
      this.#onTick();
    });
  }
}
