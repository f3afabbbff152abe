/** How long an answer takes, and from when on it is overdue: RFC 6298 section 2, after Jacobson and Karels (1988). */

/** What the estimate is bounded by, in milliseconds. */
export interface TimeoutBounds {
  /** Before there is any sample (RFC 6298 2.1). */
  readonly initialTimeoutMs: number;
  /** Least timeout (2.4). */
  readonly timeoutMinMs: number;
  /** Greatest timeout, with all doubling (2.5). */
  readonly timeoutMaxMs: number;
  /** Granularity G of the clock (2). */
  readonly clockGranularityMs: number;
}

const alpha = 1 / 8;
const beta = 1 / 4;
const deviations = 4;

/** The estimate of one path. */
export class RoundTripTime {
  readonly #bounds: TimeoutBounds;
  #smoothedMs: number | undefined;
  #variationMs = 0;

  constructor(bounds: TimeoutBounds) {
    this.#bounds = bounds;
  }

  /** SRTT; undefined before the first sample. */
  get smoothedMs(): number | undefined {
    return this.#smoothedMs;
  }

  /** RTTVAR. */
  get variationMs(): number {
    return this.#variationMs;
  }

  /** What hardly any answer takes longer than: SRTT + max(G, 4 RTTVAR); `Infinity` before the first sample. */
  get longestMs(): number {
    if (this.#smoothedMs === undefined) return Number.POSITIVE_INFINITY;
    return this.#smoothedMs + Math.max(this.#bounds.clockGranularityMs, deviations * this.#variationMs);
  }

  /** RTO, without any doubling. */
  get timeoutMs(): number {
    const { initialTimeoutMs, timeoutMinMs, timeoutMaxMs } = this.#bounds;
    if (this.#smoothedMs === undefined) return Math.min(initialTimeoutMs, timeoutMaxMs);
    return Math.min(Math.max(this.longestMs, timeoutMinMs), timeoutMaxMs);
  }

  /**
   * Takes a measured round trip. Never of a block that was sent twice: nobody knows which of the two was answered
   * (Karn's algorithm, RFC 6298 section 3).
   */
  sample(roundTripMs: number): void {
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = roundTripMs;
      this.#variationMs = roundTripMs / 2;
      return;
    }
    // The variation first: it is taken from the old mean (RFC 6298 2.3).
    this.#variationMs += beta * (Math.abs(this.#smoothedMs - roundTripMs) - this.#variationMs);
    this.#smoothedMs += alpha * (roundTripMs - this.#smoothedMs);
  }
}
