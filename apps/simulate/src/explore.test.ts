import { describe, expect, it } from 'vitest';
import { findBug } from './bug-bank.js';
import { bugRow, defaultBudget, exploreRaft } from './explore.js';
import { exploredBugs } from './explore-bugs.js';
import { describeExplored } from './explored.js';
import { raftSubject } from './raft-subject.js';

/** Bugs that every run of the tests plants; the others take longer and have the command. */
const planted = [
  ['two-votes', 'durable before promised'],
  ['vote-before-save', 'durable before promised'],
  ['accept-before-save', 'durable before promised'],
  ['small-majority', 'committed is durable'],
  ['any-log-wins', 'leader completeness'],
] as const;

describe('exploration', () => {
  it.each(planted)(
    'of an engine with %s finds the shortest way to a breach of: %s',
    async (name, rule) => {
      const bug = exploredBugs.find((known) => known.name === name);
      expect(bug).toBeDefined();
      if (bug === undefined) return;
      const { engine } = await findBug(name).load();
      const explored = exploreRaft(engine, { ...defaultBudget, ...bug.budget }, 200_000);
      expect(explored.exploration.counterexample?.property).toBe(rule);
      expect(explored.steps.length).toBeLessThanOrEqual(16);
      expect(explored.steps[0]).toBe('n1 hears no leader and campaigns');
      expect(describeExplored(explored).join('\n')).toContain('the shortest way there');
      expect(bugRow(bug, explored)).toContain(rule);
    },
    60_000,
  );

  it('of the shipped engine completes, and says what it came to', () => {
    const explored = exploreRaft(raftSubject().engine, { ...defaultBudget, commands: 1, crashes: 0 });
    const text = describeExplored(explored).join('\n');
    expect(text).toContain('complete: every rule holds in every state');
    expect(text).not.toContain('never reached');
  }, 60_000);

  it('says that it is not complete when its limit was reached', () => {
    const explored = exploreRaft(raftSubject().engine, defaultBudget, 100);
    expect(describeExplored(explored).join('\n')).toContain('not complete');
  });

  it('names only bugs of the bank', () => {
    for (const { name } of exploredBugs) expect(findBug(name).name).toBe(name);
  });
});
