/**
 * A client at work: writes a key, reads it back, and again, so that the page has something to measure and a failover
 * can be felt. One request at a time, a few each second; what it sees is what one real client would see.
 */
import { requestKey } from './gateway-requests.js';
import type { LatencySample } from './throughput.js';

/** What the client went through since it was switched on. */
export interface TrafficReport {
  readonly answered: number;
  readonly failed: number;
  /** Longest time without one answered write, so far. */
  readonly longestGapMs: number;
}

const pauseMs = 100;
const keys = 8;

/**
 * Writes and reads `demo/0` to `demo/7` in turns until told to stop.
 *
 * @param signal - Ends it.
 * @param measured - Hears of every answered request.
 * @param report - Hears how it goes after every write.
 */
export async function runSteadyTraffic(
  signal: AbortSignal,
  measured: (sample: LatencySample) => void,
  report: (report: TrafficReport) => void,
): Promise<void> {
  let answered = 0;
  let failed = 0;
  let longestGapMs = 0;
  let lastAnswerMs = performance.now();
  for (let turn = 0; !signal.aborted; turn += 1) {
    const key = `demo/${turn % keys}`;
    const isWritten = await attempt({ operation: 'put', key, value: String(turn) }, 'write');
    longestGapMs = Math.max(longestGapMs, performance.now() - lastAnswerMs);
    if (isWritten) lastAnswerMs = performance.now();
    await attempt({ operation: 'get', key }, 'read');
    if (!signal.aborted) report({ answered, failed, longestGapMs });
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }

  async function attempt(
    request: Parameters<typeof requestKey>[0],
    kind: LatencySample['kind'],
  ): Promise<boolean> {
    const answer = await requestKey(request);
    if (answer.type === 'problem') {
      failed += 1;
      return false;
    }
    answered += 1;
    if (!signal.aborted) measured({ atMs: Date.now(), kind, latencyMs: answer.latencyMs });
    return true;
  }
}
