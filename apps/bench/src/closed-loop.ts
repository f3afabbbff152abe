/** A closed loop of clients: each sends its next request when the one before it is answered. */
import { quantile } from './quantile.js';

/** What the clients saw. */
export interface LoadResult {
  readonly clients: number;
  readonly operations: number;
  readonly failures: number;
  readonly perSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

/**
 * Runs clients for a while and measures what they saw after a warm-up.
 *
 * @param clients - How many work at once.
 * @param durationMs - How long to measure; a quarter of it is spent before, unmeasured.
 * @param request - One request of one client; a rejection counts as a failure.
 * @param onMeasure - Called when the warm-up is over.
 */
export async function runClosedLoop(
  clients: number,
  durationMs: number,
  request: (client: number) => Promise<void>,
  onMeasure?: () => Promise<void> | void,
): Promise<LoadResult> {
  const latencies: number[] = [];
  let failures = 0;
  let measuring = false;
  let stopped = false;
  const loops = Array.from({ length: clients }, async (_, client) => {
    while (!stopped) {
      const began = performance.now();
      const counted = measuring;
      try {
        await request(client);
        if (counted && measuring) latencies.push(performance.now() - began);
      } catch {
        if (counted) failures++;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  });
  await pause(durationMs / 4);
  await onMeasure?.();
  measuring = true;
  const began = performance.now();
  await pause(durationMs);
  measuring = false;
  const seconds = (performance.now() - began) / 1000;
  stopped = true;
  await Promise.all(loops);
  return {
    clients,
    operations: latencies.length,
    failures,
    perSecond: latencies.length / seconds,
    medianMs: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
