/**
 * How long a proposer is patient, in ticks: with answers that are overdue, and with itself when it was outbid. Two
 * proposers could outbid each other for ever; a wait that is drawn at random and grows each time keeps them apart.
 */
import type { FingerprintBuilder, Random } from '@synod/core';

/** Lengths of waits, in ticks. */
export interface ProposerTiming {
  readonly resendTicks: number;
  readonly backOffTicks: number;
  readonly backOffTicksMax: number;
}

/** The clock of one proposer. */
export class ProposerClock {
  #outbid = 0;
  #ticksLeft = 0;
  readonly #timing: ProposerTiming;

  constructor(timing: ProposerTiming) {
    this.#timing = timing;
  }

  clone(): ProposerClock {
    const copy = new ProposerClock(this.#timing);
    copy.#outbid = this.#outbid;
    copy.#ticksLeft = this.#ticksLeft;
    return copy;
  }

  addTo(digest: FingerprintBuilder): void {
    digest.number(this.#outbid).number(this.#ticksLeft);
  }

  /** Waits for answers that were just asked for. */
  waitForAnswers(): void {
    this.#ticksLeft = this.#timing.resendTicks;
  }

  /** Waits longer than the last time, since it was outbid once more. */
  backOff(random: Random): void {
    const { backOffTicks, backOffTicksMax } = this.#timing;
    const longest = Math.min(backOffTicks * 2 ** Math.min(this.#outbid, 30), backOffTicksMax);
    this.#outbid++;
    this.#ticksLeft = random.integer(1, longest + 1);
  }

  /** It came through: the next time it waits as if it had never been outbid. */
  succeeded(): void {
    this.#outbid = 0;
  }

  /** One tick; tells whether the wait is over. */
  tick(): boolean {
    return --this.#ticksLeft <= 0;
  }
}
