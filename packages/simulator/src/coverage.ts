/**
 * What was reached: rare situations that a batch of seeds must contain to prove anything, counted by name. Without
 * this a simulator rots silently: it goes on passing while it no longer reaches what it was made for.
 */

/** Situations counted by name. */
export class Coverage {
  readonly #counts = new Map<string, number>();

  /** Counts a situation. */
  reach(situation: string): void {
    this.#counts.set(situation, this.count(situation) + 1);
  }

  /** How often a situation was counted. */
  count(situation: string): number {
    return this.#counts.get(situation) ?? 0;
  }

  /** All counts, by name. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([left], [right]) => (left < right ? -1 : 1)));
  }
}

/** Situations that every large batch over all faults must have reached, of an engine that has leases and changes members. */
export const expectedSituations: readonly string[] = [
  'leader elected',
  'leader elected with uncommitted entries',
  'election lost',
  'vote refused',
  'log truncated',
  'append refused',
  'snapshot taken',
  'snapshot asked for',
  'snapshot offered',
  'snapshot delivered',
  'snapshot not delivered',
  'snapshot installed',
  'log discarded',
  'restart from a snapshot',
  'crash lost writes',
  'crash kept writes that were not acknowledged',
  'sync failed',
  'disk full',
  'disk wiped',
  'damaged frame caught',
  'message lost',
  'message repeated',
  'message echoed',
  'message cut off',
  'proposal refused',
  'proposal superseded',
  'proposal of unknown outcome',
  'request repeated',
  'read answered by a follower',
  'read waited to be applied',
  'read refused',
  'read answered by lease',
  'lease had run out',
  'joint membership',
  'joint membership left',
  'members changed',
  'change of members done',
  'change of members of unknown outcome',
  'change of members refused: NOT_READY',
  'change of members refused: NOT_LEADER',
  'change of members refused: NO_LEADER',
  'change of members refused: INVALID',
  'members taken back',
  'learner promoted',
  'leader removed itself',
  'removed node stopped',
  'removed node campaigned',
  'removed node disturbed nobody',
  'leavers taken back',
  'node rejoined in the same term',
  'snapshot brought other members',
  'node replaced',
  'leadership handed over',
  'leadership kept',
  'timing changed',
];
