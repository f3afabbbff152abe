/** The clock of the platform, for whoever does not bring one. */
import type { Clock } from '@synod/core';

/** Monotonic milliseconds and timers of Node. */
export const platformClock: Clock = {
  now: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
