/**
 * Prequal (Wydrowski and others, "Load is not what you should balance: Introducing Prequal", NSDI 2024): ask a few
 * endpoints how they do, and keep the answers for the requests to come. An endpoint is hot when it has more requests in
 * flight than most; of the cold ones the fastest is picked, and with all hot the least busy one. Unlike what a client
 * counts by itself, the answers tell of the requests of all clients, and of all else that slows an endpoint down.
 */
import { InvalidArgumentError, type Random } from '@synod/core';
import type { EndpointView } from './endpoint-view.js';
import { FailureDebt, type FailureDebtOptions } from './failure-debt.js';
import type { Outcome, PickContext } from './pick.js';
import { type Probe, ProbePool } from './probe-pool.js';
import { Sample } from './sample.js';
import { noSlot, type Slot } from './slot.js';
import type { Strategy } from './strategy.js';

/** Settings of {@link Prequal}. The defaults are the paper's. */
export interface PrequalOptions extends FailureDebtOptions {
  /** Draws the endpoints to probe. */
  readonly random: Random;
  /** Probes for each request, 0.1 to 100; a fraction is met on the average. Default 3. */
  readonly probesPerPick?: number;
  /** Answers that are kept, 2 to 1000. Default 16. */
  readonly poolSize?: number;
  /** Age at which an answer is forgotten, in milliseconds above 0. Default 1000. */
  readonly probeAgeMs?: number;
  /** Answers thrown away with each request, by turns the oldest and the worst, 0 to 100. Default 1. */
  readonly removalsPerPick?: number;
  /** Share of recent answers that are cold, 0 to 1: less heeds requests in flight more. Default 2^-0.25, about 0.84. */
  readonly coldShare?: number;
}

/** What an endpoint says of itself. */
export interface ProbeAnswer {
  /** Requests that it has in flight, of all clients. */
  readonly requestsInFlight: number;
  /** What it takes it to answer with so many in flight, in milliseconds, as {@link ServerLoad} estimates it. */
  readonly latencyMs: number;
}

/**
 * Picks by the answers of probes, and says which probes to send. Sending them is the caller's: they need not be in time
 * for the request that they are sent with.
 *
 * @example
 * ```ts
 * const prequal = new Prequal({ random: new Random(7) });
 * const balancer = new Balancer({ endpoints, strategy: prequal });
 * const pick = balancer.pick({ nowMs });
 * for (const id of prequal.takeProbes()) send(id, (answer, nowMs) => prequal.answered(id, answer, nowMs));
 * ```
 */
export class Prequal implements Strategy {
  readonly name = 'Prequal';
  readonly scoreMeaning =
    'latency in ms of a cold one, or 1e9 + requests in flight of a hot one, the least wins';
  readonly #random: Random;
  readonly #probesPerPick: number;
  readonly #removalsPerPick: number;
  readonly #pool: ProbePool;
  readonly #debt: FailureDebt;
  readonly #one: Sample;
  /** Probes owed for the requests so far. */
  #owed = 0;
  #removals = 0;
  #view: EndpointView | undefined;
  readonly #slotById = new Map<string, Slot>();
  readonly #isFit = ({ slot }: Probe): boolean => (this.#view?.weight(slot) ?? 0) > 0;

  /**
   * @param options - Settings.
   * @throws InvalidArgumentError when one is out of range.
   */
  constructor(options: PrequalOptions) {
    const { random, probesPerPick = 3, poolSize = 16, probeAgeMs = 1000 } = options;
    const { removalsPerPick = 1, coldShare = 2 ** -0.25 } = options;
    check('probesPerPick', probesPerPick, 0.1, 100);
    check('poolSize', poolSize, 2, 1000);
    check('probeAgeMs', probeAgeMs, Number.MIN_VALUE, Number.MAX_VALUE);
    check('removalsPerPick', removalsPerPick, 0, 100);
    check('coldShare', coldShare, 0, 1);
    this.#random = random;
    this.#probesPerPick = probesPerPick;
    this.#removalsPerPick = removalsPerPick;
    this.#pool = new ProbePool({ size: Math.floor(poolSize), ageMs: probeAgeMs, coldShare });
    this.#debt = new FailureDebt(options);
    this.#one = new Sample(random, 1);
  }

  /** {@inheritDoc Strategy.update} */
  update(view: EndpointView): void {
    this.#view = view;
    this.#debt.update(view);
    this.#slotById.clear();
    for (const slot of view.slots) this.#slotById.set(view.idOf(slot), slot);
    const added = new Set(view.added);
    this.#pool.retain(({ slot }) => !added.has(slot) && this.#slotById.get(view.idOf(slot)) === slot);
  }

  /** {@inheritDoc Strategy.choose} */
  choose({ explanation }: PickContext, nowMs: number): Slot {
    const view = this.#view;
    if (view === undefined) return noSlot;
    this.#owed = Math.min(this.#owed + this.#probesPerPick, 2 * this.#pool.size);
    this.#pool.forget(nowMs);
    const best = this.#pool.count < 2 ? undefined : this.#pool.best(this.#isFit, explanation);
    const slot = best?.slot ?? (this.#one.draw(view) > 0 ? (this.#one.slots[0] ?? noSlot) : noSlot);
    if (best !== undefined) this.#pool.use(best);
    this.#removals += this.#removalsPerPick;
    for (; this.#removals >= 1; this.#removals--) this.#pool.removeNext();
    return slot;
  }

  /** {@inheritDoc Strategy.ended} */
  ended(slot: Slot, result: Outcome['result'], _latencyMs: number, nowMs: number): void {
    if (result === 'failure') this.#debt.add(slot, nowMs);
  }

  /**
   * The endpoints to probe now, each at most once: those that the requests since the last call have made due.
   *
   * @returns Their ids.
   */
  takeProbes(): readonly string[] {
    const view = this.#view;
    const count = Math.floor(this.#owed);
    if (view === undefined || count === 0) return [];
    this.#owed -= count;
    const sample = new Sample(this.#random, Math.min(count, 100));
    const drawn = sample.draw(view);
    return sample.slots.slice(0, drawn).map((slot) => view.idOf(slot));
  }

  /**
   * Takes the answer to a probe.
   *
   * @param id - Who answered.
   * @param answer - What it said.
   * @param nowMs - Time now in milliseconds, on the clock of the picks.
   * @returns `false` when nothing was done: the endpoint has left the set, or the answer has no sense.
   */
  answered(id: string, { requestsInFlight, latencyMs }: ProbeAnswer, nowMs: number): boolean {
    const view = this.#view;
    const slot = this.#slotById.get(id);
    if (view === undefined || slot === undefined) return false;
    if (!(requestsInFlight >= 0 && latencyMs >= 0 && requestsInFlight + latencyMs < Number.MAX_VALUE)) {
      return false;
    }
    // An endpoint that fails fast has an excellent answer to every probe.
    const inFlight = requestsInFlight + this.#debt.of(slot, nowMs);
    this.#pool.add({ slot, inFlight, latencyMs, atMs: nowMs, uses: 0, usesMost: this.#usesMost(view) });
    return true;
  }

  /** b of §4: how often an answer may be used so that the pool neither runs dry nor grows old. */
  #usesMost(view: EndpointView): number {
    const gain = (1 - this.#pool.size / view.slots.length) * this.#probesPerPick - this.#removalsPerPick;
    // With about as few endpoints as answers there is no such number, and answers are used until they are old.
    if (gain <= 0) return Number.MAX_SAFE_INTEGER;
    const uses = Math.max(1, 2 / gain);
    const whole = Math.floor(uses);
    return whole + (this.#random.float() < uses - whole ? 1 : 0);
  }
}

function check(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new InvalidArgumentError(`${name} is ${value}: it must be a number from ${least} to ${most}`);
}
