/**
 * The frame that every strategy stands in. It knows the endpoints, counts requests in flight and asks the health, so
 * that a strategy has one thing to do: choose. It does no I/O and has no clock.
 */
import type { Endpoint, EndpointStatus } from './endpoint.js';
import { EndpointView } from './endpoint-view.js';
import type { Health } from './health.js';
import { type NoEndpoint, type Outcome, Pick, type PickContext } from './pick.js';
import type { PassedOver, PickExplanation } from './pick-explanation.js';
import { noSlot } from './slot.js';
import { SlotTable } from './slot-table.js';
import type { Strategy } from './strategy.js';

/** What a balancer is made of. */
export interface BalancerOptions<E extends Endpoint = Endpoint> {
  /** The first set. Default: empty. */
  readonly endpoints?: readonly E[];
  /** How to choose. Not shared with another balancer. */
  readonly strategy: Strategy;
  /** Who judges the endpoints. Not shared with another balancer. Default: all are fit. */
  readonly health?: Health;
}

const none = {
  empty: Object.freeze<NoEndpoint>({ type: 'none', reason: 'empty' }),
  drained: Object.freeze<NoEndpoint>({ type: 'none', reason: 'drained' }),
  unavailable: Object.freeze<NoEndpoint>({ type: 'none', reason: 'unavailable' }),
  excluded: Object.freeze<NoEndpoint>({ type: 'none', reason: 'excluded' }),
};

/**
 * Spreads requests over a set of endpoints that may change at any time.
 *
 * @example
 * ```ts
 * const balancer = new Balancer({
 *   endpoints: [{ id: 'n1', weight: 3 }, { id: 'n2' }],
 *   strategy: new PowerOfChoices({ random: new Random(7) }),
 * });
 * const pick = balancer.pick({ nowMs: performance.now() });
 * if (pick.type === 'picked') {
 *   console.log(pick.endpoint.id);
 *   balancer.done(pick, { result: 'success', nowMs: performance.now() });
 * }
 * ```
 */
export class Balancer<E extends Endpoint = Endpoint> {
  readonly #table = new SlotTable<E>();
  readonly #view = new EndpointView(this.#table);
  readonly #strategy: Strategy;
  readonly #health: Health | undefined;
  #nowMs = 0;

  /**
   * @param options - What it is made of.
   * @throws InvalidArgumentError as {@link update} does.
   */
  constructor({ endpoints = [], strategy, health }: BalancerOptions<E>) {
    this.#strategy = strategy;
    this.#health = health;
    this.update(endpoints);
  }

  /**
   * Replaces the set. An endpoint that stays, by its id, keeps its requests in flight, its health, its turn and all
   * else that is known of it; its weight and the rest are taken from the new list. One that left and comes back while
   * its requests are still in flight counts them again, and begins anew otherwise. With `Maglev`, `RingHash` and
   * `Rendezvous` the order of the list means nothing; with others it is the order of the first turn.
   *
   * @param endpoints - The whole new set. Empty is allowed.
   * @param nowMs - Time now in milliseconds. Default: the time of the last call that said one.
   * @throws InvalidArgumentError when an id is empty or stands twice, a weight, priority or locality is out of range,
   * or the strategy has no room for so many. The set then stays as it was.
   */
  update(endpoints: readonly E[], nowMs = this.#nowMs): void {
    this.#table.replace(endpoints, (weights) => this.#strategy.check?.(weights));
    this.#view.show(this.#table.slots, this.#table.added);
    this.#strategy.update(this.#view);
    this.#health?.update(this.#table, this.#advance(nowMs));
  }

  /**
   * Chooses where the next request goes.
   *
   * @param context - What the request brings along: time, and a key for strategies that hash.
   * @param reused - A pick that is done, to be filled anew. Without one, a pick is made.
   * @returns The endpoint, to be released with {@link done}; or why there is none.
   */
  pick(context: PickContext, reused?: Pick<E>): Pick<E> | NoEndpoint {
    const nowMs = this.#advance(context.nowMs);
    this.#health?.advance(nowMs);
    const slot =
      context.excluded === undefined && context.explanation === undefined
        ? this.#strategy.choose(context, nowMs)
        : this.#chooseWith(context, nowMs);
    const endpoint = slot === noSlot ? undefined : this.#table.endpoint(slot);
    if (endpoint === undefined) return this.#nowhere();
    this.#table.begin(slot);
    this.#strategy.picked?.(slot, nowMs);
    this.#health?.picked?.(slot, nowMs);
    const pick = reused === undefined || reused.isOpen ? new Pick(endpoint) : reused;
    pick.begin(this, endpoint, slot, nowMs);
    return pick;
  }

  /**
   * Says that a request has ended; until then it counts as in flight. One that is never done makes its endpoint look
   * busy for good.
   *
   * @param pick - Where it went.
   * @param outcome - How it ended.
   * @returns `false`, and nothing is done, when the pick was done already or is not of this balancer.
   */
  done(pick: Pick<E>, outcome: Outcome): boolean {
    if (!pick.end(this)) return false;
    const nowMs = this.#advance(outcome.nowMs);
    const { slot } = pick;
    this.#table.end(slot);
    if (!this.#table.isListed(slot)) return true;
    const latencyMs = latencyOf(pick, outcome, nowMs);
    this.#strategy.ended?.(slot, outcome.result, latencyMs, nowMs);
    this.#health?.ended?.(slot, outcome.result, latencyMs, nowMs);
    return true;
  }

  /** What is known of each endpoint of the set, in the order of the turn. A copy. */
  status(): readonly EndpointStatus<E>[] {
    return this.#table.status();
  }

  #advance(nowMs: number): number {
    if (nowMs > this.#nowMs && nowMs < Number.POSITIVE_INFINITY) this.#nowMs = nowMs;
    return this.#nowMs;
  }

  #chooseWith(context: PickContext, nowMs: number): number {
    const { excluded, explanation } = context;
    explanation?.clear();
    try {
      if (excluded !== undefined) this.#table.exclude(excluded);
      const slot = this.#strategy.choose(context, nowMs);
      if (explanation !== undefined) this.#explain(explanation, slot);
      return slot;
    } finally {
      this.#table.readmit();
    }
  }

  #explain(explanation: PickExplanation, slot: number): void {
    const table = this.#table;
    const passedOver: PassedOver[] = [];
    for (const each of table.slots) {
      const reason =
        table.weight(each) === 0
          ? 'drained'
          : table.shareOf(each) === 0
            ? 'unavailable'
            : table.effectiveWeight(each) === 0
              ? 'excluded'
              : undefined;
      if (reason !== undefined) passedOver.push({ id: table.idOf(each), reason });
    }
    explanation.conclude(this.#strategy, table.endpoint(slot), (each) => table.idOf(each), passedOver);
  }

  #nowhere(): NoEndpoint {
    const { slots } = this.#table;
    if (slots.length === 0) return none.empty;
    if (slots.some((slot) => this.#table.effectiveWeight(slot) > 0)) return none.excluded;
    return slots.every((slot) => this.#table.weight(slot) === 0) ? none.drained : none.unavailable;
  }
}

function latencyOf(pick: Pick, { latencyMs }: Outcome, nowMs: number): number {
  if (latencyMs !== undefined && latencyMs >= 0 && latencyMs < Number.POSITIVE_INFINITY) return latencyMs;
  return Math.max(0, nowMs - pick.pickedAtMs);
}
