/**
 * Everything that a transport turned away, counted by reason. A flood must not become a flood of events: of each
 * reason one a second is told, with the number since the one before.
 */
import type { Clock, HelloRefusalCode } from '@synod/core';
import type { TransportEvent } from './events.js';

/** Reasons to turn a connection away before, or without, judging a hello. */
export const turnAwayReasons = [
  /** Its address opened connections faster than `handshakesPerSecondPerAddress`. */
  'RATE_LIMITED_ADDRESS',
  /** All addresses together opened connections faster than `handshakesPerSecond`. */
  'RATE_LIMITED',
  /** It was the oldest of the strangers when there were `strangersMax` and one more came. */
  'CROWDED_OUT',
  /** It took longer than `handshakeTimeoutMs`. */
  'TIMED_OUT',
  /** TLS came to nothing: no TLS, an old version, or no certificate of the cluster's authority. */
  'TLS_FAILED',
  /** It was no HTTP/1.1, or its headers were too long. */
  'MALFORMED_HTTP',
  /** It was HTTP, and no upgrade to WebSocket. */
  'NOT_WEBSOCKET',
  /** It was a web page of an origin that is not listed. */
  'ORIGIN',
  /** It sent more than a handshake takes. */
  'TOO_MANY_BYTES',
  /** It sent a text, or broke the rules of WebSocket, where a hello was expected. */
  'MALFORMED_FRAME',
] as const;

/** Why a connection was turned away before, or without, judging a hello. */
export type TurnAwayReason = (typeof turnAwayReasons)[number];

/** Why a connection was refused: the code of the refused hello, or what happened before there was one. */
export type RefusalReason = HelloRefusalCode | TurnAwayReason;

const helloRefusalCodes: readonly HelloRefusalCode[] = [
  'VERSION_MISMATCH',
  'WRONG_CLUSTER',
  'UNKNOWN_NODE',
  'WRONG_NODE',
  'WRONG_CERTIFICATE',
  'UNAUTHENTICATED',
  'INCARNATION_LOST',
  'MALFORMED',
];

const tellEveryMs = 1000;

/** Counts refusals, and tells of those that no event of its own tells. */
export class Refusals {
  readonly #clock: Clock;
  readonly #onEvent: (event: TransportEvent) => void;
  readonly #counts = new Map<RefusalReason, number>(
    [...helloRefusalCodes, ...turnAwayReasons].map((reason) => [reason, 0]),
  );
  readonly #told = new Map<RefusalReason, { readonly atMs: number; readonly count: number }>();

  /**
   * @param clock - Where time comes from.
   * @param onEvent - Whom to tell.
   */
  constructor(clock: Clock, onEvent: (event: TransportEvent) => void) {
    this.#clock = clock;
    this.#onEvent = onEvent;
  }

  /**
   * Counts a refusal that is told elsewhere.
   *
   * @param reason - Why.
   */
  count(reason: RefusalReason): void {
    this.#counts.set(reason, this.of(reason) + 1);
  }

  /**
   * Counts a connection that was turned away, and tells of it unless one of that reason was told within the second.
   *
   * @param reason - Why.
   * @param remote - Its address.
   */
  turnedAway(reason: TurnAwayReason, remote: string): void {
    this.count(reason);
    const told = this.#told.get(reason);
    const atMs = this.#clock.now();
    if (told !== undefined && atMs - told.atMs < tellEveryMs) return;
    const count = this.of(reason);
    this.#told.set(reason, { atMs, count });
    this.#onEvent({ type: 'turnedAway', reason, remote, times: count - (told?.count ?? 0) });
  }

  /**
   * Refusals of one reason so far.
   *
   * @param reason - Which.
   */
  of(reason: RefusalReason): number {
    return this.#counts.get(reason) ?? 0;
  }

  /** Refusals so far by reason; every reason is there. */
  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
