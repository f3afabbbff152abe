import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeId } from './ids.js';
import { createMembership, type Membership } from './membership.js';
import { MajorityQuorum, majority } from './quorum.js';

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const someIds = fc.subarray(ids, { minLength: 1 });
const anyMembership: fc.Arbitrary<Membership> = fc
  .tuple(someIds, fc.option(someIds, { nil: [] }))
  .map(([voters, outgoingVoters]) => ({ ...createMembership(voters), outgoingVoters }));

function configurations({ members, outgoingVoters }: Membership): readonly (readonly NodeId[])[] {
  const incoming = members.map(({ id }) => id);
  return outgoingVoters.length === 0 ? [incoming] : [incoming, outgoingVoters];
}

/** All subsets that are a quorum, by going through every subset: slow and plain. */
function isQuorum(membership: Membership, acknowledged: ReadonlySet<NodeId>): boolean {
  return configurations(membership).every(
    (voters) => 2 * voters.filter((id) => acknowledged.has(id)).length > voters.length,
  );
}

describe('majority', () => {
  it('is the least number of which any two sets meet', () => {
    expect([1, 2, 3, 4, 5, 6, 7].map(majority)).toEqual([1, 2, 2, 3, 3, 4, 4]);
  });
});

describe('MajorityQuorum', () => {
  it('finds the greatest value that some quorum has reached, as trying every value does', () => {
    const anyProgress = fc.array(fc.nat({ max: 9 }), { minLength: ids.length, maxLength: ids.length });
    fc.assert(
      fc.property(anyMembership, anyProgress, (membership, progress) => {
        const progressOf = (id: NodeId) => progress[ids.indexOf(id)] ?? 0;
        let best = 0;
        for (let value = 0; value <= 9; value++) {
          const reached = new Set(ids.filter((id) => progressOf(id) >= value));
          if (isQuorum(membership, reached)) best = value;
        }
        expect(new MajorityQuorum(membership).reachedByMajority(progressOf)).toBe(best);
      }),
    );
  });

  it('calls a vote won, lost or open exactly when the votes to come can no longer, or still, change it', () => {
    const anyVotes = fc.array(fc.option(fc.boolean(), { nil: undefined }), {
      minLength: ids.length,
      maxLength: ids.length,
    });
    fc.assert(
      fc.property(anyMembership, anyVotes, (membership, votes) => {
        const voteOf = (id: NodeId) => votes[ids.indexOf(id)];
        const granted = new Set(ids.filter((id) => voteOf(id) === true));
        const possible = new Set(ids.filter((id) => voteOf(id) !== false));
        const expected = isQuorum(membership, granted)
          ? 'won'
          : isQuorum(membership, possible)
            ? 'pending'
            : 'lost';
        expect(new MajorityQuorum(membership).voteResult(voteOf)).toBe(expected);
      }),
    );
  });

  it('counts no learner', () => {
    const quorum = new MajorityQuorum({
      members: [
        { id: 'a', ordinal: 1, role: 'voter' },
        { id: 'b', ordinal: 2, role: 'learner' },
      ],
      outgoingVoters: [],
    });
    expect(quorum.isVoter('a')).toBe(true);
    expect(quorum.isVoter('b')).toBe(false);
    expect(quorum.voteResult((id) => id === 'a')).toBe('won');
    expect(quorum.reachedByMajority((id) => (id === 'b' ? 9 : 4))).toBe(4);
  });

  it('lets a voter that is being removed vote until the change is complete', () => {
    const quorum = new MajorityQuorum({
      ...createMembership(['a', 'b', 'c']),
      outgoingVoters: ['a', 'b', 'd'],
    });
    expect(quorum.isVoter('d')).toBe(true);
    expect(quorum.voteResult((id) => id === 'b' || id === 'c' || undefined)).toBe('pending');
    expect(quorum.voteResult((id) => id !== 'a' || undefined)).toBe('won');
  });
});
