/**
 * How slow this member itself may be (Lifeguard §IV-A): missing answers are evidence against it as much as against others. The
 * higher its score, the slower it probes and the longer it waits.
 */
import type { SwimEvent } from './swim-events.js';

/** The score of this member. */
export class LocalHealth {
  readonly #most: number;
  readonly #events: SwimEvent[];
  #score = 0;

  /**
   * @param most - Greatest score; 0 keeps it at 0.
   * @param events - Where changes are told.
   */
  constructor(most: number, events: SwimEvent[]) {
    this.#most = most;
    this.#events = events;
  }

  /** From 0, healthy. */
  get score(): number {
    return this.#score;
  }

  /**
   * A time that is waited, as long as the score asks.
   *
   * @param ms - What a healthy member waits.
   */
  stretch(ms: number): number {
    return ms * (this.#score + 1);
  }

  /**
   * Evidence for (above 0) or against (below 0) this member being slow.
   *
   * @param points - How much.
   * @param reason - Why, for people.
   */
  change(points: number, reason: string): void {
    const score = Math.min(this.#most, Math.max(0, this.#score + points));
    if (score === this.#score) return;
    this.#score = score;
    this.#events.push({ type: 'healthChanged', score, reason });
  }
}
