/** When an answer is overdue: the timer of RFC 6298 section 5, with jitter on what is doubled. */
import type { Random } from '@synod/core';

/** What a timer needs to know each time it is set. */
export interface TimerSetting {
  readonly nowMs: number;
  /** RTO, without doubling. */
  readonly timeoutMs: number;
  readonly timeoutMaxMs: number;
  /** What the peer may hold its answer back beyond that. */
  readonly peerDelayMs: number;
}

/** The one timer of a sender. */
export class RetransmissionTimer {
  readonly #random: Random;
  readonly #jitter: number;
  #atMs: number | undefined;
  #expiries = 0;

  constructor(random: Random, jitter: number) {
    this.#random = random;
    this.#jitter = jitter;
  }

  /** When it runs out; undefined when it is off. */
  get atMs(): number | undefined {
    return this.#atMs;
  }

  /** How often it ran out since it was last told that all is well. */
  get expiries(): number {
    return this.#expiries;
  }

  /** Starts anew. Jitter only adds: a timeout never comes earlier than the estimate. */
  set({ nowMs, timeoutMs, timeoutMaxMs, peerDelayMs }: TimerSetting): void {
    const doubled = Math.min(timeoutMs * 2 ** Math.min(this.#expiries, 30), timeoutMaxMs);
    const jitter = this.#expiries === 0 ? 0 : this.#jitter * this.#random.float();
    this.#atMs = nowMs + doubled * (1 + jitter) + peerDelayMs;
  }

  /** Turns it off. */
  stop(): void {
    this.#atMs = undefined;
  }

  /** It ran out: the next timeout is twice as long (5.5). */
  expire(): void {
    this.#expiries++;
  }

  /** A fresh sample, or a new link: no doubling any more (section 5, last paragraph). */
  calm(): void {
    this.#expiries = 0;
  }
}
