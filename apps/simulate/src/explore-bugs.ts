/** Bugs of the bank that the explorer finds, each with a budget that is enough for its shortest counterexample. */
import type { ClusterBudget } from '@synod/simulator';

/** A bug and where to look for it. */
export interface ExploredBug {
  /** Its name in the bank. */
  readonly name: string;
  /** What differs from the default budget. */
  readonly budget: ClusterBudget;
}

/** Every bug that the explorer is known to find. */
export const exploredBugs: readonly ExploredBug[] = [
  { name: 'small-majority', budget: { commands: 0, crashes: 0, drops: 0 } },
  { name: 'candidacy-before-save', budget: { commands: 0, crashes: 0, drops: 0 } },
  { name: 'term-forgotten', budget: { commands: 0, drops: 0 } },
  { name: 'vote-before-save', budget: { commands: 0, crashes: 0, drops: 0 } },
  { name: 'accept-before-save', budget: { commands: 0, crashes: 0, drops: 0 } },
  { name: 'vote-forgotten', budget: { campaigns: 2, commands: 0, drops: 0, saves: 'atOnce' } },
  { name: 'two-votes', budget: { campaigns: 2, commands: 0, crashes: 0, drops: 0 } },
  { name: 'any-log-wins', budget: { campaigns: 2, commands: 0, drops: 0, saves: 'atOnce' } },
  { name: 'commit-old-term', budget: { campaigns: 3, commands: 0, crashes: 0, drops: 0, saves: 'atOnce' } },
];
