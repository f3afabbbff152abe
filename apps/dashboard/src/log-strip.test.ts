import { describe, expect, it } from 'vitest';
import type { StatusView } from './cluster-view.js';
import { logWindowOf, stageOf } from './log-strip.js';

const status: StatusView = {
  role: 'follower',
  term: 4,
  leader: 'n1',
  commitIndex: 12,
  appliedIndex: 10,
  firstIndex: 6,
  lastIndex: 14,
  snapshotIndex: 5,
  peers: [],
  explanation: undefined,
};

describe('the log strip', () => {
  it('shows how far each entry has come', () => {
    expect([5, 6, 10, 11, 12, 13, 14, 15].map((index) => stageOf(index, status))).toEqual([
      'in-snapshot',
      'applied',
      'applied',
      'committed',
      'committed',
      'appended',
      'appended',
      'absent',
    ]);
  });

  it('ends at the longest log, so that a lagging node shows a gap', () => {
    expect(logWindowOf([])).toEqual({ from: 1, to: 48 });
    const node = { id: 'n1', url: undefined, reachable: true, state: undefined, problem: undefined } as const;
    const rest = {
      pid: undefined,
      startedAtMs: undefined,
      picks: undefined,
      balance: undefined,
      process: undefined,
    } as const;
    const shown = logWindowOf([
      { ...node, ...rest, status },
      { ...node, ...rest, id: 'n2', status: { ...status, lastIndex: 500 } },
    ]);
    expect(shown).toEqual({ from: 453, to: 500 });
  });
});
