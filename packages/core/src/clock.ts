/** Time from outside: the seam between the runtime and the platform's or a simulator's clock and event loop. */

/** A monotonic clock with timers. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /**
   * Calls back once, later.
   *
   * @param delayMs - Milliseconds from now, from 0.
   * @param callback - What to call.
   * @returns Cancels the call, if it did not happen yet.
   */
  after(delayMs: number, callback: () => void): () => void;
}

/**
 * Calls a function soon: after the present call has returned, in the order asked, each once. In Node `setImmediate`
 * is one; a simulator gives its own.
 *
 * @param callback - What to call.
 */
export type Defer = (callback: () => void) => void;
