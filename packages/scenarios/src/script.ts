/**
 * The text of a scenario: comment lines, which tell the story; directives, which stand at the start of a line; and
 * indented lines, which say what came of the directive above them. Only the indented lines are ever rewritten.
 */

/** A script is wrong, or a claim in it does not hold. */
export class ScenarioError extends Error {
  /** Always `ScenarioError`. */
  override readonly name = 'ScenarioError';
}

/** One line of a script that does something. */
export interface Directive {
  /** Its line in the file, from 1. */
  readonly line: number;
  /** The whole line. */
  readonly text: string;
  /** Its words; a word in double quotes may hold blanks and keeps its quotes. */
  readonly words: readonly string[];
}

/** One line of a script as it stands in the file. */
export type ScriptLine =
  /** A comment or an empty line, kept as it is. */
  { readonly type: 'prose'; readonly text: string } | ({ readonly type: 'directive' } & Directive);

/** A parsed scenario. */
export interface Scenario {
  /** First comment line: the situation, in a sentence. */
  readonly title: string;
  /** What stands after `Paper:` in the opening comment: the section that the scenario shows. */
  readonly paper: string;
  /** Everything but the expectations, in order. */
  readonly lines: readonly ScriptLine[];
}

const indented = /^\s+\S/;

/**
 * Reads the text of a scenario. What it expects (the indented lines) is left out: see {@link Scenario}.
 *
 * @param text - The whole file.
 * @throws {@link ScenarioError} when the opening comment lacks its title or its `Paper:` line.
 */
export function parseScenario(text: string): Scenario {
  const lines: ScriptLine[] = [];
  for (const [offset, line] of text.trimEnd().split('\n').entries()) {
    if (indented.test(line)) continue;
    if (line.trim() === '' || line.startsWith('#')) lines.push({ type: 'prose', text: line.trimEnd() });
    else lines.push({ type: 'directive', line: offset + 1, text: line.trimEnd(), words: wordsOf(line) });
  }
  const opening = text.split('\n').filter((line) => line.startsWith('#'));
  const title = opening[0]?.slice(1).trim() ?? '';
  const paper = opening
    .find((line) => line.startsWith('# Paper: '))
    ?.slice('# Paper: '.length)
    .trim();
  if (title === '') throw new ScenarioError('a scenario opens with a comment line that names the situation');
  if (paper === undefined)
    throw new ScenarioError('the opening comment names its source: "# Paper: Raft §5.2"');
  return { title, paper, lines };
}

/**
 * Splits a line into words.
 *
 * @param line - One directive.
 */
function wordsOf(line: string): readonly string[] {
  return line.match(/"[^"]*"|\S+/g) ?? [];
}

/**
 * Writes a scenario with what its directives gave.
 *
 * @param scenario - The scenario.
 * @param outcomeOf - The lines that a directive gave, without indentation of their own for the first level.
 * @returns The whole file.
 */
export function writeScenario(
  scenario: Scenario,
  outcomeOf: (directive: Directive) => readonly string[],
): string {
  const written = scenario.lines.flatMap((line) =>
    line.type === 'prose' ? [line.text] : [line.text, ...outcomeOf(line).map((outcome) => `  ${outcome}`)],
  );
  return `${written.join('\n')}\n`;
}
