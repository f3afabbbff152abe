import { describe, expect, it } from 'vitest';
import { huntBug, killPage } from './kill-table.js';
import { paxosBugs } from './paxos-bugs.js';
import { bugNamed, loadChangedPaxos } from './planted-bug.js';

/** Bugs that every run of the tests hunts: quickly found, and each by another rule. */
const hunted = [
  ['vote-before-save', 'durable before promised'],
  ['promise-forgotten', 'monotone'],
  ['shared-ballot', 'one proposer'],
  ['new-members-unasked', 'promised by a quorum'],
  ['quorum-read-unrinsed', 'read freshness'],
] as const;

describe('the bug bank of Multi-Paxos', () => {
  it.each(hunted)(
    '%s is found as a breach of: %s',
    async (name, invariant) => {
      const kill = await huntBug(bugNamed(name, paxosBugs), { cpuSecondsMax: 60 });
      expect(kill.run?.finding?.invariant).toBe(invariant);
      expect(killPage([kill], 'paxos')).toContain('--engine paxos --bugs');
    },
    120_000,
  );

  it('every change still fits the source that it changes', async () => {
    for (const bug of paxosBugs) await expect(bug.load()).resolves.toBeDefined();
  }, 60_000);

  it('has at least thirty bugs, each with a name of its own', () => {
    expect(new Set(paxosBugs.map(({ name }) => name)).size).toBe(paxosBugs.length);
    expect(paxosBugs.length).toBeGreaterThanOrEqual(30);
  });

  it('says so when the text that a bug changes has gone', async () => {
    const gone = { file: 'paxos/multi-paxos/slots.ts', from: 'no such text', to: '' };
    await expect(loadChangedPaxos([gone])).rejects.toThrow(/exactly once/);
  });

  it('names its bugs when it is asked for one that it does not have', () => {
    expect(() => bugNamed('no-such-bug', paxosBugs)).toThrow(/no-such-bug.*vote-before-save/);
  });
});
