/** The plainest health there is: what the caller says of each endpoint, for callers that have checks of their own. */
import type { Health, HealthVerdicts } from './health.js';
import type { Slot } from './slot.js';

/** Settings of {@link HealthMarks}. */
export interface HealthMarksOptions {
  /** Whether an endpoint that is new in the set is fit until something is said of it. Default `true`. */
  readonly newcomersHealthy?: boolean;
  /**
   * What to do while all endpoints are unhealthy.
   *
   * - `fail` (default): pick none.
   * - `panic`: use all of them, because a health check that calls everything dead is likelier to be wrong than right.
   */
  readonly whenAllUnhealthy?: 'fail' | 'panic';
}

/**
 * Health as the caller marks it.
 *
 * @example
 * ```ts
 * const health = new HealthMarks();
 * const balancer = new Balancer({ endpoints, strategy, health });
 * health.set('n2', false); // no picks of n2 from now on
 * ```
 */
export class HealthMarks implements Health {
  readonly #newcomersHealthy: boolean;
  readonly #panics: boolean;
  readonly #unhealthy = new Set<string>();
  #verdicts: HealthVerdicts | undefined;
  #inPanic = false;

  /** @param options - Settings. */
  constructor({ newcomersHealthy = true, whenAllUnhealthy = 'fail' }: HealthMarksOptions = {}) {
    this.#newcomersHealthy = newcomersHealthy;
    this.#panics = whenAllUnhealthy === 'panic';
  }

  /**
   * Marks an endpoint. Requests in flight to it are not touched.
   *
   * @param id - Id of the endpoint.
   * @param healthy - `false` to leave it out from now on, `true` to take it in again.
   * @returns `false` when no endpoint of the set has this id, as may be when a health check outlives its endpoint.
   */
  set(id: string, healthy: boolean): boolean {
    const slot = this.#verdicts?.slotOf(id);
    if (slot === undefined) return false;
    if (healthy) this.#unhealthy.delete(id);
    else this.#unhealthy.add(id);
    if (this.#isPanic() === this.#inPanic) this.#write(slot);
    else this.#writeAll();
    return true;
  }

  /**
   * What was said of an endpoint last.
   *
   * @param id - Its id.
   * @returns `false` for one that is not of the set.
   */
  isHealthy(id: string): boolean {
    return this.#verdicts?.slotOf(id) !== undefined && !this.#unhealthy.has(id);
  }

  /** {@inheritDoc Health.update} */
  update(verdicts: HealthVerdicts): void {
    this.#verdicts = verdicts;
    for (const id of this.#unhealthy) if (verdicts.slotOf(id) === undefined) this.#unhealthy.delete(id);
    for (const slot of verdicts.added) {
      if (this.#newcomersHealthy) this.#unhealthy.delete(verdicts.idOf(slot));
      else this.#unhealthy.add(verdicts.idOf(slot));
    }
    this.#writeAll();
  }

  /** Nothing here comes due with time. */
  advance(): void {}

  #writeAll(): void {
    this.#inPanic = this.#isPanic();
    for (const slot of this.#verdicts?.slots ?? []) this.#write(slot);
  }

  #write(slot: Slot): void {
    const verdicts = this.#verdicts;
    const fit = this.#inPanic || !this.#unhealthy.has(verdicts?.idOf(slot) ?? '');
    verdicts?.setShare(slot, fit ? 1 : 0);
  }

  #isPanic(): boolean {
    return this.#panics && this.#unhealthy.size === this.#verdicts?.slots.length;
  }
}
