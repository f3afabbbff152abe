/** How long the storm takes to find each bug of the bank. */
import { drawScript, type RunReport, runScriptOnStorage, shrinkOnStorage } from '@synod/simulator';
import { cpuSeconds } from './cpu-seconds.js';
import type { StormBug } from './planted-bug.js';
import type { EngineName, StormSubject } from './storm-subject.js';
import { subjectOn } from './wal-subject.js';

/** How one bug fared. */
export interface Kill {
  /** The bug. */
  readonly bug: StormBug;
  /** The run that found it; `undefined` when none did. */
  readonly run: RunReport | undefined;
  /** The smallest run that shows it; `undefined` when it was not found, or not to be shrunk. */
  readonly smallest: RunReport | undefined;
  /** Seeds that were run. */
  readonly seeds: number;
  /** Processor time in seconds, without the shrinking. */
  readonly cpuSeconds: number;
}

/** How far to look. */
export interface Hunt {
  /** Length of each storm; as the seed draws it when not given. */
  readonly ticks?: number | undefined;
  /** Most processor seconds. */
  readonly cpuSecondsMax: number;
  /** Whether what is found is shrunk. Default no. */
  readonly shrinks?: boolean;
}

/**
 * Looks for a bug, seed by seed from 1.
 *
 * @param bug - Which.
 * @param hunt - How far to look.
 */
export async function huntBug(bug: StormBug, hunt: Hunt): Promise<Kill> {
  const subject = await bug.load();
  const before = process.cpuUsage();
  const sound = subjectOn(bug.engine ?? 'raft', subject.storage === undefined ? 'model' : 'wal');
  for (let seed = 1; ; seed++) {
    const script = drawScript(seed, hunt.ticks === undefined ? {} : { ticks: hunt.ticks });
    const run = await runScriptOnStorage(script, subject);
    // A seed that the shipped engine fails too says nothing about the planted bug.
    const found =
      run.finding !== undefined && (await runScriptOnStorage(script, sound)).finding === undefined;
    const spent = cpuSeconds(before);
    if (found) {
      const smallest = hunt.shrinks ? await small(run, subject) : undefined;
      return { bug, run, smallest, seeds: seed, cpuSeconds: spent };
    }
    if (spent >= hunt.cpuSecondsMax)
      return { bug, run: undefined, smallest: undefined, seeds: seed, cpuSeconds: spent };
  }
}

async function small(run: RunReport, subject: StormSubject): Promise<RunReport> {
  return (await shrinkOnStorage(run, subject, { runsMax: 200, eventsMax: 1_000_000 })).smallest;
}

/**
 * One row of the table, in Markdown.
 *
 * @param kill - How a bug fared.
 */
export function killRow({ bug, run, smallest, seeds, cpuSeconds }: Kill): string {
  const found = run?.finding === undefined ? '**not found**' : run.finding.invariant;
  const size =
    smallest === undefined
      ? ''
      : `${smallest.script.nodes} nodes, ${counted(smallest.script.steps.length, 'fault')}, ${counted(smallest.requests, 'request')}`;
  return `| \`${bug.name}\` | ${bug.about} | ${found} | ${seeds} | ${cpuSeconds.toFixed(1)} s | ${size} |`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Head of the table, in Markdown. */
export const killHead: readonly string[] = [
  '| bug | what it does | rule that it breaks | seeds | time on one core | smallest script |',
  '|---|---|---|---|---|---|',
];

const pages: Readonly<Record<EngineName, { readonly title: string; readonly command: string }>> = {
  raft: {
    title: 'Bugs that the storms must find',
    command: 'npm run sim -- --bugs --markdown docs/guide/simulation-bugs.md',
  },
  paxos: {
    title: 'Bugs of Paxos that the storms must find',
    command: 'npm run sim -- --engine paxos --bugs --markdown docs/guide/paxos-bugs.md',
  },
};

/**
 * The whole table as a page.
 *
 * @param kills - How every bug fared.
 * @param engine - The engine of the bank. Default Raft.
 */
export function killPage(kills: readonly Kill[], engine: EngineName = 'raft'): string {
  const { title, command } = pages[engine];
  const found = kills.filter(({ run }) => run !== undefined);
  const slowest = Math.max(0, ...found.map(({ cpuSeconds }) => cpuSeconds));
  const lines = [
    `# ${title}`,
    '',
    'Each row is a known mistake, planted into the shipped source while it is built for the test. Seeds are tried from 1',
    'on; a seed counts only when the shipped engine passes it. The last column is what shrinking leaves of the storm.',
    '',
    `${found.length} of ${kills.length} found, the slowest after ${slowest.toFixed(1)} s of processor time. Made by`,
    `\`${command}\`; times are those of the machine that ran it.`,
    '',
    ...killHead,
    ...kills.map(killRow),
    '',
  ];
  return lines.join('\n');
}
