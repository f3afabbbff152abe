/** What a balancer asks of whoever judges its endpoints: ejection, slow start, panic and breakers stand behind this. */
import type { Outcome } from './pick.js';
import type { Slot } from './slot.js';

/** The endpoints as a judge of health sees them: what there is, and a place to write the verdict. */
export interface HealthVerdicts {
  /** Slots of the set in force. A new array after each update. */
  readonly slots: readonly Slot[];
  /** Those of them that the last update brought in. Their share is 1 until another is set. */
  readonly added: readonly Slot[];

  /**
   * Id of an endpoint.
   *
   * @param slot - Its number.
   */
  idOf(slot: Slot): string;

  /**
   * The slot of an endpoint of the set.
   *
   * @param id - Its id.
   */
  slotOf(id: string): Slot | undefined;

  /**
   * Requests in flight to an endpoint.
   *
   * @param slot - Its number.
   */
  inFlight(slot: Slot): number;

  /**
   * How much of its weight an endpoint has now.
   *
   * @param slot - Its number.
   */
  shareOf(slot: Slot): number;

  /**
   * Grants an endpoint a share of its weight, from now until another is set.
   *
   * @param slot - Its number.
   * @param share - 0: not to be picked. 1: its full weight. Between: for a slow start. Strategies without weights take
   * everything above 0 for 1.
   * @throws InvalidArgumentError when it is not from 0 to 1.
   */
  setShare(slot: Slot, share: number): void;
}

/**
 * Judges endpoints. All calls are made by one balancer, and the verdict is written with `verdicts.setShare`, at any
 * time: within these calls or between them. What happens when no endpoint is left is the judge's to say: in a panic it
 * grants all of them a share.
 */
export interface Health {
  /**
   * The set is another one. Endpoints that stay keep their slot and share.
   *
   * @param verdicts - Same object each time.
   * @param nowMs - Time, never before an earlier call's.
   */
  update(verdicts: HealthVerdicts, nowMs: number): void;

  /**
   * Time has come to `nowMs`: called before each pick, so do at once what is due and no more.
   *
   * @param nowMs - Time.
   */
  advance(nowMs: number): void;

  /**
   * A request went to an endpoint.
   *
   * @param slot - Its number.
   * @param nowMs - Time.
   */
  picked?(slot: Slot, nowMs: number): void;

  /**
   * A request has ended. Not called when its endpoint has left the set meanwhile.
   *
   * @param slot - Where it went.
   * @param result - How it ended.
   * @param latencyMs - How long it took, 0 or more.
   * @param nowMs - Time.
   */
  ended?(slot: Slot, result: Outcome['result'], latencyMs: number, nowMs: number): void;
}
