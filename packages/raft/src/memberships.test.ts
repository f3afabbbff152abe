import { createMembership, DecodeError, type Entry, type Membership } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { decodeMembership, encodeMembership, Memberships, sameMembership } from './memberships.js';

const first = createMembership(['n1', 'n2', 'n3']);
const second = createMembership(['n1', 'n2']);
const third = createMembership(['n1']);

function entryAt(index: number, membership: Membership): Entry {
  return { index, term: 1, kind: 'membership', data: encodeMembership(membership) };
}

function three(): Memberships {
  const memberships = new Memberships({ index: 0, membership: first });
  memberships.append(entryAt(4, second));
  memberships.append(entryAt(9, third));
  return memberships;
}

describe('memberships of a log', () => {
  it('the last one in the log governs, and each its own stretch', () => {
    const memberships = three();
    expect(memberships.latest).toEqual({ index: 9, membership: third });
    expect(memberships.previous).toEqual(second);
    expect([0, 3, 4, 8, 9, 99].map((index) => memberships.at(index)?.members.length)).toEqual([
      3, 3, 2, 2, 1, 1,
    ]);
  });

  it('one that is dropped gives way to the one before it; the first stays whatever is dropped', () => {
    const memberships = three();
    expect(memberships.truncate(10)).toBe(false);
    expect(memberships.truncate(5)).toBe(true);
    expect(memberships.latest.membership).toEqual(second);
    expect(memberships.truncate(1)).toBe(true);
    expect(memberships.truncate(1)).toBe(false);
    expect(memberships.latest.membership).toEqual(first);
  });

  it('those that nobody asks for are forgotten, but not the one that governs there', () => {
    const memberships = three();
    memberships.forgetBefore(6);
    expect(memberships.at(6)).toEqual(second);
    expect(memberships.at(3)).toBeUndefined();
    expect(memberships.known).toHaveLength(2);
  });

  it('a copy goes its own way', () => {
    const memberships = three();
    memberships.clone().truncate(1);
    expect(memberships.latest.membership).toEqual(third);
  });
});

describe('a membership as bytes', () => {
  it('comes back as it was, outgoing voters included', () => {
    const joint: Membership = {
      members: [
        { id: 'n1', ordinal: 1, role: 'voter' },
        { id: 'n4', ordinal: 4, role: 'learner' },
      ],
      outgoingVoters: ['n2', 'n3'],
    };
    expect(decodeMembership(encodeMembership(joint))).toEqual(joint);
    expect(sameMembership(decodeMembership(encodeMembership(joint)), joint)).toBe(true);
  });

  it('with bytes behind it is refused', () => {
    expect(() => decodeMembership(Uint8Array.of(...encodeMembership(first), 0))).toThrow(DecodeError);
  });

  it.each([
    ['a member more', first, second],
    [
      'another role',
      second,
      { ...second, members: second.members.map((member) => ({ ...member, role: 'learner' as const })) },
    ],
    ['an outgoing voter', second, { ...second, outgoingVoters: ['n3'] }],
  ])('with %s is another', (_, left, right) => {
    expect(sameMembership(left, right)).toBe(false);
  });
});
