/** The other side of a probe (Prequal, §4): what a server says of itself when it is asked. */
import type { ProbeAnswer } from './prequal.js';

/** Latencies kept for each number of requests in flight. */
const keptMost = 16;

/**
 * Counts the requests of a server and estimates what the next one will take: the median of the latest that arrived when
 * as many were in flight, or as nearly so as there is one.
 *
 * @example
 * ```ts
 * const load = new ServerLoad();
 * const inFlight = load.begin(); // a request arrives
 * load.end(inFlight, 12.5); // it was answered after 12.5 ms
 * load.answer(); // { requestsInFlight: 0, latencyMs: 12.5 }
 * ```
 */
export class ServerLoad {
  #inFlight = 0;
  /** By the requests in flight at arrival: the last latencies, the oldest first. */
  readonly #latenciesMs: (number[] | undefined)[] = [];

  /**
   * A request arrives.
   *
   * @returns Requests in flight before it, for {@link end}.
   */
  begin(): number {
    const before = this.#inFlight;
    this.#inFlight = before + 1;
    return before;
  }

  /**
   * A request was answered.
   *
   * @param inFlight - What {@link begin} returned for it.
   * @param latencyMs - How long it took; absent when that says nothing, as for a failure.
   */
  end(inFlight: number, latencyMs?: number): void {
    this.#inFlight = Math.max(0, this.#inFlight - 1);
    if (latencyMs === undefined || !(latencyMs >= 0)) return;
    const kept = this.#latenciesMs[inFlight] ?? [];
    this.#latenciesMs[inFlight] = kept;
    if (kept.length === keptMost) kept.shift();
    kept.push(latencyMs);
  }

  /** What to answer to a probe. Without any request so far, the latency is 0. */
  answer(): ProbeAnswer {
    return { requestsInFlight: this.#inFlight, latencyMs: this.#estimate() };
  }

  #estimate(): number {
    const levels = this.#latenciesMs;
    for (let distance = 0; distance < levels.length + this.#inFlight; distance++) {
      const kept = levels[this.#inFlight - distance] ?? levels[this.#inFlight + distance];
      if (kept !== undefined) return median(kept);
    }
    return 0;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? 0;
}
