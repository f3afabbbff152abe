/** One deferred call for the turns of all groups: a thousand groups that tick together need no thousand callbacks. */
import type { Defer } from '@synod/core';

/**
 * Makes a {@link Defer} whose callbacks share the calls of another.
 *
 * @param defer - What calls back. Callbacks must not throw.
 */
export function sharedTurns(defer: Defer): Defer {
  let waiting: (() => void)[] = [];
  return (callback) => {
    waiting.push(callback);
    if (waiting.length > 1) return;
    defer(() => {
      const turn = waiting;
      waiting = [];
      for (const each of turn) each();
    });
  };
}
