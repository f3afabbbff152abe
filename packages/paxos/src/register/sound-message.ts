/** Which messages of a peer are heeded: ballots are their owners', keys and values have limits. Others are dropped. */
import { type Member, unreachable } from '@synod/core';
import { isPlausibleBallot, ordinalOf } from '../ballot.js';
import type { RegisterMessage } from './messages.js';

interface MessageLimits {
  readonly keyLengthMax: number;
  readonly valueBytesMax: number;
}

/**
 * Tells whether a member may send this.
 *
 * @param message - What arrived.
 * @param ordinal - The sender's; absent when it is no member.
 * @param limits - Limits of keys and values.
 */
export function isSound(
  message: RegisterMessage,
  ordinal: Member['ordinal'] | undefined,
  limits: MessageLimits,
): boolean {
  const { ballot, key } = message;
  if (ordinal === undefined || !isPlausibleBallot(ballot)) return false;
  if (key.length === 0 || key.length > limits.keyLengthMax) return false;
  const fits = (value: Uint8Array | undefined) => value === undefined || value.length <= limits.valueBytesMax;
  switch (message.type) {
    case 'prepare':
      return ordinalOf(ballot) === ordinal;
    case 'accept': {
      const { next, value } = message;
      if (ordinalOf(ballot) !== ordinal || ordinalOf(next) !== ordinal) return false;
      return isPlausibleBallot(next) && next > ballot && fits(value);
    }
    case 'promise':
      return message.vote === undefined || (message.vote.ballot < ballot && fits(message.vote.value));
    case 'accepted':
      return true;
    case 'refused':
      return isPlausibleBallot(message.promised) && message.promised > ballot;
    default:
      return unreachable(message);
  }
}
