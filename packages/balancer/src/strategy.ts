/** What a strategy owes a balancer: one number out of a set of numbers, as fast as it can. */
import type { EndpointView } from './endpoint-view.js';
import type { Outcome, PickContext } from './pick.js';
import type { Slot } from './slot.js';

/**
 * Chooses among endpoints. All calls are made by one balancer. A strategy keeps its state by {@link Slot}, knows
 * weights, availability and requests in flight from its view, and never learns who excluded or ejected whom: such
 * endpoints have the weight 0 there for as long as that holds.
 */
export interface Strategy {
  /** For people. */
  readonly name: string;
  /** What the scores told to an explanation are, and which of them wins. */
  readonly scoreMeaning: string;

  /**
   * The set is another one. Slots in `view.slots` that were there before keep their state; those in `view.added` begin
   * anew, whatever was known under their numbers.
   *
   * @param view - Same object each time. Nothing is thrown here: what cannot be worked on is refused by `check`.
   */
  update(view: EndpointView): void;

  /**
   * Looks at a set before it is taken over.
   *
   * @param weights - Weight of each endpoint, with the default filled in.
   * @throws InvalidArgumentError when the strategy cannot work on it.
   */
  check?(weights: readonly number[]): void;

  /**
   * Chooses.
   *
   * @param context - What the request brings along.
   * @param nowMs - Time, never before an earlier call's.
   * @returns A slot of the view whose weight is above 0; {@link noSlot} when there is none.
   */
  choose(context: PickContext, nowMs: number): Slot;

  /**
   * What was chosen now counts as in flight.
   *
   * @param slot - The choice.
   * @param nowMs - Time.
   */
  picked?(slot: Slot, nowMs: number): void;

  /**
   * A request is no longer in flight. Its endpoint may have left the set meanwhile; then it is not told.
   *
   * @param slot - Where it went.
   * @param result - How it ended.
   * @param latencyMs - How long it took, 0 or more.
   * @param nowMs - Time.
   */
  ended?(slot: Slot, result: Outcome['result'], latencyMs: number, nowMs: number): void;
}
