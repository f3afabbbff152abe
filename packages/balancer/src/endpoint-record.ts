/** What a judge of health knows of one endpoint. */
import type { Slot } from './slot.js';

/** One endpoint. */
export class EndpointRecord {
  /** Its number in the balancer. */
  readonly slot: Slot;
  /** Its id. */
  readonly id: string;
  /** What was said of it from outside. */
  isMarkedUnhealthy = false;
  /** When it was ejected; `undefined` while it is not. */
  ejectedAtMs: number | undefined;
  /** How often it was ejected lately: the next ejection takes so many times longer, and one. */
  ejections = 0;
  /** Whether it is back from an ejection and has not answered yet. */
  isOnTrial = false;
  /** Requests in flight since its trial began. */
  trialInFlight = 0;
  /** When its slow start began; `undefined` when it has its full weight. */
  startedAtMs: number | undefined;
  /** Failures in a row. */
  failuresInARow = 0;
  /** Requests of the present interval that succeeded. */
  successes = 0;
  /** Requests of the present interval that failed. */
  failures = 0;
  /** Success rate in the latest interval that had requests. */
  latestRate: number | undefined;

  constructor(slot: Slot, id: string) {
    this.slot = slot;
    this.id = id;
  }

  /** Whether it may be picked at all, whatever it has in flight. */
  get isFit(): boolean {
    return !this.isMarkedUnhealthy && this.ejectedAtMs === undefined;
  }

  /** Closes the interval: what was counted in it is forgotten but for its rate. */
  closeInterval(): void {
    const requests = this.successes + this.failures;
    if (requests > 0) this.latestRate = this.successes / requests;
    this.successes = 0;
    this.failures = 0;
  }
}
