/** An engine's refusal as the error that its caller gets. */
import { InvalidArgumentError, type Refusal, type SynodError, unreachable } from '@synod/core';
import {
  CommandTooLargeError,
  ConflictError,
  NotLeaderError,
  NotReadyError,
  OutcomeUnknownError,
  OverloadedError,
  SupersededError,
  TimedOutError,
  UnsupportedError,
} from './errors.js';

/**
 * Makes the error for a refusal.
 *
 * @param refusal - What the engine said.
 */
export function refusalError(refusal: Refusal): SynodError {
  if (refusal.effect === 'unknown') return new OutcomeUnknownError(refusal.reason);
  switch (refusal.code) {
    case 'NOT_LEADER':
    case 'NO_LEADER':
      return new NotLeaderError(refusal.reason, refusal.leader);
    case 'OVERLOADED':
      return new OverloadedError(refusal.reason);
    case 'TOO_LARGE':
      return new CommandTooLargeError(refusal.reason);
    case 'SUPERSEDED':
      return new SupersededError(refusal.reason);
    case 'OUTCOME_UNKNOWN':
      return new OutcomeUnknownError(refusal.reason);
    case 'NOT_READY':
      return new NotReadyError(refusal.reason);
    case 'CONFLICT':
      return new ConflictError(refusal.reason);
    case 'INVALID':
      return new InvalidArgumentError(refusal.reason);
    case 'ABORTED':
      return new TimedOutError(refusal.reason);
    case 'UNSUPPORTED':
      return new UnsupportedError(refusal.reason);
    default:
      return unreachable(refusal.code);
  }
}
