/** The platform's own time and event loop: the only place of this package that knows them. */
import type { Clock, Defer } from '@synod/core';

/** Monotonic time of the platform, with its timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/**
 * Calls back after the input and output that is ready now was seen: `setImmediate` where there is one, otherwise a
 * timer of 0 ms, which browsers stretch to a few milliseconds.
 *
 * @param callback - What to call.
 */
export const systemDefer: Defer = (callback) => {
  if (typeof setImmediate === 'function') setImmediate(callback);
  else setTimeout(callback, 0);
};
