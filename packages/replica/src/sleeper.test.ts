import { createMembership, type EngineStatus, logStart, type PeerProgress } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { restOf } from './sleeper.js';

const membership = createMembership(['n1', 'n2']);
const level: PeerProgress = {
  id: 'n2',
  matchIndex: 7,
  nextIndex: 8,
  state: 'replicate',
  inFlight: 0,
  silentTicks: 1,
};
const leading: EngineStatus = {
  kind: 'raft',
  id: 'n1',
  group: 0,
  role: 'leader',
  term: 2,
  leader: 'n1',
  commitIndex: 7,
  appliedIndex: 7,
  durableIndex: 7,
  firstIndex: 1,
  lastIndex: 7,
  snapshot: logStart,
  membership,
  peers: [level],
  pendingReads: 0,
  explanation: '',
};

describe('a replica rests', () => {
  it('when it leads and everything is everywhere, or follows with everything applied', () => {
    const rest = { leader: 'n1', term: 2, index: 7, membership };
    expect(restOf(leading, 7)).toEqual(rest);
    expect(restOf({ ...leading, id: 'n2', role: 'follower', peers: [] }, 7)).toEqual(rest);
  });

  it('never with anything uncommitted, unsaved, unapplied, unread, unacknowledged or in change', () => {
    const restless: readonly Partial<EngineStatus>[] = [
      { commitIndex: 6 },
      { durableIndex: 6 },
      { appliedIndex: 6 },
      { pendingReads: 1 },
      { transferTo: 'n2' },
      { role: 'candidate' },
      { peers: [{ ...level, matchIndex: 6 }] },
      { peers: [{ ...level, inFlight: 1 }] },
      { peers: [] },
      { membership: { ...membership, outgoingVoters: ['n3'] } },
    ];
    for (const change of restless) expect(restOf({ ...leading, ...change }, 7)).toBeUndefined();
    expect(restOf(leading, 6)).toBeUndefined();
  });
});
