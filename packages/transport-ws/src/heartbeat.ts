/**
 * Tells a silent peer from a dead one. Each side sends a beat (a WebSocket ping) every period and listens for any
 * bytes at all: a peer in the middle of a large frame is alive, although its beats wait behind that frame. Nobody
 * answers beats, so a peer cannot make this side queue answers. Periods are counted, not milliseconds: after a pause
 * of this process one period has passed and not many, and what arrived meanwhile is read before the next one ends.
 */
import type { Clock } from '@synod/core';

/** Silent periods after which a peer is declared dead. */
export const silentPeriodsMax = 3;

/** What a heartbeat needs of its connection. */
export interface HeartbeatPulse {
  /** Bytes that ever came from the peer. */
  bytesReceived(): number;
  /** Sends a beat, unless other bytes are already on their way. */
  beat(): void;
  /** The peer was silent for {@link silentPeriodsMax} periods. */
  onSilence(): void;
}

/** Beats and listens until stopped. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #pulse: HeartbeatPulse;
  #bytesSeen: number;
  #silentPeriods = 0;
  #cancel: () => void;

  /**
   * @param clock - Where time comes from.
   * @param periodMs - Milliseconds between beats.
   * @param pulse - The connection.
   */
  constructor(clock: Clock, periodMs: number, pulse: HeartbeatPulse) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#pulse = pulse;
    this.#bytesSeen = pulse.bytesReceived();
    this.#cancel = clock.after(periodMs, () => this.#period());
  }

  /** Ends it; nothing is called any more. */
  stop(): void {
    this.#cancel();
  }

  #period(): void {
    const bytes = this.#pulse.bytesReceived();
    this.#silentPeriods = bytes === this.#bytesSeen ? this.#silentPeriods + 1 : 0;
    this.#bytesSeen = bytes;
    if (this.#silentPeriods >= silentPeriodsMax) {
      this.#pulse.onSilence();
      return;
    }
    this.#cancel = this.#clock.after(this.#periodMs, () => this.#period());
    this.#pulse.beat();
  }
}
