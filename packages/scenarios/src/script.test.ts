import { describe, expect, it } from 'vitest';
import { parseScenario, ScenarioError, writeScenario } from './script.js';

const text = `# A title
# Paper: §5.2
#
# A story.

cluster n1 n2

n1 propose "two words"
  n1 said something
    and something deeper

# Another remark.
settle
`;

describe('the text of a scenario', () => {
  it('the opening comment gives the title and the source', () => {
    expect(parseScenario(text)).toMatchObject({ title: 'A title', paper: '§5.2' });
  });

  it('only indented lines are rewritten: comments, empty lines and directives stay as they are', () => {
    const scenario = parseScenario(text);
    const written = writeScenario(scenario, ({ words }) =>
      words[0] === 'settle' ? ['done', '  deeper'] : [],
    );
    expect(written).toBe(
      text
        .replace('  n1 said something\n    and something deeper\n', '')
        .replace('settle\n', 'settle\n  done\n    deeper\n'),
    );
    expect(parseScenario(written)).toEqual({ ...scenario, lines: expect.any(Array) });
  });

  it('a directive knows its line in the file and keeps quoted words together', () => {
    const directives = parseScenario(text).lines.filter((line) => line.type === 'directive');
    expect(directives.map(({ line, words }) => [line, ...words])).toEqual([
      [6, 'cluster', 'n1', 'n2'],
      [8, 'n1', 'propose', '"two words"'],
      [13, 'settle'],
    ]);
  });

  it('a script without a title or a source is refused', () => {
    expect(() => parseScenario('settle\n')).toThrow(ScenarioError);
    expect(() => parseScenario('# A title\nsettle\n')).toThrow(/names its source/);
  });
});
