/** How long the storm takes to find each bug of the bank. */
import { drawScript, type RunReport, runScriptOnStorage } from '@synod/simulator';
import type { PlantedBug } from './planted-bug.js';
import { raftSubject } from './raft-subject.js';
import { walSubject } from './wal-subject.js';

/** How one bug fared. */
export interface Kill {
  /** The bug. */
  readonly bug: PlantedBug;
  /** The run that found it; `undefined` when none did. */
  readonly run: RunReport | undefined;
  /** Seeds that were run. */
  readonly seeds: number;
  /** Processor time in seconds. */
  readonly cpuSeconds: number;
}

/** How far to look. */
export interface Hunt {
  /** Length of each storm. */
  readonly ticks: number;
  /** Most processor seconds. */
  readonly cpuSecondsMax: number;
}

/**
 * Looks for a bug, seed by seed from 1.
 *
 * @param bug - Which.
 * @param hunt - How far to look.
 */
export async function huntBug(bug: PlantedBug, hunt: Hunt): Promise<Kill> {
  const subject = await bug.load();
  const before = process.cpuUsage();
  const spent = () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000_000;
  };
  const sound = subject.storage === undefined ? raftSubject() : walSubject();
  for (let seed = 1; ; seed++) {
    const script = drawScript(seed, { ticks: hunt.ticks });
    const run = await runScriptOnStorage(script, subject);
    // A seed that the shipped engine fails too says nothing about the planted bug.
    const found =
      run.finding !== undefined && (await runScriptOnStorage(script, sound)).finding === undefined;
    if (found || spent() >= hunt.cpuSecondsMax)
      return { bug, run: found ? run : undefined, seeds: seed, cpuSeconds: spent() };
  }
}

/**
 * One row of the table, in Markdown.
 *
 * @param kill - How a bug fared.
 */
export function killRow({ bug, run, seeds, cpuSeconds }: Kill): string {
  const found = run?.finding === undefined ? '**not found**' : run.finding.invariant;
  return `| \`${bug.name}\` | ${bug.about} | ${found} | ${seeds} | ${cpuSeconds.toFixed(1)} s |`;
}

/** Head of the table, in Markdown. */
export const killHead: readonly string[] = [
  '| bug | what it does | rule that it breaks | seeds | time on one core |',
  '|---|---|---|---|---|',
];
