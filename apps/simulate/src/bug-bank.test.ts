import { drawScript, runScript, shrink } from '@synod/simulator';
import { describe, expect, it } from 'vitest';
import { bugBank, findBug } from './bug-bank.js';
import { huntBug, killPage, killRow } from './kill-table.js';
import { loadChangedRaft } from './planted-bug.js';

/** Bugs that every run of the tests hunts: quickly found, by all kinds of rules. */
const hunted = [
  ['vote-before-save', 'durable before promised'],
  ['small-majority', 'committed is durable'],
  ['any-log-wins', 'state machine safety'],
  ['applied-twice', 'user check'],
  ['reads-without-leader', 'read freshness'],
  ['stale-cache', 'history'],
  ['commit-old-term', 'leader completeness'],
  ['tail-cut-too-far', 'storage contract'],
  ['joint-by-all', 'committed is durable'],
  ['members-not-taken-back', 'membership'],
  ['lease-from-answer', 'one lease'],
  ['uncommitted-bytes-leak', 'liveness'],
] as const;

describe('the bug bank', () => {
  it.each(hunted)(
    '%s is found as a breach of: %s',
    async (name, invariant) => {
      const kill = await huntBug(findBug(name), { cpuSecondsMax: 60 });
      expect(kill.run?.finding?.invariant).toBe(invariant);
      expect(killRow(kill)).toContain(invariant);
      expect(killPage([kill])).toContain('1 of 1 found');
    },
    120_000,
  );

  it('every change still fits the source that it changes', async () => {
    for (const bug of bugBank) await expect(bug.load()).resolves.toBeDefined();
  }, 60_000);

  it('has at least eighty bugs, each with a name of its own', () => {
    expect(new Set(bugBank.map(({ name }) => name)).size).toBe(bugBank.length);
    expect(bugBank.length).toBeGreaterThanOrEqual(80);
  });

  it('a finding is shrunk to a script that finds it again, with few events', async () => {
    const subject = await findBug('applied-twice').load();
    for (let seed = 1; seed <= 60; seed++) {
      const run = runScript(drawScript(seed, { ticks: 600 }), subject);
      if (run.finding === undefined) continue;
      const { smallest } = shrink(run, subject);
      expect(smallest.finding?.invariant).toBe('user check');
      expect(smallest.script.steps.length).toBeLessThanOrEqual(4);
      return;
    }
    expect.unreachable('the bug is found within 60 seeds');
  }, 60_000);

  it('says so when the text that a bug changes has gone', async () => {
    const gone = { file: 'raft/log.ts', from: 'no such text', to: '' };
    await expect(loadChangedRaft([gone])).rejects.toThrow(/exactly once/);
  });
});
