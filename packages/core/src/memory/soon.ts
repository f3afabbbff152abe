/** The default way to call back later in a package that uses no platform object: the language's own promise queue. */
import type { Defer } from '../clock.js';

/** Calls back in a microtask. */
export const soon: Defer = (callback) => {
  void Promise.resolve().then(callback);
};
