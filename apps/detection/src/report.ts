/** All experiments as the tables of the guide, each beside what the papers say. */
import type { Effort } from './effort.js';
import { weathers } from './heartbeat-trace.js';
import { type Accuracy, measureAccuracy } from './phi-accuracy.js';
import { type Family, families } from './phi-candidates.js';
import { type Configuration, configurations, type Falsehood, measureFalsehood } from './swim-accuracy.js';
import { type Detection, measureDetection } from './swim-detection.js';
import { measureLoad, measureSpread } from './swim-load.js';

/** One way to detect failures, with what each of its settings came to in the worst weather. */
export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly name: string; readonly accuracy: Accuracy }[];
}

/** What a report is made of. */
export interface Report {
  /** In Markdown. */
  readonly text: string;
  /** Of the heartbeats in the last weather, for the graph. */
  readonly curves: readonly Curve[];
}

/**
 * Runs all experiments.
 *
 * @param effort - How much of each.
 * @param seed - First seed.
 * @param progress - Told what is measured next.
 */
export function makeReport(effort: Effort, seed: number, progress: (what: string) => void): Report {
  const curves: Curve[] = [];
  const sections = [
    '### Heartbeats',
    '',
    phiTable(effort, seed, progress, curves),
    '### A crash in a SWIM group',
    '',
    detectionTable(effort, seed, progress),
    '### Messages',
    '',
    loadTable(effort, seed, progress),
    '### News',
    '',
    spreadTable(effort, seed, progress),
    '### Slow members',
    '',
    falsehoodTable(effort, seed, progress),
  ];
  return { text: sections.join('\n'), curves };
}

function phiTable(effort: Effort, seed: number, progress: (what: string) => void, curves: Curve[]): string {
  const rows: string[] = [];
  for (const family of families) {
    progress(`heartbeats: ${family.name}`);
    const points = family.candidates.map((candidate) => {
      const all = weathers.map((weather) => measureAccuracy(candidate, weather, effort.heartbeatHours, seed));
      const cells = all.map(
        ({ mistakesPerHour, detectionMs }) => `${few(mistakesPerHour)} / ${seconds(detectionMs)}`,
      );
      rows.push(`| ${family.name}, ${candidate.name} | ${cells.join(' | ')} |`);
      return { name: candidate.name, accuracy: all[all.length - 1] ?? noAccuracy };
    });
    curves.push(curveOf(family, points));
  }
  return table(['wrong an hour / mean s to find a crash', ...weathers.map(({ name }) => name)], rows);
}

const noAccuracy: Accuracy = { mistakesPerHour: 0, suspectedShare: 0, detectionMs: 0, longestDetectionMs: 0 };

function curveOf({ name }: Family, points: Curve['points']): Curve {
  return { name, points };
}

function detectionTable(effort: Effort, seed: number, progress: (what: string) => void): string {
  const rows: string[] = [];
  for (const { name, swim } of [
    { name: '', swim: {} },
    { name: ', suspicions of a fixed time', swim: { suspicionMaxMultiplier: 1 } },
  ]) {
    for (const members of name === '' ? effort.groupSizes : effort.groupSizes.slice(-1)) {
      progress(`crashes in groups of ${members}${name}`);
      rows.push(
        `| ${members}${name} | ${cellsOf(measureDetection(members, effort.crashes, seed, swim)).join(' | ')} |`,
      );
    }
  }
  const first = 1 - 1 / Math.E;
  const inPaper = [first, first / Math.E, first / Math.E ** 2].map(percent);
  rows.push(
    `| the paper, for large groups | ${(1 / first).toFixed(2)} | ${inPaper.join(' | ')} |  |  |  |  |`,
  );
  const head = [
    'members',
    'first failing ping in period, mean',
    'in the 1st',
    'in the 2nd',
    'in the 3rd',
    'latest',
  ];
  return table([...head, 'suspected after', 'dead after', 'known to all in'], rows);
}

function cellsOf({ firstPeriods, suspectedAfter, diedAfter, spreadIn }: Detection): readonly string[] {
  const share = (period: number) =>
    percent(firstPeriods.filter((one) => one === period).length / firstPeriods.length);
  const first = [mean(firstPeriods).toFixed(2), share(1), share(2), share(3), longest(firstPeriods)];
  return [...first, mean(suspectedAfter).toFixed(2), mean(diedAfter).toFixed(1), mean(spreadIn).toFixed(2)];
}

function longest(list: Detection['firstPeriods']): string {
  return String(list.reduce((most, one) => Math.max(most, one), 0));
}

function loadTable(effort: Effort, seed: number, progress: (what: string) => void): string {
  const rows: string[] = [];
  for (const loss of [0, 0.05, 0.2]) {
    for (const members of [8, ...effort.groupSizes.slice(-1)]) {
      progress(`messages in a group of ${members}`);
      const load = measureLoad(members, loss, effort.loadPeriods, seed);
      const cells = [
        percent(loss),
        members,
        load.messages.toFixed(2),
        load.expected.toFixed(2),
        load.bytes.toFixed(0),
      ];
      rows.push(`| ${cells.join(' | ')} |`);
    }
  }
  return table(['loss', 'members', 'messages a member and period', 'by the formula', 'bytes'], rows);
}

function spreadTable(effort: Effort, seed: number, progress: (what: string) => void): string {
  const rows = effort.spreadSizes.map((members) => {
    progress(`news in groups of ${members}`);
    const { half, all } = measureSpread(members, effort.newcomers, seed);
    const cells = [members, half.toFixed(2), all.toFixed(2), (all / Math.log2(members)).toFixed(2)];
    return `| ${cells.join(' | ')} |`;
  });
  return table(
    ['members', 'periods until half know', 'until all know', 'the latter by log2 of the members'],
    rows,
  );
}

function falsehoodTable(effort: Effort, seed: number, progress: (what: string) => void): string {
  const totals = configurations.map((configuration) => {
    progress(`slow members: ${configuration.name}`);
    return { configuration, ...falsehoodOf(configuration, effort, seed) };
  });
  const plain = totals.find(({ configuration }) => configuration.name === 'SWIM');
  const rows = totals.map(({ configuration, byAnyone, byHealthy, messages }) => {
    const cells = [byAnyone, ratio(plain?.byAnyone, byAnyone), byHealthy, ratio(plain?.byHealthy, byHealthy)];
    return `| ${configuration.name} | ${cells.join(' | ')} | ${(messages / (plain?.messages ?? 1)).toFixed(2)} |`;
  });
  const head = [
    '',
    'healthy members declared dead, by anyone',
    "SWIM's by this",
    'by healthy ones',
    "SWIM's by this",
  ];
  return table([...head, "messages by SWIM's"], rows);
}

function falsehoodOf(configuration: Configuration, effort: Effort, seed: number): Falsehood {
  const total = { byAnyone: 0, byHealthy: 0, messages: 0 };
  for (const slow of effort.slowMembers) {
    for (const pauseMs of effort.pausesMs) {
      for (let run = 0; run < effort.slowRuns; run++) {
        const slowness = {
          members: effort.slowGroup,
          slow,
          pauseMs,
          runMs: 1000,
          durationMs: effort.slowDurationMs,
        };
        const { byAnyone, byHealthy, messages } = measureFalsehood(configuration, slowness, seed + run);
        total.byAnyone += byAnyone;
        total.byHealthy += byHealthy;
        total.messages += messages;
      }
    }
  }
  return total;
}

function ratio(plain: number | undefined, own: number): string {
  if (plain === undefined || plain === 0) return '';
  return own === 0 ? `> ${plain}` : (plain / own).toFixed(1);
}

function table(head: readonly string[], rows: readonly string[]): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:')).join('|');
  return [`| ${head.join(' | ')} |`, `|${rule}|`, ...rows, ''].join('\n');
}

function mean(list: readonly number[]): number {
  return list.reduce((sum, one) => sum + one, 0) / list.length;
}

function few(perHour: number): string {
  if (perHour === 0) return '0';
  return perHour < 10 ? perHour.toFixed(2) : perHour.toFixed(0);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
