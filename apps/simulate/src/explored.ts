/** What an exploration came to and cost, whatever was explored. */
import type { Exploration, ExploreProgress } from '@synod/simulator';

/** An exploration with what it cost. */
export interface Explored {
  /** What it came to. */
  readonly exploration: Exploration<unknown>;
  /** The counterexample's actions for people; empty without one. */
  readonly steps: readonly string[];
  /** Differing nodes and messages among all states. */
  readonly parts: { readonly nodes: number; readonly messages: number };
  /** Processor time. */
  readonly cpuSeconds: number;
}

/**
 * What an exploration came to, for people.
 *
 * @param explored - The exploration.
 */
export function describeExplored({ exploration, steps, parts, cpuSeconds }: Explored): readonly string[] {
  const { uniqueStates, transitions, depth, complete, counterexample, unreached } = exploration;
  const perSecond = Math.round(uniqueStates / Math.max(cpuSeconds, 0.001));
  const lines = [
    `${uniqueStates} unique states, ${transitions} transitions, depth ${depth}; ${parts.nodes} differing nodes, ${parts.messages} differing messages`,
    `${cpuSeconds.toFixed(1)} s of processor time: ${perSecond} unique states/s`,
  ];
  if (counterexample !== undefined) {
    lines.push(`broken: ${counterexample.message}`, `the shortest way there has ${steps.length} steps:`);
    for (const [position, step] of steps.entries())
      lines.push(`${String(position + 1).padStart(4)}  ${step}`);
    return lines;
  }
  lines.push(
    complete ? 'complete: every rule holds in every state' : 'not complete: the limit of states was reached',
  );
  if (unreached.length > 0) lines.push(`never reached: ${unreached.join('; ')}`);
  return lines;
}

/**
 * Shows how far an exploration is, on a terminal.
 *
 * @param progress - Counts so far.
 */
export function showProgress({ uniqueStates, depth }: ExploreProgress): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${uniqueStates} unique states, depth ${depth} `);
}
