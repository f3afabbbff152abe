/** Processor time of this process, over all its threads. */

/**
 * Seconds that were spent.
 *
 * @param since - What `process.cpuUsage()` gave at the begin; without it, the whole life of the process counts.
 */
export function cpuSeconds(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1_000_000;
}
