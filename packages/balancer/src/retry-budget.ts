/**
 * A retry budget, as Finagle has it: retries are paid for by requests, so that a fleet of clients that all retry cannot
 * multiply the load on servers that are down. Three retries a request are four times the load in an outage; with the
 * defaults here it is 1.2 times, and ten a second.
 */
import { InvalidArgumentError } from '@synod/core';
import { checkTime } from './health-numbers.js';

/** Settings of {@link RetryBudget}. */
export interface RetryBudgetOptions {
  /** Retries that one request pays for, 0 or more. Default 0.2. */
  readonly retriesPerRequest?: number;
  /** Retries a second that are free, 0 or more, so that a client with few requests can retry at all. Default 10. */
  readonly freePerSecond?: number;
  /** For how long what a request paid may be used, in milliseconds. Default 10,000. */
  readonly windowMs?: number;
}

/** A window in so many parts: the oldest is forgotten as a whole. */
const parts = 10;

/** Pays for retries, and for hedges too: both are load that the servers did not ask for. */
export class RetryBudget {
  readonly #retriesPerRequest: number;
  readonly #free: number;
  readonly #partMs: number;
  /** What requests paid less what retries cost, by part of the window. */
  readonly #balances = new Float64Array(parts);
  #part = 0;
  #refused = 0;

  /**
   * @param options - Settings.
   * @throws InvalidArgumentError naming the first that is out of range.
   */
  constructor({ retriesPerRequest = 0.2, freePerSecond = 10, windowMs = 10_000 }: RetryBudgetOptions = {}) {
    checkTime('windowMs', windowMs);
    checkRate('retriesPerRequest', retriesPerRequest);
    checkRate('freePerSecond', freePerSecond);
    this.#retriesPerRequest = retriesPerRequest;
    this.#free = (freePerSecond * windowMs) / 1_000;
    this.#partMs = windowMs / parts;
  }

  /**
   * A request was made, the first time.
   *
   * @param nowMs - Time in milliseconds from 0, never before an earlier call's.
   */
  request(nowMs: number): void {
    this.#moveTo(nowMs);
    this.#pay(this.#retriesPerRequest);
  }

  /**
   * Asks for one retry.
   *
   * @param nowMs - Time in milliseconds.
   * @returns Whether it may be made; then it is paid.
   */
  tryRetry(nowMs: number): boolean {
    this.#moveTo(nowMs);
    if (this.#sum() < 1 - 1e-9) {
      this.#refused++;
      return false;
    }
    this.#pay(-1);
    return true;
  }

  /**
   * Retries that may be made now.
   *
   * @param nowMs - Time in milliseconds.
   */
  left(nowMs: number): number {
    this.#moveTo(nowMs);
    return Math.max(0, Math.floor(this.#sum() + 1e-9));
  }

  /** Retries that were refused so far: a number to watch, since each was a request that failed for its caller. */
  get refused(): number {
    return this.#refused;
  }

  #sum(): number {
    let sum = this.#free;
    for (const balance of this.#balances) sum += balance;
    return sum;
  }

  #pay(amount: number): void {
    const at = this.#part % parts;
    this.#balances[at] = (this.#balances[at] ?? 0) + amount;
  }

  #moveTo(nowMs: number): void {
    const part = Math.floor(nowMs / this.#partMs);
    if (!(part > this.#part)) return;
    const passed = Math.min(part - this.#part, parts);
    for (let step = 1; step <= passed; step++) this.#balances[(part - passed + step) % parts] = 0;
    this.#part = part;
  }
}

function checkRate(name: string, value: number): void {
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY))
    throw new InvalidArgumentError(`${name} is ${value}: it must be a number from 0`);
}
