/** How connections end: the codes of their closing, and reasons in words. */
import { printable } from './handshake-frames.js';

/** Codes of RFC 6455 §7.4.1 and, from 4000, our own. */
export const closeCode = {
  closing: 1001,
  goingAway: 1001,
  protocolError: 1002,
  binaryOnly: 1003,
  refused: 4001,
  replaced: 4002,
} as const;

/** What the WebSocket reports when a connection ended without a closing (RFC 6455 §7.1.5). */
const brokenCode = 1006;

/** Why and how a connection is closed: with words to the peer, or by cutting it. */
export type CloseManner = keyof typeof closeCode | 'cut';

/**
 * Why the other end closed, for people.
 *
 * @param code - Its code.
 * @param reason - Its words.
 */
export function farewell(code: number, reason: Uint8Array): string {
  if (code === brokenCode) return 'the connection broke';
  return `the peer closed the connection (${code}${reason.length > 0 ? `: ${printable(new TextDecoder().decode(reason))}` : ''})`;
}

/**
 * An error in one line, for people.
 *
 * @param error - Anything that was thrown.
 */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  // Node reports a failure at several addresses of one name as an AggregateError without a message.
  const code = 'code' in error ? String(error.code) : error.name;
  return printable(error.message === '' ? code : error.message);
}

const closeReasonUnitsMax = 40;

/**
 * What is said to the peer when a connection is closed: no more than fits (RFC 6455 §5.5).
 *
 * @param reason - Why.
 */
export function closeWords(reason: string): string {
  return printable(reason).slice(0, closeReasonUnitsMax);
}
