/** What a run came to, as a table. */

/** One line of it. */
export interface Finding {
  /** Which engine. */
  readonly engine: string;
  /** What was done to the network. */
  readonly situation: string;
  /** What the simulator says. */
  readonly predicted: string;
  /** What real processes did. */
  readonly measured: string;
  /** Whether they did as predicted. */
  readonly agrees: boolean;
}

/** The head of the table. */
export const head = [
  '| network | engine | simulated | real | in step after healing | as predicted |',
  '| --- | --- | --- | --- | --- | --- |',
].join('\n');

/** One line of the table. */
export function row(finding: Finding, healed: string): string {
  const { situation, engine, predicted, measured, agrees } = finding;
  return `| ${[situation, engine, predicted, measured, healed, agrees ? 'yes' : 'NO'].join(' | ')} |`;
}
