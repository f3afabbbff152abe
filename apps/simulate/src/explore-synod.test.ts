import { describe, expect, it } from 'vitest';
import {
  defaultSynodBudget,
  exploreSynod,
  makeSynod,
  publishedSynodBudget,
  synodBugRow,
} from './explore-synod.js';
import { describeExplored } from './explored.js';
import { findSynodBug, loadSynodBug, synodBugs } from './synod-bugs.js';

/** What each bug breaks, and in how many steps at best. */
const shortest: Readonly<Record<string, readonly [rule: string, steps: number]>> = {
  'own-value': ['votes are safe', 6],
  'lowest-vote': ['votes are safe', 9],
  'vote-not-reported': ['votes are safe', 6],
  'promise-before-save': ['durable before sent', 2],
  'vote-before-save': ['durable before sent', 4],
  'ballot-reused': ['no ballot twice', 3],
  'votes-added-up': ['learned is chosen', 10],
  'stale-promise': ['votes are safe', 8],
  'vote-below-promise': ['durable before sent', 4],
  'disjoint-quorums': ['learned is chosen', 1],
};

describe('exploration of a Synod', () => {
  it('completes in the setting whose count is published for another Paxos, and finds it linearizable', () => {
    const { exploration } = exploreSynod(makeSynod, publishedSynodBudget);
    expect(exploration.counterexample).toBeUndefined();
    expect(exploration.complete).toBe(true);
    expect(exploration.unreached).toEqual([]);
    // Another number is no fault by itself, but then the node does other things than before.
    expect(exploration.uniqueStates).toBe(510_859);
  }, 120_000);

  it.each([
    ['with two proposers', {}],
    ['with a crash at any moment', { clients: 1, crashes: 1, retries: 1 }],
    ['with saves that a crash can find under way', { clients: 1, crashes: 1, saves: 'later' as const }],
    ['with a duplicate and a lost message', { clients: 1, duplicates: 1, losses: 1 }],
  ])(
    'completes %s, and every rule holds in every state',
    (_, budget) => {
      const explored = exploreSynod(makeSynod, { ...defaultSynodBudget, ...budget });
      expect(describeExplored(explored)).toContain('complete: every rule holds in every state');
      expect(explored.exploration.unreached).toEqual([]);
    },
    120_000,
  );

  it.each(synodBugs.map(({ name }) => name))(
    'finds the shortest way to where %s breaks a rule',
    async (name) => {
      const bug = findSynodBug(name);
      const explored = exploreSynod(
        await loadSynodBug(bug),
        { ...defaultSynodBudget, ...bug.budget },
        200_000,
      );
      expect([explored.exploration.counterexample?.property, explored.steps.length]).toEqual(shortest[name]);
      expect(synodBugRow(bug, explored)).toContain(name);
    },
    60_000,
  );

  it('knows no other bugs', () => {
    expect(() => findSynodBug('no-such')).toThrow(/no-such is none of: own-value, /);
  });
});
