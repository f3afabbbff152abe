/** What a batch came to, for people. */
import type { SimulationReport } from '@synod/simulator';
import type { HistoryTally } from './history-tally.js';

/**
 * The summary as lines.
 *
 * @param report - Sums over the batch.
 * @param histories - Verdicts over all histories.
 * @param cpuSeconds - Processor time that it took, over all cores.
 */
export function summaryLines(
  report: SimulationReport,
  histories: HistoryTally,
  cpuSeconds: number,
): readonly string[] {
  const { linearizable, notLinearizable, unknown, operations } = histories.counts();
  const { seeds, virtualSeconds, events, answered, faults, coverage } = report;
  const perCore = (count: number) => grouped(Math.round(count / Math.max(cpuSeconds, 0.001)));
  return [
    `${grouped(seeds)} seeds, ${grouped(Math.round(virtualSeconds))} virtual seconds, ${grouped(answered)} requests answered`,
    `${grouped(events)} events in ${cpuSeconds.toFixed(1)} s of processor time: ${perCore(events)} events/s and ${perCore(virtualSeconds)}x real time on one core`,
    `histories ${grouped(linearizable)} linearizable, ${grouped(notLinearizable)} not, ${grouped(unknown)} unknown (the judge's budget ended), ${grouped(operations)} operations`,
    `faults    ${listed(faults)}`,
    `reached   ${listed(coverage)}`,
  ];
}

function listed(counts: Readonly<Record<string, number>>): string {
  const names = Object.keys(counts).sort();
  return names.length === 0
    ? 'none'
    : names.map((name) => `${name} ${grouped(counts[name] ?? 0)}`).join(', ');
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ');
}
