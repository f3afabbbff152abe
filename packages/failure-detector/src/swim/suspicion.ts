/**
 * A suspicion that runs out: long while one member alone has it, shorter with each other that comes to it on its own
 * (Lifeguard §IV-B).
 */
import { type NodeId, naturalLogarithm } from '@synod/core';
import { decimalLogarithm } from './decimal-logarithm.js';

/** Between which times a suspicion runs out. */
export interface SuspicionTimeout {
  /** With enough confirmations. */
  readonly leastMs: number;
  /** With none. */
  readonly mostMs: number;
  /** How many are enough; 0 when there is nobody to confirm. */
  readonly confirmations: number;
}

/**
 * How long a suspicion stands.
 *
 * @param timeout - Its limits.
 * @param confirmed - How many others confirmed it so far.
 * @returns Whole milliseconds: most - (most - least) * ln(confirmed + 1) / ln(confirmations + 1), not below the least.
 */
export function suspicionMs({ leastMs, mostMs, confirmations }: SuspicionTimeout, confirmed: number): number {
  if (confirmations === 0) return leastMs;
  const share = naturalLogarithm(confirmed + 1) / naturalLogarithm(confirmations + 1);
  return Math.max(leastMs, Math.floor(mostMs - share * (mostMs - leastMs)));
}

/**
 * The limits for a group of a size.
 *
 * @param members - Members that are not dead, this one included.
 * @param settings - Multipliers and period.
 */
export function suspicionTimeout(
  members: number,
  settings: {
    readonly periodMs: number;
    readonly suspicionMultiplier: number;
    readonly suspicionMaxMultiplier: number;
    readonly suspicionConfirmations: number;
  },
): SuspicionTimeout {
  const scale = Math.max(1, decimalLogarithm(members));
  const leastMs = Math.floor(settings.suspicionMultiplier * scale * settings.periodMs);
  // Neither the suspect nor who suspected it first can confirm.
  const confirmations = Math.max(0, Math.min(settings.suspicionConfirmations, members - 2));
  return { leastMs, mostMs: leastMs * settings.suspicionMaxMultiplier, confirmations };
}

/** One member under suspicion. */
export class Suspicion {
  readonly #timeout: SuspicionTimeout;
  readonly #accusers = new Set<NodeId>();
  #sinceMs: number;

  /**
   * @param accuser - Who suspected it first.
   * @param sinceMs - When.
   * @param timeout - When it runs out.
   */
  constructor(accuser: NodeId, sinceMs: number, timeout: SuspicionTimeout) {
    this.#accusers.add(accuser);
    this.#sinceMs = sinceMs;
    this.#timeout = timeout;
  }

  /** When it runs out. */
  get untilMs(): number {
    return this.#sinceMs + suspicionMs(this.#timeout, this.#accusers.size - 1);
  }

  /**
   * Another member suspects it too.
   *
   * @param accuser - Which.
   * @returns Whether this was new and counts.
   */
  confirm(accuser: NodeId): boolean {
    if (this.#accusers.has(accuser) || this.#accusers.size > this.#timeout.confirmations) return false;
    this.#accusers.add(accuser);
    return true;
  }

  /**
   * Gives it more time.
   *
   * @param ms - How much.
   */
  extend(ms: number): void {
    this.#sinceMs += ms;
  }
}
