/**
 * Everything that a transport turned away, counted by reason. A flood must not become a flood of events: of each
 * reason one a second is told, with the number since the one before.
 */
import type { Clock, HelloRefusalCode } from '@synod/core';
import type { TransportEvent } from './events.js';
import { helloRefusalCodes } from './handshake-frames.js';
import { type TurnAwayReason, turnAwayReasons } from './turn-away-reason.js';

/** Why a connection was refused: the code of the refused hello, or what happened before there was one. */
export type RefusalReason = HelloRefusalCode | TurnAwayReason;

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
