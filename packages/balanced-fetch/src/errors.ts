/** Errors of requests that could not be sent. */
import { SynodError } from '@synod/core';

/** There is no server to ask: the set is empty, or none of it is fit. Nothing was sent. */
export class NoServerError extends SynodError {
  /**
   * @param reason - Why.
   */
  constructor(reason: 'empty' | 'drained' | 'unavailable' | 'excluded') {
    super({
      code: 'NO_SERVER',
      message: `no server can take this request: ${because[reason]}`,
      effect: 'none',
      retryable: reason !== 'empty',
    });
  }
}

const because = {
  empty: 'the set has none; give some with update()',
  drained: 'all of them have the weight 0',
  unavailable: 'none is fit at the moment; try again later',
  excluded: 'all that are fit were tried',
} as const;
