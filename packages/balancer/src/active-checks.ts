/** When to check which endpoint, and what answers amount to. Whoever does the checking brings time and answers. */
import type { Random } from '@synod/core';
import { checkCount, checkShare, checkTime } from './health-numbers.js';

/** Settings of {@link ActiveChecks}. */
export interface ActiveChecksOptions {
  /** Draws when each check is due, so that many clients do not check at one moment. */
  readonly random: Random;
  /** Time between two checks of an endpoint, in milliseconds. Default 5,000. */
  readonly intervalMs?: number;
  /** Part of the interval by which each is drawn longer or shorter, from 0 to 1. Default 0.2. */
  readonly jitterShare?: number;
  /** Bad answers in a row that make an endpoint unhealthy. Default 3. */
  readonly failuresToFall?: number;
  /** Good answers in a row that make it healthy again. Default 2. */
  readonly successesToRise?: number;
}

interface Checked {
  dueMs: number;
  /** Whether an answer is awaited. */
  isUnderWay: boolean;
  isHealthy: boolean;
  /** Answers in a row that speak against the verdict. */
  contrary: number;
}

/**
 * Plans active checks and turns their answers into verdicts.
 *
 * @example
 * ```ts
 * const checks = new ActiveChecks({ random: new Random(1) });
 * checks.update(['n1', 'n2'], nowMs);
 * for (const id of checks.due(nowMs)) ask(id); // and later:
 * const verdict = checks.answered('n1', false, nowMs);
 * if (verdict !== undefined) health.mark('n1', verdict === 'healthy', nowMs);
 * ```
 */
export class ActiveChecks {
  readonly #random: Random;
  readonly #intervalMs: number;
  readonly #jitterShare: number;
  readonly #failuresToFall: number;
  readonly #successesToRise: number;
  readonly #endpoints = new Map<string, Checked>();

  /**
   * @param options - Settings.
   * @throws InvalidArgumentError naming the first that is out of range.
   */
  constructor({
    random,
    intervalMs = 5_000,
    jitterShare = 0.2,
    failuresToFall = 3,
    successesToRise = 2,
  }: ActiveChecksOptions) {
    checkTime('intervalMs', intervalMs);
    checkShare('jitterShare', jitterShare);
    checkCount('failuresToFall', failuresToFall);
    checkCount('successesToRise', successesToRise);
    this.#random = random;
    this.#intervalMs = intervalMs;
    this.#jitterShare = jitterShare;
    this.#failuresToFall = failuresToFall;
    this.#successesToRise = successesToRise;
  }

  /**
   * Another set of endpoints. Those that stay keep their verdict; new ones are healthy, and checked at once.
   *
   * @param ids - All of them.
   * @param nowMs - Time in milliseconds.
   */
  update(ids: readonly string[], nowMs: number): void {
    const wanted = new Set(ids);
    for (const id of this.#endpoints.keys()) if (!wanted.has(id)) this.#endpoints.delete(id);
    for (const id of wanted) {
      if (!this.#endpoints.has(id))
        this.#endpoints.set(id, { dueMs: nowMs, isUnderWay: false, isHealthy: true, contrary: 0 });
    }
  }

  /**
   * Endpoints to check now. Each is named once until its answer is told.
   *
   * @param nowMs - Time in milliseconds.
   */
  due(nowMs: number): readonly string[] {
    const due: string[] = [];
    for (const [id, checked] of this.#endpoints) {
      if (checked.isUnderWay || checked.dueMs > nowMs) continue;
      checked.isUnderWay = true;
      due.push(id);
    }
    return due;
  }

  /** When the next check is due, in milliseconds; `undefined` while none is planned. */
  get nextDueMs(): number | undefined {
    let next: number | undefined;
    for (const { dueMs, isUnderWay } of this.#endpoints.values()) {
      if (!isUnderWay && (next === undefined || dueMs < next)) next = dueMs;
    }
    return next;
  }

  /**
   * A check was answered, or timed out.
   *
   * @param id - Whose.
   * @param good - Whether the answer was good.
   * @param nowMs - Time in milliseconds.
   * @returns The verdict, if this changed it. Nothing for an endpoint that is not of the set, or awaits no answer.
   */
  answered(id: string, good: boolean, nowMs: number): 'healthy' | 'unhealthy' | undefined {
    const checked = this.#endpoints.get(id);
    if (checked === undefined || !checked.isUnderWay) return undefined;
    checked.isUnderWay = false;
    checked.dueMs = nowMs + this.#intervalMs * (1 + this.#jitterShare * (2 * this.#random.float() - 1));
    if (good === checked.isHealthy) {
      checked.contrary = 0;
      return undefined;
    }
    checked.contrary++;
    if (checked.contrary < (checked.isHealthy ? this.#failuresToFall : this.#successesToRise))
      return undefined;
    checked.isHealthy = good;
    checked.contrary = 0;
    return good ? 'healthy' : 'unhealthy';
  }

  /**
   * The verdict on an endpoint; `undefined` for one that is not of the set.
   *
   * @param id - Which.
   */
  isHealthy(id: string): boolean | undefined {
    return this.#endpoints.get(id)?.isHealthy;
  }
}
